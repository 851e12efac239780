"""The forms of the config flow and of the options."""

from collections.abc import Iterable

import voluptuous as vol

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
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .const import (
    CONF_PANEL_ID,
    CONF_RECORD_PEOPLE,
    CONF_UNLOCK_DURATION,
    CONF_UNLOCK_MODE,
    LONGEST_OPENING,
    SHORTEST_OPENING,
    UNLOCK_HOLD,
    UNLOCK_MOMENTARY,
)
from .pdk.accounts import Panel

CREDENTIALS = vol.Schema(
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

OPTIONS = vol.Schema(
    {
        vol.Required(CONF_UNLOCK_MODE, default=UNLOCK_HOLD): SelectSelector(
            SelectSelectorConfig(
                options=[UNLOCK_HOLD, UNLOCK_MOMENTARY],
                translation_key=CONF_UNLOCK_MODE,
            )
        ),
        vol.Optional(CONF_UNLOCK_DURATION): NumberSelector(
            NumberSelectorConfig(
                min=SHORTEST_OPENING,
                max=LONGEST_OPENING,
                step=0.1,
                mode=NumberSelectorMode.BOX,
                unit_of_measurement=UnitOfTime.SECONDS,
            )
        ),
        vol.Optional(CONF_CODE): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD)
        ),
        vol.Required(CONF_RECORD_PEOPLE, default=True): BooleanSelector(),
    }
)


def panel_form(panels: Iterable[Panel]) -> vol.Schema:
    """Return a form with a list of panels."""
    options: list[SelectOptionDict] = [
        {"value": panel.id, "label": f"{panel.name} ({panel.id})"} for panel in panels
    ]
    selector = SelectSelector(SelectSelectorConfig(options=options))
    return vol.Schema({vol.Required(CONF_PANEL_ID): selector})
