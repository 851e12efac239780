"""Switches: do not disturb and relay outputs."""

from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .door_entities import async_add_door_entities
from .entity import DoorEntity, DoorEntityDescription
from .exceptions import translated_errors
from .panel_switches import async_add_panel_switches
from .pdk import (
    ActuateClose,
    ActuateDoNotDisturb,
    ActuateOpen,
    Aspect,
    Door,
    DoorKind,
    Feature,
    set_do_not_disturb,
)

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorSwitchDescription(DoorEntityDescription, SwitchEntityDescription):
    """Description of a switch."""

    aspect: Aspect


DO_NOT_DISTURB = DoorSwitchDescription(
    key="do_not_disturb",
    aspect=Aspect.FORCE_CLOSE,
    opens_door=False,
    feature=Feature.DO_NOT_DISTURB,
    # the editor's filter tells it from outputs by its class
    device_class=SwitchDeviceClass.SWITCH,
    entity_category=EntityCategory.CONFIG,
    supported_fn=lambda door: door.kind is DoorKind.DOOR,
)
OUTPUT = DoorSwitchDescription(
    key="output",
    name=None,
    aspect=Aspect.RELAY,
    opens_door=True,
    supported_fn=lambda door: door.kind is DoorKind.OUTPUT,
)
# The icons of outputs, by PDK's own.
_OUTPUT_KEYS = {
    "alarm": "output_alarm",
    "fan": "output_fan",
    "light": "output_light",
    "panicButton": "output_panic_button",
    "sprinkler": "output_sprinkler",
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of a panel."""
    async_add_door_entities(entry, async_add_entities, (DO_NOT_DISTURB,), DoNotDisturb)
    async_add_door_entities(entry, async_add_entities, (OUTPUT,), Output)
    async_add_panel_switches(hass, entry, async_add_entities)


class DoorSwitch(DoorEntity, SwitchEntity):
    """A switch that shows one aspect of a door."""

    entity_description: DoorSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the aspect, None if it was never reported."""
        return self.door.state.get(self.entity_description.aspect)


class Output(DoorSwitch):
    """A relay output that is not a door."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorSwitchDescription,
    ) -> None:
        """Initialize the switch with the icon of the output."""
        super().__init__(coordinator, door, description)
        self._attr_translation_key = _OUTPUT_KEYS.get(door.info.icon or "", "output")

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the relay on and leave it on."""
        await self._async_send(ActuateOpen(self.door.id))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await self._async_send(ActuateClose(self.door.id))


class DoNotDisturb(DoorSwitch):
    """Do not disturb, by a command that only toggles."""

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Refuse access until turned off."""
        await self._async_set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Allow access again."""
        await self._async_set(False)

    async def _async_set(self, value: bool) -> None:
        """Set the state. Raises HomeAssistantError."""
        with translated_errors(lambda: self.door_name):
            await set_do_not_disturb(
                self.coordinator.panel,
                self.door,
                value,
                self._reporting(ActuateDoNotDisturb(self.door.id)),
            )
