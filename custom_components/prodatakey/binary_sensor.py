"""Binary sensors: inputs and alarms of doors, and the connection of the panel."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ProdatakeyConfigEntry
from .entity import (
    DoorEntity,
    DoorEntityDescription,
    PanelEntity,
    async_add_door_entities,
    has_reported,
)
from .pdk.doors import Subscribers
from .pdk.models import Aspect, DoorKind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorBinarySensorDescription(DoorEntityDescription, BinarySensorEntityDescription):
    """Description of a door's binary sensor."""

    aspect: Aspect


DOOR_POSITION = DoorBinarySensorDescription(
    key="dps",
    aspect=Aspect.DPS,
    supported_fn=has_reported(Aspect.DPS),
)
BINARY_SENSORS = (
    DoorBinarySensorDescription(
        key="rex",
        aspect=Aspect.REX,
        supported_fn=has_reported(Aspect.REX),
    ),
    DoorBinarySensorDescription(
        key="relay",
        aspect=Aspect.RELAY,
        device_class=BinarySensorDeviceClass.LOCK,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=lambda door: (
            door.kind is DoorKind.DOOR
            or (door.kind is DoorKind.SECOND_READER and Aspect.RELAY in door.reported)
        ),
    ),
    DoorBinarySensorDescription(
        key="relay",
        aspect=Aspect.RELAY,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=lambda door: door.kind is DoorKind.OUTPUT,
    ),
    DoorBinarySensorDescription(
        key="propped",
        aspect=Aspect.PROPPED,
        device_class=BinarySensorDeviceClass.PROBLEM,
        supported_fn=has_reported(Aspect.PROPPED),
    ),
    DoorBinarySensorDescription(
        key="forced",
        aspect=Aspect.FORCED,
        device_class=BinarySensorDeviceClass.TAMPER,
        supported_fn=has_reported(Aspect.FORCED),
    ),
    DoorBinarySensorDescription(
        key="force_close",
        aspect=Aspect.FORCE_CLOSE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        supported_fn=lambda door: (
            door.kind is DoorKind.DOOR or Aspect.FORCE_CLOSE in door.reported
        ),
    ),
)

CONNECTION = BinarySensorEntityDescription(
    key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a panel."""
    async_add_entities([PanelConnection(entry.runtime_data, CONNECTION)])
    async_add_door_entities(entry, async_add_entities, (DOOR_POSITION,), DoorPosition)
    async_add_door_entities(entry, async_add_entities, BINARY_SENSORS, DoorBinarySensor)


class PanelConnection(PanelEntity, BinarySensorEntity):
    """Whether the stream is connected; never unavailable."""

    _follows_connection = False

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the connection."""
        return (self.coordinator.connection_updates,)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the stream is connected."""
        return self.coordinator.connected


class DoorBinarySensor(DoorEntity, BinarySensorEntity):
    """One aspect of a door."""

    entity_description: DoorBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the aspect, None if it was never reported."""
        return self.door.state.get(self.entity_description.aspect)


class DoorPosition(DoorBinarySensor):
    """Whether a door is open."""

    @property
    @override
    def device_class(self) -> BinarySensorDeviceClass:
        """Return the kind of door, which the panel's list can change."""
        if self.door.info.icon == "rollUpDoor":
            return BinarySensorDeviceClass.GARAGE_DOOR
        return BinarySensorDeviceClass.DOOR
