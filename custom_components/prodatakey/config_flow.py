"""Config flow: credentials, one of the account's panels, and what unlocking does."""

from collections.abc import Awaitable, Mapping
import logging
from typing import Any, override

import voluptuous as vol

from homeassistant.config_entries import (
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import (
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_CODE,
    UnitOfTime,
)
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
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

from .account import async_entries_sharing_credentials, async_get_account
from .const import (
    CONF_PANEL_ID,
    CONF_RECORD_PEOPLE,
    CONF_SYSTEM_ID,
    CONF_UNLOCK_DURATION,
    CONF_UNLOCK_MODE,
    DOMAIN,
    MAX_UNLOCK_DURATION,
    MIN_UNLOCK_DURATION,
    UNLOCK_HOLD,
    UNLOCK_MOMENTARY,
)
from .coordinator import ProdatakeyConfigEntry
from .exceptions import error_key
from .move import get_entry_data
from .pdk.errors import PdkError, PermissionMissingError
from .pdk.models import PanelInfo
from .pdk.site import create_client, get_site, get_sites, validate_connection

_LOGGER = logging.getLogger(__name__)

CONF_CREDENTIALS = "credentials"
OTHER_CREDENTIALS = "other"

_CREDENTIALS = (CONF_CLIENT_ID, CONF_CLIENT_SECRET)

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


class ProdatakeyConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle the config flow: one entry for each panel."""

    VERSION = 1

    _panel: PanelInfo

    def __init__(self) -> None:
        """Initialize the config flow."""
        self._credentials: dict[str, str] = {}
        self._panels: dict[str, PanelInfo] = {}

    @override
    async def async_step_user(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle the credentials; offer known ones first."""
        errors: dict[str, str] = {}
        if user_input is None and self._known_accounts():
            return await self.async_step_known()
        if user_input is not None and await self._set_account(user_input, errors):
            return await self.async_step_panel()
        return self._show_user_form(user_input, errors)

    async def async_step_known(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle the choice of an account that other entries use."""
        accounts = self._known_accounts()
        errors: dict[str, str] = {}
        if user_input is not None:
            entries = accounts.get(user_input[CONF_CREDENTIALS])
            if entries is None:
                return self._show_user_form(None, errors)
            if await self._set_account(_credentials(entries[0]), errors):
                return await self.async_step_panel()
        return self.async_show_form(
            step_id="known",
            data_schema=self.add_suggested_values_to_schema(
                _known_schema(accounts), user_input
            ),
            errors=errors,
        )

    async def async_step_panel(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle the choice of a panel, and validate the connection to it."""
        if not self._panels:
            return self.async_abort(reason="no_panels")
        available = self._available_panels()
        if not available:
            return self.async_abort(reason="already_configured")
        errors: dict[str, str] = {}
        if user_input is not None:
            panel = self._panels[user_input[CONF_PANEL_ID]]
            # another flow that was left open must not block this one
            await self.async_set_unique_id(panel.id, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            if await self._run_step(self._validate(panel), errors):
                self._panel = panel
                return await self.async_step_unlock()
        return self.async_show_form(
            step_id="panel", data_schema=_panel_schema(available), errors=errors
        )

    async def async_step_unlock(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Handle what unlocking does, and create the entry."""
        if user_input is not None:
            return self.async_create_entry(
                title=self._panel.name,
                data=get_entry_data(self._credentials, self._panel),
                options=user_input,
            )
        return self.async_show_form(
            step_id="unlock",
            data_schema=UNLOCK_SCHEMA,
            description_placeholders={"panel": self._panel.name},
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Handle rejected credentials."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle new credentials after the old ones were rejected."""
        entry: ProdatakeyConfigEntry = self._get_reauth_entry()
        return await self._async_replace_credentials(
            "reauth_confirm", entry, user_input
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle other credentials."""
        entry: ProdatakeyConfigEntry = self._get_reconfigure_entry()
        return await self._async_replace_credentials("reconfigure", entry, user_input)

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ProdatakeyConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return OptionsFlow()

    async def _async_replace_credentials(
        self,
        step_id: str,
        entry: ProdatakeyConfigEntry,
        user_input: dict[str, str] | None,
    ) -> ConfigFlowResult:
        """Handle new credentials for an entry."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._credentials = _stripped(user_input)
            found = await self._run_step(self._find_panel(entry), errors)
            if found is not None:
                if not found:
                    return self.async_abort(reason="wrong_account")
                return self._update_credentials(entry)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS_SCHEMA,
                user_input or {CONF_CLIENT_ID: entry.data.get(CONF_CLIENT_ID)},
            ),
            description_placeholders={"panel": entry.title},
            errors=errors,
        )

    def _show_user_form(
        self, user_input: dict[str, str] | None, errors: dict[str, str]
    ) -> ConfigFlowResult:
        """Show the form for credentials."""
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS_SCHEMA, user_input
            ),
            errors=errors,
        )

    async def _set_account(
        self, credentials: dict[str, str], errors: dict[str, str]
    ) -> bool:
        """Set the account and its panels, or the form's error."""
        self._credentials = _stripped(credentials)
        self._panels = {}
        panels = await self._run_step(self._get_panels(), errors)
        if panels is None:
            return False
        for panel in panels:
            # while a site is migrated, both generations may have it
            key = (
                f"{panel.id} {panel.system_id}"
                if panel.id in self._panels
                else panel.id
            )
            self._panels[key] = panel
        return True

    def _known_accounts(self) -> dict[str, list[ProdatakeyConfigEntry]]:
        """Return the entries of each account, by the id of the first."""
        accounts: dict[tuple[str, ...], list[ProdatakeyConfigEntry]] = {}
        for entry in self._async_current_entries(include_ignore=False):
            if credentials := tuple(_credentials(entry).values()):
                accounts.setdefault(credentials, []).append(entry)
        return {entries[0].entry_id: entries for entries in accounts.values()}

    @callback
    def _update_credentials(self, entry: ProdatakeyConfigEntry) -> ConfigFlowResult:
        """Update all entries that had the old credentials."""
        for other in async_entries_sharing_credentials(self.hass, entry):
            if other.entry_id != entry.entry_id:
                self.hass.config_entries.async_update_entry(
                    other, data={**other.data, **self._credentials}
                )
                self.hass.config_entries.async_schedule_reload(other.entry_id)
        return self.async_update_reload_and_abort(entry, data_updates=self._credentials)

    async def _get_panels(self) -> list[PanelInfo]:
        """Return the panels of the account."""
        return await get_sites(async_get_account(self.hass, self._credentials))

    async def _find_panel(self, entry: ProdatakeyConfigEntry) -> bool:
        """Return whether the account has the panel of an entry."""
        account = async_get_account(self.hass, self._credentials)
        system_id = entry.data.get(CONF_SYSTEM_ID)
        try:
            await get_site(account, str(entry.unique_id), system_id)
        except PermissionMissingError:
            return False
        return True

    async def _validate(self, panel: PanelInfo) -> bool:
        """Validate token, REST and stream."""
        account = async_get_account(self.hass, self._credentials)
        client = create_client(async_get_clientsession(self.hass), account, panel)
        await client.get_doors()
        await validate_connection(client)
        return True

    async def _run_step[T](
        self, step: Awaitable[T], errors: dict[str, str]
    ) -> T | None:
        """Return the result of a step, or set the form's error."""
        try:
            return await step
        except PdkError as err:
            _LOGGER.debug("Set-up failed: %s: %s", type(err).__name__, err)
            errors["base"] = error_key(err)
        except Exception:
            _LOGGER.exception("Unexpected exception")
            errors["base"] = "unknown"
        return None

    def _available_panels(self) -> dict[str, PanelInfo]:
        """Return the panels that are not configured yet."""
        configured = self._async_current_ids(include_ignore=False)
        return {
            key: panel
            for key, panel in self._panels.items()
            if panel.id not in configured
        }


class OptionsFlow(OptionsFlowWithReload):
    """Handle the options."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Handle the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if CONF_CODE in user_input:
                user_input[CONF_CODE] = user_input[CONF_CODE].strip()
            if user_input.get(CONF_CODE) == "":
                errors[CONF_CODE] = "blank_code"
            else:
                return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_SCHEMA, user_input or self.config_entry.options
            ),
            errors=errors,
        )


def _known_schema(accounts: dict[str, list[ProdatakeyConfigEntry]]) -> vol.Schema:
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


def _panel_schema(panels: Mapping[str, PanelInfo]) -> vol.Schema:
    """Return the form with a list of panels, each with its generation of PDK."""
    options: list[SelectOptionDict] = [
        {
            "value": key,
            "label": f"{panel.name} ({panel.id}) · PDK {panel.generation}",
        }
        for key, panel in panels.items()
    ]
    selector = SelectSelector(SelectSelectorConfig(options=options))
    return vol.Schema({vol.Required(CONF_PANEL_ID): selector})


def _credentials(entry: ProdatakeyConfigEntry) -> dict[str, str]:
    """Return the credentials of an entry, empty if they are incomplete."""
    if not all(entry.data.get(key) for key in _CREDENTIALS):
        return {}
    return {key: entry.data[key] for key in _CREDENTIALS}


def _stripped(user_input: dict[str, str]) -> dict[str, str]:
    """Return the credentials without blanks from copying."""
    return {key: value.strip() for key, value in user_input.items()}
