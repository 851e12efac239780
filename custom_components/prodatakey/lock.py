"""Locks: one for each door; relay on means unlocked."""

from dataclasses import dataclass
import hmac
from typing import Any, override

from homeassistant.components.lock import (
    LockEntity,
    LockEntityDescription,
    LockEntityFeature,
    LockState,
)
from homeassistant.const import ATTR_CODE, CONF_CODE
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import (
    CONF_UNLOCK_DURATION,
    CONF_UNLOCK_MODE,
    DOMAIN,
    UNLOCK_HOLD,
    UNLOCK_MOMENTARY,
)
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .entity import DoorEntity, DoorEntityDescription, async_add_door_entities
from .pdk.commands import (
    ActuateClose,
    ActuateOpen,
    DoorCommand,
    TryDwellOpen,
    TryOpen,
    run_to_completion,
    to_dwell,
)
from .pdk.doors import Door
from .pdk.models import Aspect, DoorKind

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorLockDescription(DoorEntityDescription, LockEntityDescription):
    """Description of a lock."""


LOCKS = (
    DoorLockDescription(
        key="lock",
        translation_key="lock",
        name=None,
        aspect=Aspect.RELAY,
        supported_fn=lambda door: door.kind is DoorKind.DOOR,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the locks of a panel."""
    async_add_door_entities(entry, async_add_entities, LOCKS, DoorLock)


class DoorLock(DoorEntity, LockEntity):
    """The lock of a door."""

    entity_description: DoorLockDescription
    _attr_supported_features = LockEntityFeature.OPEN

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorLockDescription,
    ) -> None:
        """Initialize the lock with the entry's options."""
        super().__init__(coordinator, door, description)
        options = coordinator.config_entry.options
        self._unlock_mode: str = options.get(CONF_UNLOCK_MODE, UNLOCK_HOLD)
        self._unlock_duration: float | None = options.get(CONF_UNLOCK_DURATION)
        self._code: str | None = options.get(CONF_CODE)
        self._pending: dict[object, LockState] = {}
        if self._code:
            # Home Assistant checks the pattern for locking too, which needs no code
            self._attr_code_format = r"^\d*$" if self._code.isdecimal() else r"^.*$"

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe also to who is granted access."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.door.changed_by_updates.subscribe(self._handle_changed_by)
        )

    @callback
    @override
    def _handle_update(self) -> None:
        """Handle a change of the relay; a pending command is shown instead."""
        self._update_attrs()
        if not self._pending:
            self.async_write_ha_state()

    @callback
    def _handle_changed_by(self) -> None:
        """Update changed_by; the coming relay change is theirs, so drop the context."""
        if not self._pending:
            self._context = None
        self._update_attrs()
        self.async_write_ha_state()

    @override
    def _update_attrs(self) -> None:
        """Update the state of the lock."""
        super()._update_attrs()
        relay = self.door.state.get(Aspect.RELAY)
        self._attr_is_locked = None if relay is None else not relay
        self._attr_changed_by = self.door.changed_by

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await self._run_command(LockState.LOCKING, ActuateClose(self.door.id))

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock until locked, or only for a moment."""
        self._check_code(kwargs.get(ATTR_CODE))
        if self._unlock_mode == UNLOCK_MOMENTARY:
            await self._open(LockState.UNLOCKING, self._unlock_duration)
        else:
            await self._run_command(LockState.UNLOCKING, ActuateOpen(self.door.id))

    @override
    async def async_open(self, **kwargs: Any) -> None:
        """Open for the door's own dwell time."""
        self._check_code(kwargs.get(ATTR_CODE))
        await self._open(LockState.OPENING)

    async def async_open_door(self, duration: float, code: str | None = None) -> None:
        """Open for a duration in seconds."""
        self._check_code(code or self.add_default_code({}).get(ATTR_CODE))
        await self._open(LockState.OPENING, duration)

    def _check_code(self, code: str | None) -> None:
        """Raise for a wrong or missing code if one is set."""
        if self._code and not hmac.compare_digest(
            self._code.encode(), (code or "").encode()
        ):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="wrong_code",
                translation_placeholders={"door": self.door.info.name},
            )

    async def _open(self, pending: LockState, seconds: float | None = None) -> None:
        """Open for a duration, or for the door's own dwell time."""
        door_id = self.door.id
        command = (
            TryOpen(door_id)
            if seconds is None
            else TryDwellOpen(door_id, to_dwell(seconds))
        )
        # the relay changes after the command, and still because of the caller
        await self._run_command(pending, command, keep=True)

    async def _run_command(
        self, pending: LockState, command: DoorCommand, *, keep: bool = False
    ) -> None:
        """Send a command and show the pending state meanwhile."""
        await run_to_completion(self._show_pending(pending, command, keep=keep))

    async def _show_pending(
        self, pending: LockState, command: DoorCommand, *, keep: bool
    ) -> None:
        """Show the pending state until the command has a result."""
        key = object()
        with self.caller_context(keep=keep):
            self._pending[key] = pending
            self._write_pending()
            try:
                await self.coordinator.async_send(command)
            finally:
                del self._pending[key]
                self._write_pending()

    def _write_pending(self) -> None:
        """Write the state; of several pending commands the last one counts."""
        pending = next(reversed(self._pending.values()), None)
        self._attr_is_locking = pending is LockState.LOCKING
        self._attr_is_unlocking = pending is LockState.UNLOCKING
        self._attr_is_opening = pending is LockState.OPENING
        self.async_write_ha_state()
