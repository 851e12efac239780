"""The behaviour of a door: its relay, sensors and alarms. Independent of the network."""

from asyncio import TimerHandle
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from .clock import Clock
from .scenario import Device


class RejectedError(Exception):
    """The door does not execute the command."""


@dataclass(slots=True)
class DoorState:
    """The present state of a door."""

    relay: bool = False
    dps: bool = False
    rex: bool = False
    propped: bool = False
    forced: bool = False
    dnd: bool = False
    latched: bool = False
    auto_open: bool = False


class Door:
    """One relay with its sensors; calls `emit` with the topic of every change."""

    def __init__(
        self, device: Device, clock: Clock, emit: Callable[[str], None]
    ) -> None:
        """Initialize the door as closed and locked."""
        self.device = device
        self.state = DoorState()
        # The last access request at this reader, for the web page only.
        self.last_request: dict[str, Any] | None = None
        self._clock = clock
        self._emit = emit
        self._relock: TimerHandle | None = None
        self._prop: TimerHandle | None = None
        self._rex_end: TimerHandle | None = None

    def as_json(self) -> dict[str, bool]:
        """Return the state."""
        return asdict(self.state)

    @property
    def denies_access(self) -> bool:
        """Return whether all access requests are denied."""
        return self.state.dnd or self.state.latched

    def open_for(self, tenths: int | None = None) -> None:
        """Unlock for a dwell; the default is the device's own."""
        self._check_dnd()
        if self.state.latched:
            raise RejectedError("Force toggle is in effect.")
        self._start_dwell(tenths)

    def hold(self) -> None:
        """Unlock until the door is locked."""
        self._check_dnd()
        self.state.latched = False
        self.set_relay(True)

    def lock(self) -> None:
        """Lock, and end a latch."""
        self.state.latched = False
        self.set_relay(False)

    def force_toggle(self) -> None:
        """Toggle the relay and latch it; toggling it again ends the latch."""
        self._check_dnd()
        self.state.latched = not self.state.latched
        self.set_relay(not self.state.relay)

    def toggle_dnd(self) -> None:
        """Toggle do not disturb."""
        self.state.dnd = not self.state.dnd
        self._emit(f"door.forceclose.{'on' if self.state.dnd else 'off'}")
        if self.state.dnd:
            self.lock()

    def schedule(self, on: bool | None = None) -> None:
        """Begin or end unlocking by schedule; without `on` toggle it."""
        on = not self.state.auto_open if on is None else on
        if self.state.auto_open == on:
            return
        self.state.auto_open = on
        self._emit(f"door.autoopen.{'on' if on else 'off'}")
        if not self.denies_access:
            self.set_relay(on)

    def clear_forced(self) -> None:
        """Clear the forced alarm."""
        if self.state.forced:
            self.state.forced = False
            self._emit("door.alarm.forced.cleared")

    def request_exit(self, seconds: float | None = None) -> None:
        """Press REX for a time; the default is the dwell."""
        self._cancel(self._rex_end)
        if not self.state.rex:
            self.state.rex = True
            self._emit("door.input.rex.on")
        if not self.denies_access:
            self._start_dwell(None)
        duration = self.device["dwell"] / 10 if seconds is None else seconds
        self._rex_end = self._clock.call_later(duration, self._release_rex)

    def open_dps(self) -> None:
        """Open the door by hand."""
        if self.state.dps:
            return
        self.state.dps = True
        self._emit("door.input.dps.opened")
        if self._is_forced():
            self.state.forced = True
            self._emit("door.alarm.forced")
        if self.device["dps"] and self.device["propAlarm"]:
            self._prop = self._clock.call_later(
                self.device["propDelay"], self._set_propped
            )

    def close_dps(self) -> None:
        """Close the door by hand."""
        if not self.state.dps:
            return
        self._cancel(self._prop)
        self.state.dps = False
        self._emit("door.input.dps.closed")
        if self.state.propped:
            self.state.propped = False
            self._emit("door.alarm.propped.off")

    def force(self) -> None:
        """Open the door although it is locked."""
        self.lock()
        self.open_dps()

    def set_relay(self, on: bool) -> None:
        """Switch the relay and end a dwell."""
        self._cancel(self._relock)
        self._relock = None
        if self.state.relay != on:
            self.state.relay = on
            self._emit(f"door.input.relay.{'on' if on else 'off'}")

    def stop(self) -> None:
        """Cancel the timers."""
        for timer in (self._relock, self._prop, self._rex_end):
            self._cancel(timer)

    def _start_dwell(self, tenths: int | None) -> None:
        # The end of a dwell must not lock a door that is held unlocked.
        if self.state.relay and self._relock is None:
            return
        self.set_relay(True)
        seconds = (self.device["dwell"] if tenths is None else tenths) / 10
        self._relock = self._clock.call_later(seconds, lambda: self.set_relay(False))

    def _is_forced(self) -> bool:
        alarmed = self.device["dps"] and self.device["forcedAlarm"]
        expected = self.state.relay or self.state.rex
        return alarmed and not expected and not self.state.forced

    def _set_propped(self) -> None:
        self.state.propped = True
        self._emit("door.alarm.propped.on")

    def _release_rex(self) -> None:
        self.state.rex = False
        self._emit("door.input.rex.off")

    def _check_dnd(self) -> None:
        if self.state.dnd:
            raise RejectedError("Do not disturb is on.")

    @staticmethod
    def _cancel(timer: TimerHandle | None) -> None:
        if timer:
            timer.cancel()
