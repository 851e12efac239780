"""Fixes of repair issues: let an entry follow its site to the other generation of PDK."""

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from .account import async_get_account
from .const import CONF_SYSTEM_ID, DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .exceptions import error_key
from .move import async_get_doors, async_move_entry, match_doors
from .pdk.errors import PdkError
from .pdk.models import DoorInfo
from .pdk.site import Client, create_client, find_moved_site, validate_connection


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the fix of an issue."""
    entry_id = str((data or {}).get("entry_id"))
    return MoveFlow(hass.config_entries.async_get_known_entry(entry_id))


class MoveFlow(RepairsFlow):
    """Move the entry; ask for the doors that cannot be matched by name."""

    _client: Client

    def __init__(self, entry: ProdatakeyConfigEntry) -> None:
        """Initialize the flow."""
        self._entry = entry
        self._old: dict[str, str] = {}
        self._new: dict[str, DoorInfo] = {}
        self._new_ids: dict[str, str] = {}

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the beginning."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the confirmation: look for the site, and validate the connection."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                if await self._async_find_site():
                    return await self.async_step_match()
                errors["base"] = "not_moved"
            except PdkError as err:
                errors["base"] = error_key(err)
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders=issue.translation_placeholders if issue else None,
            errors=errors,
        )

    async def async_step_match(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the doors whose names are not the same, and move the entry."""
        old = {f"{name} ({key})": key for key, name in self._unmatched_old().items()}
        new = self._unmatched_new()
        errors: dict[str, str] = {}
        if user_input is None and old and new:
            return self._show_match_form(old, new, errors)
        chosen = {old[label]: new_id for label, new_id in (user_input or {}).items()}
        if len(set(chosen.values())) < len(chosen):
            errors["base"] = "chosen_twice"
            return self._show_match_form(old, new, errors)
        await async_move_entry(
            self.hass,
            self._entry,
            self._client.info,
            self._client.features,
            self._new_ids | chosen,
        )
        return self.async_create_entry(data={})

    async def _async_find_site(self) -> bool:
        """Find the site and its doors; return whether it has moved. Raises PdkError."""
        data = self._entry.data
        account = async_get_account(self.hass, data)
        site = await find_moved_site(
            account, str(self._entry.unique_id), data.get(CONF_SYSTEM_ID)
        )
        if site is None:
            return False
        self._client = create_client(async_get_clientsession(self.hass), account, site)
        doors = await self._client.get_doors()
        await validate_connection(self._client)
        self._old = async_get_doors(self.hass, self._entry)
        self._new = {str(door.id): door for door in doors}
        self._new_ids = match_doors(self._old, doors)
        return True

    def _unmatched_old(self) -> dict[str, str]:
        """Return the names of the entry's doors that have no new id yet."""
        return {k: name for k, name in self._old.items() if k not in self._new_ids}

    def _unmatched_new(self) -> dict[str, str]:
        """Return the names of the site's doors that no door of the entry is yet."""
        matched = set(self._new_ids.values())
        return {
            key: f"{door.name} ({key})"
            for key, door in self._new.items()
            if key not in matched
        }

    def _show_match_form(
        self, old: dict[str, str], new: dict[str, str], errors: dict[str, str]
    ) -> RepairsFlowResult:
        """Show a list of the unmatched new doors for each unmatched old one."""
        options: list[SelectOptionDict] = [
            {"value": key, "label": label} for key, label in new.items()
        ]
        selector = SelectSelector(SelectSelectorConfig(options=options))
        return self.async_show_form(
            step_id="match",
            data_schema=vol.Schema({vol.Optional(label): selector for label in old}),
            description_placeholders={"panel": self._entry.title},
            errors=errors,
        )
