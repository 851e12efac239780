"""Locks: one for each door; relay on means unlocked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
import logging
from typing import Any, override

from homeassistant.components.lock import (
    LockEntity,
    LockEntityDescription,
    LockEntityFeature,
)
from homeassistant.const import ATTR_CODE
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN, UNLOCK_MOMENTARY
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .door_code import BLOCK_TIME, MAX_WRONG_CODES, WrongCodes, is_same_code
from .door_entities import async_add_door_entities
from .entity import DoorEntity, DoorEntityDescription
from .exceptions import translated_errors
from .pdk import (
    ActuateClose,
    ActuateOpen,
    Aspect,
    Door,
    DoorCommand,
    DoorKind,
    TryDwellOpen,
    TryOpen,
    to_dwell,
)

_LOGGER = logging.getLogger(__name__)

PARALLEL_UPDATES = 0

# How long the relay may take to be reported after the panel has answered, in seconds.
OPENING_TIMEOUT = 5.0


@dataclass(frozen=True, kw_only=True)
class DoorLockDescription(DoorEntityDescription, LockEntityDescription):
    """Description of a lock, which asks for the code itself."""

    opens_door: bool = False


LOCKS = (
    DoorLockDescription(
        key="lock",
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
    """The lock of a door.

    It never shows locking or unlocking: until the panel answers nothing has changed,
    and then the door is locked or unlocked. *Opening* lasts from the answer until the
    relay is reported.
    """

    entity_description: DoorLockDescription
    _attr_supported_features = LockEntityFeature.OPEN

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorLockDescription,
    ) -> None:
        """Initialize the lock."""
        super().__init__(coordinator, door, description)
        self._wrong_codes = WrongCodes()
        self._cancel_opening: CALLBACK_TYPE | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe also to who is granted access, and to the options."""
        await super().async_added_to_hass()
        updates = self.coordinator.option_updates
        self.async_on_remove(updates.subscribe(self.async_write_ha_state))
        self.async_on_remove(self.door.grants.subscribe(self._handle_grant))
        self.async_on_remove(self._end_opening)

    @callback
    @override
    def _handle_update(self) -> None:
        """Handle a change of the relay."""
        if self._cancel_opening is not None:
            self._end_opening()
        if (caller := self.coordinator.callers.get(self.door.id)) is None:
            self.async_write_ha_state()
            return
        self.async_set_context(caller)
        self.async_write_ha_state()
        self._context = None

    @callback
    def _handle_grant(self) -> None:
        """Handle granted access: the relay change is theirs, not the last caller's."""
        self._context = None
        self.async_write_ha_state()

    @property
    @override
    def code_format(self) -> str | None:
        """Return the pattern of the code, None without one."""
        if (code := self.coordinator.options.code) is None:
            return None
        # Home Assistant checks the pattern for locking too, which needs no code
        return r"^\d*$" if code.isdecimal() else r"^.*$"

    @property
    @override
    def is_locked(self) -> bool | None:
        """Return whether the relay is off, None if it was never reported."""
        relay = self.door.state.get(Aspect.RELAY)
        return None if relay is None else not relay

    @property
    @override
    def icon(self) -> str | None:
        """Return an icon of its own for a state that is only assumed.

        Home Assistant shows that nowhere else: not on a card, nor in the dialog of a lock.
        """
        if not self.assumed_state or self.is_locked is None:
            return None
        return "mdi:lock-question" if self.is_locked else "mdi:lock-open-alert"

    @property
    @override
    def changed_by(self) -> str | None:
        """Return the person whose access turned the relay."""
        return self.door.changed_by

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await self._async_send(ActuateClose(self.door.id))

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock until locked, or only for a moment."""
        options, code = self.coordinator.options, kwargs.get(ATTR_CODE)
        if options.unlock_mode == UNLOCK_MOMENTARY:
            command = self.open_command(options.unlock_duration)
            await self.async_check_code(code, command, self._context)
            await self._async_send(command, self._opening())
        else:
            hold = ActuateOpen(self.door.id)
            await self.async_check_code(code, hold, self._context)
            await self._async_send(hold)

    @override
    async def async_open(self, **kwargs: Any) -> None:
        """Open for the door's own dwell time."""
        command = self.open_command()
        await self.async_check_code(kwargs.get(ATTR_CODE), command, self._context)
        await self._async_send(command, self._opening())

    async def async_open_door(self, duration: float) -> None:
        """Open for a duration in seconds; the code was checked before."""
        await self._async_send(self.open_command(duration), self._opening())

    async def async_hold_open(self, until: datetime | None = None) -> None:
        """Hold open until a time, or until locked; the code was checked before."""
        during = self._reporting(ActuateOpen(self.door.id))
        with translated_errors(lambda: self.door_name):
            await self.coordinator.holds.async_hold(self.door, until, during)

    def open_command(self, seconds: float | None = None) -> DoorCommand:
        """Return the command to open for a duration, or for the door's own dwell time."""
        if seconds is None:
            return TryOpen(self.door.id)
        return TryDwellOpen(self.door.id, to_dwell(seconds))

    async def async_check_code(
        self, code: str | None, command: DoorCommand, context: Context | None
    ) -> None:
        """Raise for a wrong or missing code if one is set, and for any during a pause.

        A missing code is not counted, as it is no guess.
        """
        if (expected := self.coordinator.options.code) is None:
            return
        placeholders = {"door": self.door_name}
        if seconds := self._wrong_codes.seconds_left:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="code_blocked",
                translation_placeholders=placeholders | {"seconds": str(seconds)},
            )
        if code and is_same_code(expected, code):
            self._wrong_codes.clear()
            return
        if code:
            await self._async_handle_wrong_code(command, context)
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="wrong_code",
            translation_placeholders=placeholders,
        )

    async def _async_handle_wrong_code(
        self, command: DoorCommand, context: Context | None
    ) -> None:
        """Count a wrong code, and report it; the last one before a pause also in the log."""
        blocked = self._wrong_codes.add()
        self.fire_command_failed(command, "wrong_code", context)
        if not blocked:
            return
        self.fire_command_failed(command, "code_blocked", context)
        user_id = context.user_id if context else None
        user = await self.hass.auth.async_get_user(user_id) if user_id else None
        _LOGGER.warning(
            "%d wrong codes for %r, the last one by %s: no code is taken for %.0f seconds",
            MAX_WRONG_CODES,
            self.door_name,
            f"user {user.name!r}" if user else "a call without a user",
            BLOCK_TIME,
        )

    @contextmanager
    def _opening(self) -> Iterator[None]:
        """Show *opening* after a command that opens the door."""
        report_count = self.door.report_count(Aspect.RELAY)
        # the relay changes after the command, and still because of the caller
        with self.caller_context(keep=True):
            yield
        if self.door.report_count(Aspect.RELAY) == report_count and self.is_locked:
            self._start_opening()

    @callback
    def _start_opening(self) -> None:
        """Show *opening* until the relay is reported."""
        self._end_opening()
        self._cancel_opening = async_call_later(
            self.hass, OPENING_TIMEOUT, self._handle_opening_timeout
        )
        self._attr_is_opening = True
        self.async_write_ha_state()

    @callback
    def _handle_opening_timeout(self, _: datetime) -> None:
        """Handle a relay that is not reported: its state is only assumed."""
        self._end_opening()
        self.door.mark_assumed(Aspect.RELAY)
        self._handle_update()

    @callback
    def _end_opening(self) -> None:
        """Do not show *opening* any more."""
        self._attr_is_opening = False
        if self._cancel_opening is not None:
            self._cancel_opening()
            self._cancel_opening = None
