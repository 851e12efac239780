"""Events: who requested access at a door."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, override

from homeassistant.components.event import (
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .door_entities import async_add_door_entities
from .entity import DoorEntity, DoorEntityDescription
from .pdk import Access, AccessEvent, Door, Feature

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorEventDescription(DoorEntityDescription, EventEntityDescription):
    """Description of an event entity."""

    opens_door: bool = False


EVENTS = (
    DoorEventDescription(
        key="access",
        event_types=[access for access in Access if access is not Access.DURESS],
        supported_fn=lambda door: door.has_reader,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the event entities of a panel."""
    async_add_door_entities(entry, async_add_entities, EVENTS, DoorAccess)


class DoorAccess(DoorEntity, EventEntity):
    """Requests for access at a door."""

    entity_description: DoorEventDescription
    _follows_connection = False
    _keeps_state = True
    # the state is a time, so the rest repeats and the database stores it once
    _unrecorded_attributes = frozenset({"occurred"})

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorEventDescription,
    ) -> None:
        """Initialize the event entity."""
        super().__init__(coordinator, door, description)
        if Feature.DURESS in coordinator.site.client.features:
            self._attr_event_types = list(Access)
        self._attributes: dict[str, Any] = {}
        """Those of the last event; Home Assistant has the same object."""

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe also to access events, and to the options."""
        await super().async_added_to_hass()
        options = self.coordinator.option_updates
        self.async_on_remove(options.subscribe(self._handle_options))
        self.async_on_remove(self.door.accesses.subscribe(self._handle_access))

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Restore the last event, without the person if people are not recorded.

        Where *unavailable* is shown, Activity and triggers would take it for a new one.
        """
        shown = self.hass.states.get(self.entity_id)
        if shown is not None and shown.state == STATE_UNAVAILABLE:
            return None
        last = await super().async_get_last_event_data()
        if last is None:
            return None
        self._attributes = dict(last.last_event_attributes or {})
        self._hide_person()
        return replace(last, last_event_attributes=self._attributes)

    def _hide_person(self) -> None:
        """Remove the person of the last event if people are not recorded."""
        if not self.coordinator.options.record_people:
            self._attributes |= dict.fromkeys(
                {"person", "person_id", "active_from", "expires"}
                & self._attributes.keys()
            )

    @callback
    def _handle_options(self) -> None:
        """Handle a change of the options; it is no event."""
        self._hide_person()
        self.async_write_ha_state()

    @callback
    def _handle_access(self, event: AccessEvent, age: float) -> None:
        """Handle an access event; its time is on this machine's clock."""
        occurred = dt_util.utcnow() - timedelta(seconds=age)
        self._attributes = {
            "person": event.person,
            "person_id": event.person_id,
            "request_factor": event.request_factor,
            "explicit": event.explicit,
            "occurred": occurred.isoformat(timespec="milliseconds"),
            "enabled": event.enabled,
            "active_from": event.active_from,
            "expires": event.expires,
        }
        if event.access is Access.DENIED:
            self._attributes["reason"] = event.reason
        self._trigger_event(event.access, self._attributes)
        self.async_write_ha_state()
