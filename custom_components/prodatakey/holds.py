"""Doors that are held open until a time, and locked then."""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
import logging
from typing import Any

from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.components.logbook import async_log_entry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .devices import PanelDevices, async_get_entity_id, door_identifier
from .issues import async_update_hold_issue
from .pdk import (
    ActuateClose,
    ActuateOpen,
    Aspect,
    CommandError,
    CommandUnansweredError,
    Door,
    DoorId,
    NotConnectedError,
    Site,
    Subscribers,
    now,
    run_to_completion,
)
from .pdk.parser import parse_door_id
from .store import Stored, parse_door_ids, parse_stored
from .texts import async_get_text

_LOGGER = logging.getLogger(__name__)

# An end that is made good later than this is told of.
LATE = timedelta(minutes=1)


@dataclass(slots=True)
class Hold:
    """A door that was opened by `hold_open`."""

    end: datetime | None
    """When it is locked, in UTC; None if it is held open until somebody locks it."""
    failed: bool = False
    """Whether the door did not confirm that it was locked at the end."""


class Holds:
    """The doors of a panel that are held open.

    An end is stored before the door is opened, and the door is locked at most once for it.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        site: Site,
        devices: PanelDevices,
        save: Callable[[], Coroutine[Any, Any, None]],
        create_task: Callable[[Coroutine[Any, Any, None], str], object],
    ) -> None:
        """Initialize without doors; `save` saves at once.

        `create_task` runs something until the entry is unloaded.
        """
        self._hass = hass
        self._site = site
        self._panel = site.panel
        self._devices = devices
        self._save = save
        self._create_task = create_task
        self.holds: dict[DoorId, Hold] = {}
        self.used: set[DoorId] = set()
        """The doors where this was ever used."""
        self._updates: dict[DoorId, Subscribers[()]] = {}
        self._busy = Counter[DoorId]()
        """How many commands each door has that the panel has not answered yet."""
        self._opened_at: dict[DoorId, float] = {}
        self._cancels: dict[DoorId, list[CALLBACK_TYPE]] = {}
        site.status_updates.subscribe(self._process_all)
        site.evacuation.updates.subscribe(self._process_all)
        site.panel.removed_doors.subscribe(self._handle_removed)

    def updates(self, door: Door) -> Subscribers[()]:
        """Return the subscribers to the end of a door."""
        return self._updates.setdefault(door.id, Subscribers())

    def end(self, door: Door) -> datetime | None:
        """Return when a door is locked; None if it is not held open until a time."""
        hold = self.holds.get(door.id)
        return None if hold is None or hold.failed else hold.end

    @callback
    def async_start(self) -> None:
        """Follow the doors that were held open when this was stored."""
        for door_id in list(self.holds):
            if (door := self._panel.doors.get(door_id)) is None:
                del self.holds[door_id]
            else:
                self._follow(door)
        self._update_issue()

    @callback
    def async_stop(self) -> None:
        """Stop the timers."""
        for door_id in list(self._cancels):
            self._unfollow(door_id)

    async def async_hold(
        self, door: Door, end: datetime | None, during: AbstractContextManager[None]
    ) -> None:
        """Hold a door open until a time in UTC, or until it is locked.

        That is done even if the caller is cancelled. Raises CommandError.
        """
        await run_to_completion(self._async_hold(door, end), during)

    async def _async_hold(self, door: Door, end: datetime | None) -> None:
        """Hold a door open; without an answer it may be open, so its end stays."""
        before = self.holds.get(door.id)
        self.holds[door.id] = Hold(end)
        is_first = door.id not in self.used
        self.used.add(door.id)
        await self._save()
        self._follow(door)
        self._opened_at[door.id] = now()
        try:
            with self._keeping_busy(door):
                await self._panel.send(ActuateOpen(door.id))
        except CommandUnansweredError:
            raise
        except CommandError:
            if before is None:
                self._end(door)
            else:
                self.holds[door.id] = before
                self._follow(door)
            raise
        finally:
            if is_first:
                self._panel.door_updates.notify((door,))
            self.updates(door).notify()
            self._update_issue()
            # its end may have come meanwhile
            self._process(door)
        self._handle_relay(door)

    @contextmanager
    def _keeping_busy(self, door: Door) -> Iterator[None]:
        """Mark a door that is being opened or locked."""
        self._busy[door.id] += 1
        try:
            yield
        finally:
            self._busy[door.id] -= 1

    def _follow(self, door: Door) -> None:
        """Follow the relay of a door, and wait for its end."""
        self._unfollow(door.id)
        relay = door.updates(Aspect.RELAY)
        cancels = [relay.subscribe(partial(self._handle_relay, door))]
        if (end := self.end(door)) is not None:
            cancels.append(
                async_track_point_in_utc_time(
                    self._hass, partial(self._handle_time, door), end
                )
            )
        self._cancels[door.id] = cancels

    def _unfollow(self, door_id: DoorId) -> None:
        """Do not follow a door any more."""
        for cancel in self._cancels.pop(door_id, ()):
            cancel()

    def _end(self, door: Door) -> None:
        """End the hold of a door, which is locked or gone."""
        if self.holds.pop(door.id, None) is None:
            return
        self._unfollow(door.id)
        self._create_task(self._save(), "hold")
        self.updates(door).notify()
        self._update_issue()

    @callback
    def _handle_relay(self, door: Door) -> None:
        """Handle a change of the relay: a door that is off is not held open any more."""
        # what a rejected token held back may be from before the door was opened
        may_be_old = self._site.stream.held_since < self._opened_at.get(door.id, 0)
        is_locked = door.state.is_known_as(Aspect.RELAY, False)
        if is_locked and not self._busy[door.id] and not may_be_old:
            self._end(door)

    @callback
    def _handle_removed(self, door: Door) -> None:
        """Handle a door that is gone."""
        self._end(door)
        self.used.discard(door.id)

    @callback
    def _handle_time(self, door: Door, _: datetime) -> None:
        """Handle the end of a door."""
        self._process(door)

    @callback
    def _process_all(self) -> None:
        """Make good what has ended, after an outage, a restart or an evacuation."""
        for door_id in list(self.holds):
            if door := self._panel.doors.get(door_id):
                self._process(door)

    def _process(self, door: Door) -> None:
        """Lock a door whose end has come, once that can be sent."""
        hold = self.holds.get(door.id)
        if (
            hold is None
            or (end := self.end(door)) is None
            or self._busy[door.id]
            or end > dt_util.utcnow()
        ):
            return
        if door.state.is_known_as(Aspect.RELAY, False):
            self._end(door)
        elif self._site.connected and not self._site.evacuation.requested:
            self._create_task(self._async_lock(door, hold, end), "hold")

    async def _async_lock(self, door: Door, hold: Hold, end: datetime) -> None:
        """Lock a door at its end, once."""
        is_late = dt_util.utcnow() - end > LATE
        try:
            with self._keeping_busy(door):
                await self._panel.send(ActuateClose(door.id))
        except NotConnectedError:
            # nothing was sent, so it is made good later
            return
        except CommandError as err:
            _LOGGER.warning(
                "%r was held open until %r and could not be locked: %s",
                self._devices.door_name(door),
                end.isoformat(),
                type(err).__name__,
            )
            hold.failed = True
            await self._save()
            self.updates(door).notify()
            self._update_issue()
            # somebody else may have locked it meanwhile
            self._handle_relay(door)
            return
        if self.holds.get(door.id) is hold:
            # it was not held open again meanwhile
            self._end(door)
        if is_late:
            self._tell_late(door, end)

    def _tell_late(self, door: Door, end: datetime) -> None:
        """Say in the log and in *Activity* that a door was locked late."""
        name, local = self._devices.door_name(door), dt_util.as_local(end)
        _LOGGER.warning(
            "%r was to be locked at %r and is locked now", name, local.isoformat()
        )
        text = async_get_text(self._hass, "locked_late", "{time}")
        identifier = door_identifier(self._panel.info.id, door.id)
        lock = async_get_entity_id(self._hass, LOCK_DOMAIN, identifier, "lock")
        message = text.format(time=f"{local:%Y-%m-%d %H:%M}")
        async_log_entry(self._hass, name, message, DOMAIN, lock)

    def _update_issue(self) -> None:
        """Create or delete the issue about doors that did not confirm their end."""
        failed = (key for key, hold in self.holds.items() if hold.failed)
        doors = [door for key in failed if (door := self._panel.doors.get(key))]
        async_update_hold_issue(
            self._hass,
            self._panel.info.id,
            sorted(map(self._devices.door_name, doors)),
        )


def holds_as_dict(holds: Holds) -> Stored:
    """Return what is stored of the doors that are, or ever were, held open."""
    return {
        "holds": [
            {
                "door_id": door_id,
                "end": hold.end and hold.end.isoformat(),
                "failed": hold.failed,
            }
            for door_id, hold in holds.holds.items()
        ],
        "held": [*holds.used],
    }


def restore_holds(holds: Holds, stored: Stored) -> None:
    """Restore the doors that are, or ever were, held open."""
    holds.holds = dict(parse_stored(stored.get("holds"), _hold_from_dict))
    holds.used = {*parse_door_ids(stored.get("held"))}


def _hold_from_dict(stored: Stored) -> tuple[DoorId, Hold]:
    """Return a stored hold. Raises LookupError, TypeError or ValueError."""
    if (door_id := parse_door_id(stored["door_id"])) is None:
        raise ValueError("invalid id")
    end = stored["end"]
    if end is not None:
        end = dt_util.as_utc(dt_util.parse_datetime(end, raise_on_error=True))
    return door_id, Hold(end, failed=stored["failed"] is True)
