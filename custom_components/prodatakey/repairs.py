"""Fixes of repair issues: let an entry follow its site to the other generation of PDK."""

import logging

import voluptuous as vol

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import OperationNotAllowed, UnknownEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
)

from .account import async_get_account
from .const import CONF_SYSTEM_ID, DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .devices import async_get_panel_name, device_name
from .exceptions import error_key
from .move import (
    FORCE_CLOSE_KEY,
    async_get_doors,
    async_get_leaving,
    async_move_entry,
    match_doors,
)
from .pdk import (
    DoorInfo,
    PanelInfo,
    PdkError,
    create_client,
    find_moved_site,
    get_features_after_move,
    validate_connection,
)
from .usage import async_describe, async_filter_used, async_find_users

_LOGGER = logging.getLogger(__name__)


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the fix of an issue."""
    entry_id = str((data or {}).get("entry_id"))
    entry = hass.config_entries.async_get_entry(entry_id)
    return EntryRemovedFlow() if entry is None else MoveFlow(entry)


class EntryRemovedFlow(RepairsFlow):
    """Say that there is nothing to fix."""

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the beginning."""
        return self.async_abort(reason="entry_removed")


class MoveFlow(RepairsFlow):
    """Move the entry; ask for the doors that cannot be matched by name."""

    _site: PanelInfo

    def __init__(self, entry: ProdatakeyConfigEntry) -> None:
        """Initialize the flow."""
        self._entry = entry
        self._system_id = entry.data.get(CONF_SYSTEM_ID)
        self._placeholders: dict[str, str] = {}
        self._old: dict[str, str] = {}
        self._new: dict[str, DoorInfo] = {}
        self._new_ids: dict[str, str] = {}

    async def async_step_init(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the beginning."""
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        self._placeholders = dict((issue and issue.translation_placeholders) or {})
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the confirmation: look for the site, and validate the connection."""
        if reason := self._reason_to_abort():
            return self.async_abort(reason=reason)
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                if await self._async_find_site():
                    return await self.async_step_match()
                errors["base"] = "not_moved"
            except PdkError as err:
                errors["base"] = error_key(err)
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders=self._placeholders | {"used": self._leaving_use()},
            errors=errors,
        )

    async def async_step_match(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Handle the doors whose names are not the same, and move the entry."""
        old = {f"{name} ({key})": key for key, name in self._unmatched_old().items()}
        errors: dict[str, str] = {}
        if user_input is None and old:
            return self._show_match_form(old, errors)
        chosen = {old[label]: new_id for label, new_id in (user_input or {}).items()}
        if len(set(chosen.values())) < len(chosen):
            errors["base"] = "chosen_twice"
            return self._show_match_form(old, errors)
        return await self._async_move(self._new_ids | chosen)

    async_step_remove = async_step_match

    async def _async_move(self, new_ids: dict[str, str]) -> RepairsFlowResult:
        """Move the entry, and end the flow; without it, say why not."""
        if reason := self._reason_to_abort():
            return self.async_abort(reason=reason)
        system_id, old = self._site.system_id, set(self._old)
        in_use = self._force_close_in_use()
        try:
            if await async_move_entry(
                self.hass, self._entry, system_id, old, new_ids, in_use
            ):
                return self.async_create_entry(data={})
        except (OperationNotAllowed, UnknownEntry) as err:
            _LOGGER.warning("Could not move %s at once: %s", self._entry.title, err)
        return self.async_abort(reason=self._reason_to_abort() or "not_completed")

    def _reason_to_abort(self) -> str | None:
        """Return why the entry cannot be moved, None if it can."""
        entry = self._entry
        if self.hass.config_entries.async_get_entry(entry.entry_id) is None:
            return "entry_removed"
        if entry.disabled_by is not None:
            return "entry_disabled"
        if entry.data.get(CONF_SYSTEM_ID) != self._system_id:
            return "already_moved"
        return None

    async def _async_find_site(self) -> bool:
        """Find the site and its doors; return whether it has moved. Raises PdkError."""
        account = async_get_account(self.hass, self._entry.data)
        site = await find_moved_site(
            account, str(self._entry.unique_id), self._system_id
        )
        if site is None:
            return False
        client = create_client(async_get_clientsession(self.hass), account, site)
        doors = await client.get_doors()
        await validate_connection(client)
        self._site = client.info
        devices = async_get_doors(self.hass, self._entry)
        names = {key: device.name or key for key, device in devices.items()}
        self._old = {key: device_name(each) or key for key, each in devices.items()}
        self._new = {str(door.id): door for door in doors}
        self._new_ids = match_doors(names, doors)
        return True

    def _leaving_use(self) -> str:
        """Return the names of what uses what the other generation does not have."""
        features = get_features_after_move(self._system_id)
        leaving = async_get_leaving(self.hass, self._entry, features)
        return async_describe(self.hass, async_find_users(self.hass, *leaving))

    def _doors_use(self, door_ids: set[str]) -> str:
        """Return the names of what uses doors."""
        devices = async_get_doors(self.hass, self._entry)
        leaving = [devices[key] for key in door_ids if key in devices]
        registry = er.async_get(self.hass)
        entities = [
            entity
            for device in leaving
            for entity in er.async_entries_for_device(registry, device.id, True)
            if entity.platform == DOMAIN
        ]
        users = async_find_users(self.hass, entities, leaving)
        return async_describe(self.hass, users)

    def _force_close_in_use(self) -> list[str]:
        """Return the sensors of force close that something uses, by registry id."""
        registry, entry_id = er.async_get(self.hass), self._entry.entry_id
        sensors = [
            entity
            for entity in er.async_entries_for_config_entry(registry, entry_id)
            if entity.translation_key == FORCE_CLOSE_KEY
        ]
        return [entity.id for entity in async_filter_used(self.hass, sensors)]

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
        self, old: dict[str, str], errors: dict[str, str]
    ) -> RepairsFlowResult:
        """Ask which new door each unmatched old one is, or tell that there is none."""
        options: list[SelectOptionDict] = [
            {"value": key, "label": label}
            for key, label in self._unmatched_new().items()
        ]
        selector = SelectSelector(SelectSelectorConfig(options=options))
        fields = {vol.Optional(label): selector for label in old} if options else {}
        return self.async_show_form(
            step_id="match" if options else "remove",
            data_schema=vol.Schema(fields),
            description_placeholders={
                "panel": async_get_panel_name(self.hass, self._entry),
                "doors": "\n".join(f"- {label}" for label in old),
                "used": self._doors_use(set(old.values())),
            },
            errors=errors,
        )
