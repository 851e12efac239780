"""Config flow: credentials, one of the account's panels, and what unlocking does."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
import logging
from typing import Any, override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import callback

from .account import (
    async_entries_sharing_credentials,
    async_find_reached_entries,
    async_get_account,
    async_get_known_accounts,
    async_keep_flow,
    async_release_flow,
    async_share_account,
    async_validate_panel,
)
from .const import CONF_PANEL_ID, DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .devices import async_get_panel_name
from .exceptions import error_key
from .forms import (
    CONF_CREDENTIALS,
    CREDENTIALS_SCHEMA,
    UNLOCK_SCHEMA,
    known_schema,
    panel_schema,
)
from .move import get_entry_data
from .options_flow import PanelOptionsFlow
from .pdk import AccountClient, CannotConnectError, PanelInfo, PdkError, get_sites
from .texts import async_load_text

_LOGGER = logging.getLogger(__name__)

# The user waits for so many seconds at most; what pdk.io has not answered by then is an error.
STEP_TIMEOUT = 15

# So many names of what could not be read fit into a form.
MAX_NAMES = 10


class ProdatakeyConfigFlow(ConfigFlow, domain=DOMAIN):
    """Handle the config flow: one entry for each panel."""

    VERSION = 1

    _account: AccountClient
    _credentials: dict[str, str]
    _panel: PanelInfo
    _asking: asyncio.Task[ConfigFlowResult]
    """Asks pdk.io and the panel; its result is the next form."""

    def __init__(self) -> None:
        """Initialize the config flow."""
        self._panels: dict[str, PanelInfo] = {}
        self._unreadable: list[str] = []
        """Names of organizations and systems that could not be read."""
        self._to_reload: list[str] = []
        """Entries with new credentials that are not loaded."""

    @override
    async def async_step_user(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle the credentials; offer known ones first."""
        if user_input is not None:
            show_form = partial(self._show_user_form, user_input)
            return await self._ask(self._handle_account(user_input, show_form))
        if async_get_known_accounts(self.hass):
            return await self.async_step_known()
        return self._show_user_form(None, {})

    async def async_step_known(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle the choice of an account that other entries use."""
        if user_input is None:
            return self._show_known_form(None, {})
        entries = async_get_known_accounts(self.hass).get(user_input[CONF_CREDENTIALS])
        if entries is None:
            return self._show_user_form(None, {})
        show_form = partial(self._show_known_form, user_input)
        return await self._ask(self._handle_account(dict(entries[0].data), show_form))

    async def async_step_panel(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Handle the choice of a panel, and validate the connection to it."""
        if user_input is None:
            return await self._offer_panels({})
        panel = self._available_panels().get(user_input[CONF_PANEL_ID])
        if panel is None:
            return await self._offer_panels({"base": "configured_meanwhile"})
        return await self._ask(self._handle_panel(panel))

    async def async_step_ask(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Show that pdk.io is asked, without the form and its errors, until it is done."""
        if not self._asking.done():
            return self.async_show_progress(
                step_id="ask", progress_action="ask", progress_task=self._asking
            )
        return self.async_show_progress_done(next_step_id="answered")

    async def async_step_answered(
        self, user_input: dict[str, str] | None = None
    ) -> ConfigFlowResult:
        """Show what comes next."""
        async_release_flow(self.hass, self.flow_id)
        return self._asking.result()

    @callback
    @override
    def async_remove(self) -> None:
        """Handle the end of the flow: before it, a reload would abort it."""
        async_release_flow(self.hass, self.flow_id)
        for entry_id in self._to_reload:
            self.hass.config_entries.async_schedule_reload(entry_id)

    async def async_step_unlock(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Handle what unlocking does, and create the entry."""
        if user_input is not None:
            if self._panel not in self._available_panels().values():
                return await self._offer_panels({"base": "configured_meanwhile"})
            # only now: Home Assistant ends the other flows with the same unique id
            await self.async_set_unique_id(self._panel.id, raise_on_progress=False)
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
        return PanelOptionsFlow()

    async def _async_replace_credentials(
        self,
        step_id: str,
        entry: ProdatakeyConfigEntry,
        user_input: dict[str, str] | None,
    ) -> ConfigFlowResult:
        """Handle new credentials for an entry, and for those that share the old ones."""
        if user_input is None:
            return self._show_replace_form(step_id, entry, None, {})
        return await self._ask(self._handle_replacement(step_id, entry, user_input))

    async def _ask(
        self, handling: Coroutine[Any, Any, ConfigFlowResult]
    ) -> ConfigFlowResult:
        """Handle in the background what pdk.io and the panel are asked for."""
        self._asking = self.hass.async_create_task(handling)
        return await self.async_step_ask()

    async def _handle_account(
        self,
        credentials: Mapping[str, str],
        show_form: Callable[[dict[str, str]], ConfigFlowResult],
    ) -> ConfigFlowResult:
        """Offer the panels of an account, or show its form again with the error."""
        errors: dict[str, str] = {}
        if await self._list_panels(credentials, errors):
            return await self._offer_panels(errors)
        return show_form(errors)

    async def _handle_panel(self, panel: PanelInfo) -> ConfigFlowResult:
        """Validate the connection to a panel."""
        errors: dict[str, str] = {}
        validating = async_validate_panel(self.hass, self._account, panel)
        if await self._run_step(validating, errors):
            self._panel = panel
            return await self.async_step_unlock()
        return await self._offer_panels(errors)

    async def _handle_replacement(
        self, step_id: str, entry: ProdatakeyConfigEntry, user_input: dict[str, str]
    ) -> ConfigFlowResult:
        """Validate new credentials, and use them where they have permission."""
        errors: dict[str, str] = {}
        self._set_account(user_input)
        async_keep_flow(self.hass, self.flow_id)
        finding = async_find_reached_entries(self.hass, self._account, entry)
        reached = await self._run_step(finding, errors)
        if reached is None:
            return self._show_replace_form(step_id, entry, user_input, errors)
        if entry not in reached:
            return self.async_abort(reason="wrong_account")
        return self._update_credentials(entry, reached)

    def _show_replace_form(
        self,
        step_id: str,
        entry: ProdatakeyConfigEntry,
        user_input: dict[str, str] | None,
        errors: dict[str, str],
    ) -> ConfigFlowResult:
        """Show the form for new credentials."""
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                CREDENTIALS_SCHEMA,
                user_input or {CONF_CLIENT_ID: entry.data.get(CONF_CLIENT_ID)},
            ),
            description_placeholders={
                "panel": async_get_panel_name(self.hass, entry),
                "panels": _titles(async_entries_sharing_credentials(self.hass, entry)),
            },
            errors=errors,
        )

    @callback
    def _update_credentials(
        self, entry: ProdatakeyConfigEntry, reached: list[ConfigEntry]
    ) -> ConfigFlowResult:
        """Update the entries that the new credentials reach; say which ones."""
        sharing = async_entries_sharing_credentials(self.hass, entry)
        followers = [other for other in sharing if other in reached]
        kept = [other for other in sharing if other not in reached]
        for other in followers:
            self._replace_credentials(other)
        return self.async_abort(
            reason="some_kept" if kept else f"{self.source}_successful",
            description_placeholders={
                "panels": _titles(followers),
                "kept": _titles(kept),
            },
        )

    @callback
    def _replace_credentials(self, entry: ProdatakeyConfigEntry) -> None:
        """Use the new credentials for an entry, without a reload if it is loaded."""
        entries = self.hass.config_entries
        entries.async_update_entry(entry, data={**entry.data, **self._credentials})
        if entry.state is ConfigEntryState.LOADED:
            account = async_share_account(self.hass, entry)
            entry.runtime_data.site.set_account(account)
        else:
            self._to_reload.append(entry.entry_id)

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

    def _show_known_form(
        self, user_input: dict[str, str] | None, errors: dict[str, str]
    ) -> ConfigFlowResult:
        """Show the form with the accounts that other entries use."""
        return self.async_show_form(
            step_id="known",
            data_schema=self.add_suggested_values_to_schema(
                known_schema(async_get_known_accounts(self.hass)), user_input
            ),
            errors=errors,
        )

    async def _offer_panels(self, errors: dict[str, str]) -> ConfigFlowResult:
        """Show the form with the panels that are not configured yet."""
        names = self._unreadable[:MAX_NAMES]
        more = ["…"] if self._unreadable[MAX_NAMES:] else []
        unreadable = {"names": ", ".join(names + more)}
        if not self._panels:
            reason = "none_readable" if names else "no_panels"
            return self.async_abort(reason=reason, description_placeholders=unreadable)
        available = self._available_panels()
        if not available:
            return self.async_abort(reason="already_configured")
        notes: list[str] = []
        if any(panel.is_experimental for panel in available.values()):
            notes.append(await async_load_text(self.hass, "pdk_2_note"))
        if names:
            text = await async_load_text(self.hass, "unreadable_note")
            notes.append(text.format(**unreadable))
        return self.async_show_form(
            step_id="panel",
            data_schema=panel_schema(available),
            description_placeholders={"notes": "\n\n".join(notes)},
            errors=errors,
        )

    def _set_account(self, credentials: Mapping[str, str]) -> None:
        """Set the account, without blanks from copying its credentials."""
        self._credentials = {
            key: credentials[key].strip()
            for key in (CONF_CLIENT_ID, CONF_CLIENT_SECRET)
        }
        self._account = async_get_account(self.hass, self._credentials)

    async def _list_panels(
        self, credentials: Mapping[str, str], errors: dict[str, str]
    ) -> bool:
        """Set the account and its panels, or the form's error."""
        self._set_account(credentials)
        self._panels = {}
        sites = await self._run_step(get_sites(self._account), errors)
        if sites is None:
            return False
        self._unreadable = list(sites.errors)
        for panel in sites.found:
            # while a site is migrated, both generations may have it
            key = (
                f"{panel.id} {panel.generation}"
                if panel.id in self._panels
                else panel.id
            )
            self._panels[key] = panel
        return True

    async def _run_step[T](
        self, step: Awaitable[T], errors: dict[str, str]
    ) -> T | None:
        """Return the result of a step, or set the form's error."""
        try:
            async with asyncio.timeout(STEP_TIMEOUT):
                return await step
        except TimeoutError:
            errors["base"] = error_key(CannotConnectError())
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


def _titles(entries: list[ConfigEntry]) -> str:
    """Return the names of entries."""
    return ", ".join(entry.title for entry in entries)
