"""What can be done to a door at the press of a button."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import KEYS_ROUND_CODE
from .coordinator import ProdatakeyConfigEntry
from .entity import DoorDescription, DoorEntity, async_add_door_entities, shows
from .pdk.commands import ActuateForceToggle, ClearForced, DoorCommand, TryOpen
from .pdk.doors import Aspect, DoorId

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorButtonDescription(DoorDescription, ButtonEntityDescription):
    """One command for a door."""

    command: Callable[[DoorId], DoorCommand]


BUTTONS = (
    DoorButtonDescription(
        key="open",
        translation_key="open",
        command=TryOpen,
        supported_fn=lambda panel_door: not panel_door.is_second_reader,
    ),
    DoorButtonDescription(
        key="clear_forced",
        translation_key="clear_forced",
        command=ClearForced,
        supported_fn=shows(Aspect.FORCED),
    ),
    DoorButtonDescription(
        key="force_toggle",
        translation_key="force_toggle",
        command=ActuateForceToggle,
        entity_registry_enabled_default=False,
        supported_fn=lambda panel_door: panel_door.is_door,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of each door."""
    async_add_door_entities(entry, async_add_entities, BUTTONS, DoorButton)


class DoorButton(DoorEntity, ButtonEntity):
    """One command for a door."""

    entity_description: DoorButtonDescription

    @override
    async def async_press(self) -> None:
        """Send the command."""
        if self.entity_description.key in KEYS_ROUND_CODE:
            await self.async_check_control_of_lock()
        command = self.entity_description.command(self.panel_door.id)
        await self.coordinator.send(command)
