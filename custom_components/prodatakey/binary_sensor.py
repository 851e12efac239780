"""What a door's inputs and alarms say, and whether the panel is connected."""

from collections.abc import Hashable
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
    DoorDescription,
    DoorEntity,
    PanelEntity,
    async_add_door_entities,
    shows,
)
from .panel_door import PanelDoor
from .pdk.doors import Aspect

PARALLEL_UPDATES = 0

_DPS_CLASSES = {
    "swingingGate": BinarySensorDeviceClass.OPENING,
    "rollUpDoor": BinarySensorDeviceClass.GARAGE_DOOR,
}


@dataclass(frozen=True, kw_only=True)
class DoorBinarySensorDescription(DoorDescription, BinarySensorEntityDescription):
    """One aspect of a door."""

    aspect: Aspect


def _relay_is_shown(panel_door: PanelDoor) -> bool:
    """Return whether the device has a relay, or has told of one."""
    return not panel_door.is_second_reader or Aspect.RELAY in panel_door.shown


def _force_close_is_shown(panel_door: PanelDoor) -> bool:
    """Return whether the device is a door, or has told of force close."""
    return panel_door.is_door or Aspect.FORCE_CLOSE in panel_door.shown


BINARY_SENSORS = (
    DoorBinarySensorDescription(
        key="dps",
        translation_key="dps",
        aspect=Aspect.DPS,
        supported_fn=shows(Aspect.DPS),
    ),
    DoorBinarySensorDescription(
        key="rex",
        translation_key="rex",
        aspect=Aspect.REX,
        supported_fn=shows(Aspect.REX),
    ),
    DoorBinarySensorDescription(
        key="relay",
        translation_key="relay",
        aspect=Aspect.RELAY,
        device_class=BinarySensorDeviceClass.LOCK,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=_relay_is_shown,
    ),
    DoorBinarySensorDescription(
        key="propped",
        translation_key="propped",
        aspect=Aspect.PROPPED,
        device_class=BinarySensorDeviceClass.PROBLEM,
        supported_fn=shows(Aspect.PROPPED),
    ),
    DoorBinarySensorDescription(
        key="forced",
        translation_key="forced",
        aspect=Aspect.FORCED,
        device_class=BinarySensorDeviceClass.TAMPER,
        supported_fn=shows(Aspect.FORCED),
    ),
    DoorBinarySensorDescription(
        key="force_close",
        translation_key="force_close",
        aspect=Aspect.FORCE_CLOSE,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=_force_close_is_shown,
    ),
)

CONNECTION = BinarySensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the panel's connection, and what each door tells."""
    async_add_entities([PanelConnection(entry.runtime_data, CONNECTION)])
    async_add_door_entities(entry, async_add_entities, BINARY_SENSORS, DoorBinarySensor)


class PanelConnection(PanelEntity, BinarySensorEntity):
    """Whether the stream is connected; itself never unavailable."""

    @property
    @override
    def available(self) -> bool:
        """Return True: that there is no connection can always be told."""
        return True

    @property
    @override
    def shows(self) -> tuple[Hashable, ...]:
        """Return the connection, and nothing else."""
        return ("connection",)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the stream is connected; unknown until that was tried."""
        return self.coordinator.connected


class DoorBinarySensor(DoorEntity, BinarySensorEntity):
    """One aspect of a door."""

    entity_description: DoorBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the panel has said."""
        return self.panel_door.state.value(self.entity_description.aspect)

    @property
    @override
    def device_class(self) -> BinarySensorDeviceClass | None:
        """Return the class; that of the position depends on what kind of door it is."""
        if self.entity_description.aspect is not Aspect.DPS:
            return self.entity_description.device_class
        icon = self.panel_door.door.icon
        return _DPS_CLASSES.get(icon or "", BinarySensorDeviceClass.DOOR)
