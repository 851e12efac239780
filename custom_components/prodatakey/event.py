"""Who asked for access at a door, and what became of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import override

from homeassistant.components.event import (
    EventEntity,
    EventEntityDescription,
    EventExtraStoredData,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ProdatakeyConfigEntry
from .entity import DoorDescription, DoorEntity, async_add_door_entities
from .pdk.doors import DoorId
from .pdk.events import Access, AccessEvent

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorEventDescription(DoorDescription, EventEntityDescription):
    """What happens at a door's reader."""


EVENTS = (
    DoorEventDescription(
        key="access",
        translation_key="access",
        event_types=list(Access),
        supported_fn=lambda panel_door: panel_door.door.has_reader,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the access event of each door with a reader."""
    async_add_door_entities(entry, async_add_entities, EVENTS, DoorAccess)


class DoorAccess(DoorEntity, EventEntity):
    """Who asked for access at a door."""

    entity_description: DoorEventDescription

    @property
    def _access(self) -> tuple[DoorId, str]:
        """Return what this listens to."""
        return (self.panel_door.id, "access")

    @override
    async def async_added_to_hass(self) -> None:
        """Listen also to who asks for access."""
        await super().async_added_to_hass()
        self.coordinator.listeners.add(self._handle_access, self._access)

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Stop listening."""
        self.coordinator.listeners.remove(self._handle_access, self._access)
        await super().async_will_remove_from_hass()

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Restore the last event, without the person if people are not recorded."""
        last = await super().async_get_last_event_data()
        if last is None or self.coordinator.records_people:
            return last
        attributes = last.last_event_attributes or {}
        return replace(
            last,
            last_event_attributes={**attributes, "person": None, "person_id": None},
        )

    @callback
    def _handle_access(self, event: AccessEvent, occurred: datetime) -> None:
        """Tell what happened, and when it did by this machine's clock."""
        self._trigger_event(
            event.access,
            {
                "person": event.person,
                "person_id": event.person_id,
                "request_factor": event.request_factor,
                "explicit": event.explicit,
                "occurred": occurred.isoformat(timespec="milliseconds"),
            },
        )
        self.async_write_ha_state()
