"""Set up a panel: credentials first, then one of the account's panels."""

from collections.abc import Awaitable, Mapping
import logging
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_CLIENT_ID
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .account import async_get_accounts
from .const import CONF_PANEL_ID, DOMAIN
from .errors import entries_sharing_credentials, error_key
from .forms import CREDENTIALS, OPTIONS, panel_form
from .pdk.accounts import Panel
from .pdk.errors import PdkError
from .pdk.panel import PanelAccess
from .pdk.stream import prove

_LOGGER = logging.getLogger(__name__)


class ProdatakeyConfigFlow(ConfigFlow, domain=DOMAIN):
    """One entry for each panel."""

    VERSION = 1

    def __init__(self) -> None:
        """Start without credentials."""
        self._credentials: dict[str, str] = {}
        self._panels: dict[str, Panel] = {}

    @override
    async def async_step_user(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Ask for the credentials."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._credentials = _stripped(user_input)
            panels = await self._try(self._list_panels(), errors)
            if panels is not None:
                self._panels = {panel.id: panel for panel in panels}
                return await self.async_step_panel()
        return self.async_show_form(
            step_id="user",
            data_schema=self.add_suggested_values_to_schema(CREDENTIALS, user_input),
            errors=errors,
        )

    async def async_step_panel(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Ask which panel, and try the whole way to it."""
        if not self._panels:
            return self.async_abort(reason="no_panels")
        free = self._free_panels()
        if not free:
            return self.async_abort(reason="already_configured")
        errors: dict[str, str] = {}
        if user_input is not None:
            panel = self._panels[user_input[CONF_PANEL_ID]]
            # a flow that somebody has left open must not stand in the way
            await self.async_set_unique_id(panel.id, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            if await self._try(self._prove(panel), errors):
                return self.async_create_entry(
                    title=panel.name,
                    data={**self._credentials, CONF_PANEL_ID: panel.id},
                )
        return self.async_show_form(
            step_id="panel", data_schema=panel_form(free), errors=errors
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Begin anew with credentials that are refused."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Ask for new credentials after the old ones were refused."""
        return await self._renew("reauth_confirm", self._get_reauth_entry(), user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Ask for other credentials because the user wants that."""
        entry = self._get_reconfigure_entry()
        return await self._renew("reconfigure", entry, user_input)

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the options flow."""
        return OptionsFlow()

    async def _renew(
        self, step_id: str, entry: ConfigEntry, user_input: dict[str, str] | None
    ) -> ConfigFlowResult:
        """Take new credentials for a panel, and for all that shared the old ones."""
        errors: dict[str, str] = {}
        if user_input is not None:
            self._credentials = _stripped(user_input)
            panels = await self._try(self._list_panels(), errors)
            if panels is not None:
                if entry.unique_id not in {panel.id for panel in panels}:
                    return self.async_abort(reason="wrong_account")
                return self._finish_renewal(entry)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS, user_input or {CONF_CLIENT_ID: entry.data[CONF_CLIENT_ID]}
            ),
            description_placeholders={"panel": entry.title},
            errors=errors,
        )

    @callback
    def _finish_renewal(self, entry: ConfigEntry) -> ConfigFlowResult:
        """Give the new credentials to all entries that had the old ones."""
        for other in entries_sharing_credentials(self.hass, entry):
            if other.entry_id != entry.entry_id:
                self.hass.config_entries.async_update_entry(
                    other, data={**other.data, **self._credentials}
                )
                self.hass.config_entries.async_schedule_reload(other.entry_id)
        return self.async_update_reload_and_abort(entry, data_updates=self._credentials)

    async def _list_panels(self) -> list[Panel]:
        """Return the panels of the account."""
        return await async_get_accounts(self.hass, self._credentials).panels()

    async def _prove(self, panel: Panel) -> bool:
        """Go the whole way once: token, REST and stream."""
        accounts = async_get_accounts(self.hass, self._credentials)
        access = PanelAccess(async_get_clientsession(self.hass), accounts, panel)
        await access.doors()
        await prove(access)
        return True

    async def _try[T](self, step: Awaitable[T], errors: dict[str, str]) -> T | None:
        """Return what a step gives, or note its error in words for the form."""
        try:
            return await step
        except PdkError as err:
            _LOGGER.debug("Set-up failed: %s: %s", type(err).__name__, err)
            errors["base"] = error_key(err)
        except Exception:
            # a fault of ours: the form says so, and the log says where
            _LOGGER.exception("Unexpected error in the set-up")
            errors["base"] = "unknown"
        return None

    def _free_panels(self) -> list[Panel]:
        """Return the panels that are not set up already."""
        taken = self._async_current_ids(include_ignore=False)
        return [panel for panel in self._panels.values() if panel.id not in taken]


class OptionsFlow(OptionsFlowWithReload):
    """How doors are unlocked, and what is recorded."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the options."""
        if user_input is not None:
            return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS, self.config_entry.options
            ),
        )


def _stripped(user_input: dict[str, str]) -> dict[str, str]:
    """Return the credentials without the blanks that copying brings along."""
    return {key: value.strip() for key, value in user_input.items()}
