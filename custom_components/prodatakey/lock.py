"""Doors as locks: relay on is unlocked."""

from collections.abc import Awaitable
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
from .entity import DoorDescription, DoorEntity, async_add_door_entities
from .panel_door import PanelDoor
from .pdk.carried_through import carried_through
from .pdk.commands import (
    ActuateClose,
    ActuateOpen,
    DoorCommand,
    TryDwellOpen,
    TryOpen,
    tenths,
)
from .pdk.doors import Aspect, DoorId

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorLockDescription(DoorDescription, LockEntityDescription):
    """The lock of a door."""


LOCKS = (
    DoorLockDescription(
        key="lock",
        translation_key="lock",
        name=None,
        aspect=Aspect.RELAY,
        supported_fn=lambda panel_door: panel_door.is_door,
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

    def __init__(
        self,
        coordinator: PanelCoordinator,
        panel_door: PanelDoor,
        description: DoorLockDescription,
    ) -> None:
        """Take the door's identity and the entry's options."""
        super().__init__(coordinator, panel_door, description)
        options = coordinator.config_entry.options
        self._unlock_mode: str = options.get(CONF_UNLOCK_MODE, UNLOCK_HOLD)
        self._unlock_duration: float | None = options.get(CONF_UNLOCK_DURATION)
        self._code: str | None = options.get(CONF_CODE)
        self._under_way: dict[Awaitable[None], LockState] = {}
        if self._code:
            # the pattern guards locking too, and that needs no code
            self._attr_code_format = r"^\d*$" if self._code.isdecimal() else r"^.*$"

    @callback
    @override
    def async_show(self) -> None:
        """Show what was told of, unless a command is under way: that is shown."""
        if not self._under_way:
            super().async_show()

    @property
    def _let_in(self) -> tuple[DoorId, str]:
        """Return what this listens to besides what it shows."""
        return (self.panel_door.id, "let_in")

    @override
    async def async_added_to_hass(self) -> None:
        """Listen also to who is let in."""
        await super().async_added_to_hass()
        self.coordinator.listeners.add(self._handle_let_in, self._let_in)

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Stop listening."""
        self.coordinator.listeners.remove(self._handle_let_in, self._let_in)
        await super().async_will_remove_from_hass()

    @callback
    def _handle_let_in(self) -> None:
        """Show who was let in, by whom what follows was brought about."""
        if not self._under_way:
            self._context = None
        self.async_write_ha_state()

    @property
    @override
    def is_locked(self) -> bool | None:
        """Return whether the relay is off."""
        relay = self.panel_door.state.relay
        return None if relay is None else not relay

    @property
    def _doing(self) -> LockState | None:
        """Return what is being done; of several commands the last one counts."""
        return next(reversed(self._under_way.values()), None)

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

    @property
    @override
    def changed_by(self) -> str | None:
        """Return who was let in last."""
        return self.panel_door.changed_by

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        command = ActuateClose(self.panel_door.id)
        await self._hold(LockState.LOCKING, command, relay=False)

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock until somebody locks, or only for a moment."""
        self._check_code(kwargs.get(ATTR_CODE))
        if self._unlock_mode == UNLOCK_MOMENTARY:
            await self._open(LockState.UNLOCKING, self._unlock_duration)
        else:
            command = ActuateOpen(self.panel_door.id)
            await self._hold(LockState.UNLOCKING, command, relay=True)

    @override
    async def async_open(self, **kwargs: Any) -> None:
        """Open for the door's own dwell time."""
        self._check_code(kwargs.get(ATTR_CODE))
        await self._open(LockState.OPENING)

    async def async_open_door(self, duration: float, code: str | None = None) -> None:
        """Open for so many seconds."""
        self._check_code(code or self.add_default_code({}).get(ATTR_CODE))
        await self._open(LockState.OPENING, duration)

    def _check_code(self, code: str | None) -> None:
        """Refuse a wrong or missing code, where one is set."""
        if self._code and not hmac.compare_digest(
            self._code.encode(), (code or "").encode()
        ):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="wrong_code",
                translation_placeholders={"door": self.panel_door.door.name},
            )

    async def _hold(
        self, doing: LockState, command: DoorCommand, *, relay: bool
    ) -> None:
        """Send a command that leaves the relay so."""
        await self._show_while(
            doing,
            self.coordinator.hold(self.panel_door, command, relay=relay),
            goes_on=False,
        )

    async def _open(self, doing: LockState, seconds: float | None = None) -> None:
        """Open for so many seconds, or for the door's own dwell time."""
        door_id = self.panel_door.id
        command = (
            TryOpen(door_id)
            if seconds is None
            else TryDwellOpen(door_id, tenths(seconds))
        )
        await self._show_while(doing, self.coordinator.send(command), goes_on=True)

    @carried_through
    async def _show_while(
        self, doing: LockState, command: Awaitable[None], *, goes_on: bool
    ) -> None:
        """Show what is being done until the panel has answered."""
        with self.doing_of_the_caller(goes_on=goes_on):
            self._under_way[command] = doing
            self.async_write_ha_state()
            try:
                await command
            finally:
                del self._under_way[command]
                self.async_write_ha_state()
