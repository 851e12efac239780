"""What the entities share: identity, availability, listening."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, MANUFACTURER
from .coordinator import PanelCoordinator, PanelDoor, ProdatakeyConfigEntry
from .pdk.doors import Aspect, DoorId, DoorKind, DoorState


@dataclass(frozen=True, kw_only=True)
class DoorDescription(EntityDescription):
    """An entity of a door: which doors have it, and what of the door it shows."""

    supported_fn: Callable[[PanelDoor], bool]
    aspect: Aspect | None = None


class PanelEntity(Entity):
    """An entity of the panel itself."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, coordinator: PanelCoordinator, description: EntityDescription
    ) -> None:
        """Take the panel's identity."""
        self.coordinator = coordinator
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.panel.id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, coordinator.panel.id)}
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the connection."""
        self.async_on_remove(self.coordinator.async_listen(self.async_write_ha_state))


class DoorEntity(Entity):
    """An entity of one door."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    entity_description: DoorDescription

    def __init__(
        self,
        coordinator: PanelCoordinator,
        panel_door: PanelDoor,
        description: DoorDescription,
    ) -> None:
        """Take the door's identity."""
        self.coordinator = coordinator
        self.panel_door = panel_door
        self.entity_description = description
        identity = f"{coordinator.panel.id}_{panel_door.door.id}"
        self._attr_unique_id = f"{identity}_{description.key}"
        self._attr_device_info = _door_device(coordinator, panel_door, identity)

    @property
    def door_state(self) -> DoorState:
        """Return what the panel has said of the door."""
        return self.panel_door.state

    @property
    @override
    def available(self) -> bool:
        """Return whether the panel can be heard."""
        return self.coordinator.available

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the state is from before a gap in the stream."""
        return self.entity_description.aspect in self.door_state.assumed

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the connection and to what this entity shows of the door."""
        aspect = self.entity_description.aspect
        self.async_on_remove(
            self.coordinator.async_listen(
                self.async_write_ha_state,
                self.panel_door.door.id,
                () if aspect is None else (aspect,),
            )
        )


def _door_device(
    coordinator: PanelCoordinator, panel_door: PanelDoor, identity: str
) -> DeviceInfo:
    """Return the device of a door, hanging on its panel."""
    door = panel_door.door
    entry_id = coordinator.config_entry.entry_id
    return DeviceInfo(
        identifiers={(DOMAIN, identity)},
        manufacturer=MANUFACTURER,
        name=door.name,
        hw_version=door.hardware,
        sw_version=door.firmware,
        serial_number=door.serial,
        via_device_id=dr.async_get_device_id_by_identifier(
            coordinator.hass, (DOMAIN, coordinator.panel.id), config_entry_id=entry_id
        ),
    )


def is_door(panel_door: PanelDoor) -> bool:
    """Return whether the device is a door that can be locked."""
    return panel_door.door.kind is DoorKind.DOOR


def has_relay(panel_door: PanelDoor) -> bool:
    """Return whether the device has a relay of its own."""
    return panel_door.door.kind is not DoorKind.SECOND_READER


def shows(aspect: Aspect) -> Callable[[PanelDoor], bool]:
    """Return a test whether the panel has ever told this of a door."""
    return lambda panel_door: aspect in panel_door.shown


@callback
def async_add_door_entities[D: DoorDescription](
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    entity_class: Callable[[PanelCoordinator, PanelDoor, D], DoorEntity],
) -> None:
    """Add the entities of the doors there are, and of those that appear."""
    coordinator = entry.runtime_data
    added: set[tuple[DoorId, str]] = set()

    @callback
    def add(panel_doors: Iterable[PanelDoor]) -> None:
        """Add what these doors have and had not before."""
        new = {
            (panel_door.door.id, description.key): (panel_door, description)
            for panel_door in panel_doors
            for description in descriptions
            if description.supported_fn(panel_door)
            and (panel_door.door.id, description.key) not in added
        }
        added.update(new)
        async_add_entities(entity_class(coordinator, *which) for which in new.values())

    add(coordinator.doors.values())
    entry.async_on_unload(coordinator.async_listen_for_doors(add))
