"""Locks: one for each door; relay on means unlocked."""

from dataclasses import dataclass
from datetime import datetime
import hmac
from typing import Any, override

from homeassistant.components.lock import (
    LockEntity,
    LockEntityDescription,
    LockEntityFeature,
)
from homeassistant.const import ATTR_CODE
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_call_later

from .const import DOMAIN, UNLOCK_MOMENTARY
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .entity import DoorEntity, DoorEntityDescription, async_add_door_entities
from .pdk.commands import (
    ActuateClose,
    ActuateOpen,
    TryDwellOpen,
    TryOpen,
    run_to_completion,
    to_dwell,
)
from .pdk.doors import Door
from .pdk.models import Aspect, DoorKind

PARALLEL_UPDATES = 0

# How long the relay may take to be reported after the panel has answered, in seconds.
OPENING_TIMEOUT = 5.0


@dataclass(frozen=True, kw_only=True)
class DoorLockDescription(DoorEntityDescription, LockEntityDescription):
    """Description of a lock."""


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
        self._code = coordinator.options.code
        self._cancel_opening: CALLBACK_TYPE | None = None
        if self._code:
            # Home Assistant checks the pattern for locking too, which needs no code
            self._attr_code_format = r"^\d*$" if self._code.isdecimal() else r"^.*$"

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe also to who is granted access."""
        await super().async_added_to_hass()
        self.async_on_remove(self.door.grants.subscribe(self._handle_grant))
        self.async_on_remove(self._end_opening)

    @callback
    @override
    def _handle_update(self) -> None:
        """Handle a change of the relay."""
        if self._cancel_opening is not None:
            self._end_opening()
        self.async_write_ha_state()

    @callback
    def _handle_grant(self) -> None:
        """Handle granted access: the relay change is theirs, not the last caller's."""
        self._context = None
        self.async_write_ha_state()

    @property
    @override
    def is_locked(self) -> bool | None:
        """Return whether the relay is off, None if it was never reported."""
        relay = self.door.state.get(Aspect.RELAY)
        return None if relay is None else not relay

    @property
    @override
    def changed_by(self) -> str | None:
        """Return the person whose access turned the relay."""
        return self.door.changed_by

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await run_to_completion(self._async_send(ActuateClose(self.door.id)))

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock until locked, or only for a moment."""
        self._check_code(kwargs.get(ATTR_CODE))
        options = self.coordinator.options
        if options.unlock_mode == UNLOCK_MOMENTARY:
            await run_to_completion(self._async_open(options.unlock_duration))
        else:
            await run_to_completion(self._async_send(ActuateOpen(self.door.id)))

    @override
    async def async_open(self, **kwargs: Any) -> None:
        """Open for the door's own dwell time."""
        self._check_code(kwargs.get(ATTR_CODE))
        await run_to_completion(self._async_open())

    async def async_open_door(self, duration: float, code: str | None = None) -> None:
        """Open for a duration in seconds."""
        self._check_code(code or self.add_default_code({}).get(ATTR_CODE))
        await run_to_completion(self._async_open(duration))

    def _check_code(self, code: str | None) -> None:
        """Raise for a wrong or missing code if one is set."""
        if self._code and not hmac.compare_digest(
            self._code.encode(), (code or "").encode()
        ):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="wrong_code",
                translation_placeholders={"door": self.door.name},
            )

    async def _async_open(self, seconds: float | None = None) -> None:
        """Open for a duration, or for the door's own dwell time."""
        door = self.door
        report_count = door.report_count(Aspect.RELAY)
        command = (
            TryOpen(door.id)
            if seconds is None
            else TryDwellOpen(door.id, to_dwell(seconds))
        )
        # the relay changes after the command, and still because of the caller
        await self._async_send(command, keep=True)
        if door.report_count(Aspect.RELAY) == report_count and self.is_locked:
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
