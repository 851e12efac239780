"""Sensors: last person, entries, the panel's last activity, and signal of endpoints."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import MAX_LENGTH_STATE_STATE, EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ProdatakeyConfigEntry
from .door_entities import async_add_door_entities, async_subscribe_until_unload
from .entity import (
    DoorEntity,
    DoorEntityDescription,
    EndpointEntity,
    PanelEntity,
    ProdatakeyEntityDescription,
)
from .pdk import DoorKind, Endpoint, EndpointKey, Feature, Subscribers

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorSensorDescription(DoorEntityDescription, SensorEntityDescription):
    """Description of a door's sensor."""

    opens_door: bool = False


@dataclass(frozen=True, kw_only=True)
class PanelSensorDescription(ProdatakeyEntityDescription, SensorEntityDescription):
    """Description of a sensor of the panel or of an endpoint."""


LAST_ACTIVITY = PanelSensorDescription(
    key="last_activity",
    feature=Feature.LIVE_EVENTS,
    entity_category=EntityCategory.DIAGNOSTIC,
)
LAST_PERSON = DoorSensorDescription(
    key="last_person",
    supported_fn=lambda door: door.kind is DoorKind.DOOR and door.has_reader,
)
ENTRIES = DoorSensorDescription(
    key="entries",
    state_class=SensorStateClass.TOTAL_INCREASING,
    supported_fn=LAST_PERSON.supported_fn,
)
HELD_OPEN_UNTIL = DoorSensorDescription(
    key="held_open_until",
    device_class=SensorDeviceClass.TIMESTAMP,
    supported_fn=lambda door: door.kind is DoorKind.DOOR,
)
# PDK does not document the unit of dbGain, so there is none.
SIGNAL = PanelSensorDescription(
    key="signal",
    feature=Feature.ENDPOINTS,
    entity_category=EntityCategory.DIAGNOSTIC,
    state_class=SensorStateClass.MEASUREMENT,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the sensors of a panel."""
    coordinator = entry.runtime_data
    panel = coordinator.panel
    added: set[EndpointKey] = set()

    @callback
    def add_entity(endpoint: Endpoint) -> None:
        """Add the sensor of an endpoint that is new."""
        if endpoint.key not in added:
            added.add(endpoint.key)
            async_add_entities([EndpointSignal(coordinator, endpoint, SIGNAL)])

    @callback
    def remove_entity(endpoint: Endpoint) -> None:
        """Allow the sensor to be added again."""
        added.discard(endpoint.key)

    features = coordinator.site.client.features
    if LAST_ACTIVITY.feature in features:
        async_add_entities([LastActivity(coordinator, LAST_ACTIVITY)])
    async_add_door_entities(entry, async_add_entities, (LAST_PERSON,), DoorLastPerson)
    async_add_door_entities(entry, async_add_entities, (ENTRIES,), DoorEntries)
    used = replace(
        HELD_OPEN_UNTIL, supported_fn=lambda door: door.id in coordinator.holds.used
    )
    async_add_door_entities(entry, async_add_entities, (used,), HeldOpenUntil)
    if SIGNAL.feature not in features:
        return
    for endpoint in panel.endpoints.values():
        add_entity(endpoint)
    async_subscribe_until_unload(entry, panel.endpoints.updates, add_entity)
    async_subscribe_until_unload(entry, panel.endpoints.removed, remove_entity)


class LastActivity(PanelEntity, SensorEntity):
    """The last line of the panel's activity log."""

    _follows_connection = False
    _keeps_state = True
    # the database has the sentence and the time of the state
    _unrecorded_attributes = frozenset({"message", "occurred"})

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the activity log."""
        return (self.coordinator.activity_updates,)

    @callback
    @override
    def _handle_update(self) -> None:
        """Handle a new line; the same sentence again is news, but a reload is not."""
        self._attr_force_update = True
        self.async_write_ha_state()
        self._attr_force_update = False

    @property
    @override
    def native_value(self) -> str | None:
        """Return the sentence; a state has 255 characters, the attribute has all."""
        if (activity := self.coordinator.activity) is None:
            return None
        return activity.message[:MAX_LENGTH_STATE_STATE]

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str | None] | None:
        """Return the whole activity."""
        if (activity := self.coordinator.activity) is None:
            return None
        return {
            "message": activity.message,
            "topic": activity.topic,
            "occurred": activity.occurred.isoformat(),
        }


class DoorLastPerson(DoorEntity, SensorEntity):
    """The person who was granted access last."""

    entity_description: DoorSensorDescription
    _follows_connection = False
    _keeps_state = True
    # the database has the time of the state, so the rest repeats and is stored once
    _unrecorded_attributes = frozenset({"occurred"})

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return granted access."""
        return (self.door.grants,)

    @property
    @override
    def native_value(self) -> str | None:
        """Return the person; one without a name is unknown."""
        return self.door.last_grant.person if self.door.last_grant else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str | None] | None:
        """Return how and when the person was granted access."""
        if (grant := self.door.last_grant) is None:
            return None
        return {
            "request_factor": grant.request_factor,
            "occurred": grant.occurred.isoformat(timespec="milliseconds"),
        }


class DoorEntries(DoorEntity, SensorEntity):
    """How many people were let in."""

    entity_description: DoorSensorDescription
    _follows_connection = False
    _keeps_state = True

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the counts that were saved."""
        return (self.coordinator.entries.updates(self.door),)

    @property
    @override
    def native_value(self) -> int:
        """Return the count."""
        return self.coordinator.entries.shown(self.door)


class HeldOpenUntil(DoorEntity, SensorEntity):
    """When a door that is held open is locked."""

    entity_description: DoorSensorDescription

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the changes of the end."""
        return (self.coordinator.holds.updates(self.door),)

    @property
    @override
    def native_value(self) -> datetime | None:
        """Return the end."""
        return self.coordinator.holds.end(self.door)


class EndpointSignal(EndpointEntity, SensorEntity):
    """The signal of a wireless endpoint when it last answered."""

    _follows_connection = False
    _keeps_state = True

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the answers of the endpoint."""
        return (self.endpoint.signals,)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the signal, None if the endpoint has not answered yet."""
        return self.endpoint.db_gain
