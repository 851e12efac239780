"""Buttons: commands for doors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ProdatakeyConfigEntry
from .door_entities import async_add_door_entities, has_aspect
from .entity import DoorEntity, DoorEntityDescription
from .pdk import (
    ActuateForceToggle,
    Aspect,
    ClearForced,
    DoorCommand,
    DoorId,
    DoorKind,
    Feature,
    TryOpen,
)

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorButtonDescription(DoorEntityDescription, ButtonEntityDescription):
    """Description of a button."""

    command: Callable[[DoorId], DoorCommand]


BUTTONS = (
    DoorButtonDescription(
        key="open",
        command=TryOpen,
        opens_door=True,
        supported_fn=lambda door: door.kind is DoorKind.DOOR,
    ),
    DoorButtonDescription(
        key="open",
        translation_key="pulse",
        command=TryOpen,
        opens_door=True,
        supported_fn=lambda door: door.kind is DoorKind.OUTPUT,
    ),
    DoorButtonDescription(
        key="clear_forced",
        command=ClearForced,
        opens_door=False,
        feature=Feature.CLEAR_FORCED,
        supported_fn=has_aspect(Aspect.FORCED),
    ),
    DoorButtonDescription(
        key="force_toggle",
        command=ActuateForceToggle,
        opens_door=True,
        feature=Feature.FORCE_TOGGLE,
        entity_registry_enabled_default=False,
        supported_fn=lambda door: door.kind is DoorKind.DOOR,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the buttons of a panel."""
    async_add_door_entities(entry, async_add_entities, BUTTONS, DoorButton)


class DoorButton(DoorEntity, ButtonEntity):
    """One command for a door."""

    entity_description: DoorButtonDescription
    # Home Assistant leaves an unavailable button out of an action without an error
    _follows_connection = False

    @override
    async def async_press(self) -> None:
        """Send the command."""
        if self.entity_description.opens_door:
            await self.async_require_lock_permission()
        command = self.entity_description.command(self.door.id)
        await self._async_send(command, self._naming_caller())

    @contextmanager
    def _naming_caller(self) -> Iterator[None]:
        """Attribute states of this button and of the door's lock to the caller."""
        callers, context = self.coordinator.callers, self._context
        if context is not None:
            callers[self.door.id] = context
        try:
            with self.caller_context():
                yield
        finally:
            if callers.get(self.door.id) is context:
                callers.pop(self.door.id, None)
