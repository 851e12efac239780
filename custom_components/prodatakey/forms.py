"""Forms of the config flow and the options flow."""

from collections.abc import Iterable, Mapping

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_CODE,
    UnitOfTime,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_PANEL_ID,
    CONF_RECORD_PEOPLE,
    CONF_UNLOCK_DURATION,
    CONF_UNLOCK_MODE,
    MAX_UNLOCK_DURATION,
    MIN_UNLOCK_DURATION,
    UNLOCK_HOLD,
    UNLOCK_MOMENTARY,
)
from .pdk import PanelInfo

CONF_CREDENTIALS = "credentials"
OTHER_CREDENTIALS = "other"

CREDENTIALS_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_CLIENT_ID): TextSelector(
            TextSelectorConfig(autocomplete="username")
        ),
        vol.Required(CONF_CLIENT_SECRET): TextSelector(
            TextSelectorConfig(
                type=TextSelectorType.PASSWORD, autocomplete="current-password"
            )
        ),
    }
)

UNLOCK_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_UNLOCK_MODE, default=UNLOCK_HOLD): SelectSelector(
            SelectSelectorConfig(
                options=[UNLOCK_HOLD, UNLOCK_MOMENTARY],
                translation_key=CONF_UNLOCK_MODE,
            )
        ),
        vol.Optional(CONF_UNLOCK_DURATION): NumberSelector(
            NumberSelectorConfig(
                min=MIN_UNLOCK_DURATION,
                max=MAX_UNLOCK_DURATION,
                step=0.1,
                mode=NumberSelectorMode.BOX,
                unit_of_measurement=UnitOfTime.SECONDS,
            )
        ),
    }
)

OPTIONS_SCHEMA = UNLOCK_SCHEMA.extend(
    {
        vol.Optional(CONF_CODE): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
        vol.Required(CONF_RECORD_PEOPLE, default=True): BooleanSelector(),
    }
)


def known_schema(accounts: Mapping[str, Iterable[ConfigEntry]]) -> vol.Schema:
    """Return the form with a list of accounts, named by their panels."""
    options: list[SelectOptionDict] = [
        {"value": key, "label": ", ".join(entry.title for entry in entries)}
        for key, entries in accounts.items()
    ]
    options.append({"value": OTHER_CREDENTIALS, "label": OTHER_CREDENTIALS})
    selector = SelectSelector(
        SelectSelectorConfig(
            options=options,
            translation_key=CONF_CREDENTIALS,
            mode=SelectSelectorMode.LIST,
        )
    )
    default = next(iter(accounts), OTHER_CREDENTIALS)
    return vol.Schema({vol.Required(CONF_CREDENTIALS, default=default): selector})


def panel_schema(panels: Mapping[str, PanelInfo]) -> vol.Schema:
    """Return the form with a list of panels."""
    organizations = {panel.organization for panel in panels.values()}
    is_experimental = any(panel.is_experimental for panel in panels.values())
    options: list[SelectOptionDict] = []
    for key, panel in panels.items():
        label = f"{panel.name} ({panel.id})"
        if panel.organization and len(organizations) > 1:
            label += f" · {panel.organization}"
        if is_experimental:
            label += f" · PDK {panel.generation}"
        options.append({"value": key, "label": label})
    selector = SelectSelector(SelectSelectorConfig(options=options))
    return vol.Schema({vol.Required(CONF_PANEL_ID): selector})
