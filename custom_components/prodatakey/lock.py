"""Doors as locks: relay on is unlocked."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.lock import (
    LockEntity,
    LockEntityDescription,
    LockEntityFeature,
    LockState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import ProdatakeyConfigEntry
from .entity import DoorDescription, DoorEntity, async_add_door_entities, is_door
from .pdk.commands import ActuateClose, ActuateOpen, TryOpen
from .pdk.doors import Aspect

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorLockDescription(DoorDescription, LockEntityDescription):
    """The lock of a door."""


LOCKS = (
    DoorLockDescription(
        key="lock", name=None, aspect=Aspect.RELAY, supported_fn=is_door
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up a lock for each door."""
    async_add_door_entities(entry, async_add_entities, LOCKS, DoorLock)


class DoorLock(DoorEntity, LockEntity):
    """The lock of a door."""

    entity_description: DoorLockDescription
    _attr_supported_features = LockEntityFeature.OPEN
    _doing: LockState | None = None

    @property
    @override
    def is_locked(self) -> bool | None:
        """Return whether the relay is off."""
        relay = self.door_state.relay
        return None if relay is None else not relay

    @property
    @override
    def is_locking(self) -> bool:
        """Return whether a command to lock is under way."""
        return self._doing is LockState.LOCKING

    @property
    @override
    def is_unlocking(self) -> bool:
        """Return whether a command to unlock is under way."""
        return self._doing is LockState.UNLOCKING

    @property
    @override
    def is_opening(self) -> bool:
        """Return whether a command to open is under way."""
        return self._doing is LockState.OPENING

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        command = ActuateClose(self.panel_door.door.id)
        await self._show_while(
            LockState.LOCKING, self.coordinator.async_hold(command, relay=False)
        )

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Turn the relay on and leave it on."""
        command = ActuateOpen(self.panel_door.door.id)
        await self._show_while(
            LockState.UNLOCKING, self.coordinator.async_hold(command, relay=True)
        )

    @override
    async def async_open(self, **kwargs: Any) -> None:
        """Open for the door's own dwell time."""
        command = TryOpen(self.panel_door.door.id)
        await self._show_while(LockState.OPENING, self.coordinator.async_send(command))

    async def _show_while(self, doing: LockState, command: Awaitable[None]) -> None:
        """Show what is being done until the panel has answered."""
        self._doing = doing
        self.async_write_ha_state()
        try:
            await command
        finally:
            if self._doing is doing:
                self._doing = None
            self.async_write_ha_state()
