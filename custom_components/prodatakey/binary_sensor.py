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
from .pdk.models import Aspect, DoorKind

PARALLEL_UPDATES = 0

_DPS_CLASSES = {
    "swingingGate": BinarySensorDeviceClass.OPENING,
    "rollUpDoor": BinarySensorDeviceClass.GARAGE_DOOR,
}


@dataclass(frozen=True, kw_only=True)
class DoorBinarySensorDescription(DoorEntityDescription, BinarySensorEntityDescription):
    """Description of a door's binary sensor."""

    aspect: Aspect


BINARY_SENSORS = (
    DoorBinarySensorDescription(
        key="dps",
        translation_key="dps",
        aspect=Aspect.DPS,
        supported_fn=has_reported(Aspect.DPS),
    ),
    DoorBinarySensorDescription(
        key="rex",
        translation_key="rex",
        aspect=Aspect.REX,
        supported_fn=has_reported(Aspect.REX),
    ),
    DoorBinarySensorDescription(
        key="relay",
        translation_key="relay",
        aspect=Aspect.RELAY,
        device_class=BinarySensorDeviceClass.LOCK,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=lambda door: (
            door.kind is not DoorKind.SECOND_READER or Aspect.RELAY in door.reported
        ),
    ),
    DoorBinarySensorDescription(
        key="propped",
        translation_key="propped",
        aspect=Aspect.PROPPED,
        device_class=BinarySensorDeviceClass.PROBLEM,
        supported_fn=has_reported(Aspect.PROPPED),
    ),
    DoorBinarySensorDescription(
        key="forced",
        translation_key="forced",
        aspect=Aspect.FORCED,
        device_class=BinarySensorDeviceClass.TAMPER,
        supported_fn=has_reported(Aspect.FORCED),
    ),
    DoorBinarySensorDescription(
        key="force_close",
        translation_key="force_close",
        aspect=Aspect.FORCE_CLOSE,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=lambda door: (
            door.kind is DoorKind.DOOR or Aspect.FORCE_CLOSE in door.reported
        ),
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
    """Set up the binary sensors of a panel."""
    async_add_entities([PanelConnection(entry.runtime_data, CONNECTION)])
    async_add_door_entities(entry, async_add_entities, BINARY_SENSORS, DoorBinarySensor)


class PanelConnection(PanelEntity, BinarySensorEntity):
    """Whether the stream is connected; never unavailable."""

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the connection."""
        self.async_on_remove(
            self.coordinator.connection_updates.subscribe(self._handle_update)
        )
        self._update_attrs()

    @override
    def _update_attrs(self) -> None:
        """Update whether the stream is connected."""
        self._attr_is_on = self.coordinator.connected


class DoorBinarySensor(DoorEntity, BinarySensorEntity):
    """One aspect of a door."""

    entity_description: DoorBinarySensorDescription

    @override
    def _update_attrs(self) -> None:
        """Update the state."""
        super()._update_attrs()
        aspect = self.entity_description.aspect
        self._attr_is_on = self.door.state.get(aspect)
        if aspect is Aspect.DPS:
            self._attr_device_class = _DPS_CLASSES.get(
                self.door.info.icon or "", BinarySensorDeviceClass.DOOR
            )
