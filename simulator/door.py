"""How a door behaves. Knows nothing of networks, and only `clock` of time."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from .clock import Clock, Timer
from .devices import Device


class RefusedError(Exception):
    """The door does not do what it was asked to."""


@dataclass(slots=True)
class Live:
    """What is true of a door at this moment."""

    relay: bool = False
    dps: bool = False
    rex: bool = False
    propped: bool = False
    forced: bool = False
    dnd: bool = False
    latched: bool = False


class Door:
    """One relay with its sensors; tells `emit` the topic of every change."""

    def __init__(
        self, device: Device, clock: Clock, emit: Callable[[str], None]
    ) -> None:
        """Start closed, locked and quiet."""
        self.device = device
        self.live = Live()
        self._clock = clock
        self._emit = emit
        self._relock: Timer | None = None
        self._prop: Timer | None = None
        self._rex_end: Timer | None = None

    def state(self) -> dict[str, bool]:
        """Return the live state."""
        return asdict(self.live)

    @property
    def refuses_access(self) -> bool:
        """Tell whether access attempts are denied, whoever makes them."""
        return self.live.dnd or self.live.latched

    def open_for(self, tenths: int | None = None) -> None:
        """Unlock, and lock again after the dwell."""
        self._check_dnd()
        self._check_latch()
        self._dwell(tenths)

    def hold(self) -> None:
        """Unlock until somebody locks."""
        self._check_dnd()
        self.live.latched = False
        self.set_relay(True)

    def lock(self) -> None:
        """Lock, and end a latch."""
        self.live.latched = False
        self.set_relay(False)

    def force_toggle(self) -> None:
        """Flip the relay and keep it there; flipping it back ends the latch."""
        self._check_dnd()
        self.live.latched = not self.live.latched
        self.set_relay(not self.live.relay)

    def toggle_dnd(self) -> None:
        """Begin or end do not disturb."""
        self.live.dnd = not self.live.dnd
        self._emit(f"door.forceclose.{'on' if self.live.dnd else 'off'}")
        if self.live.dnd:
            self.lock()

    def clear_forced(self) -> None:
        """Clear the forced alarm."""
        if self.live.forced:
            self.live.forced = False
            self._emit("door.alarm.forced.cleared")

    def request_exit(self, seconds: float | None = None) -> None:
        """Press the exit button for a while."""
        self._cancel(self._rex_end)
        if not self.live.rex:
            self.live.rex = True
            self._emit("door.input.rex.on")
        if not self.refuses_access:
            self._dwell(None)
        for_seconds = self.device["dwell"] / 10 if seconds is None else seconds
        self._rex_end = self._clock.after(for_seconds, self._release_rex)

    def open_dps(self) -> None:
        """Open the door by hand."""
        if self.live.dps:
            return
        self.live.dps = True
        self._emit("door.input.dps.opened")
        if self._is_forced():
            self.live.forced = True
            self._emit("door.alarm.forced")
        if self.device["dps"] and self.device["propAlarm"]:
            self._prop = self._clock.after(self.device["propDelay"], self._propped)

    def close_dps(self) -> None:
        """Close the door by hand."""
        if not self.live.dps:
            return
        self._cancel(self._prop)
        self.live.dps = False
        self._emit("door.input.dps.closed")
        if self.live.propped:
            self.live.propped = False
            self._emit("door.alarm.propped.off")

    def force(self) -> None:
        """Break the locked door open."""
        self.lock()
        self.open_dps()

    def set_relay(self, on: bool) -> None:
        """Switch the relay, for good."""
        self._cancel(self._relock)
        self._relock = None
        if self.live.relay != on:
            self.live.relay = on
            self._emit(f"door.input.relay.{'on' if on else 'off'}")

    def stop(self) -> None:
        """Let nothing happen any more."""
        for timer in (self._relock, self._prop, self._rex_end):
            self._cancel(timer)

    def _dwell(self, tenths: int | None) -> None:
        # A door that is held open stays open: no dwell may lock it.
        if self.live.relay and self._relock is None:
            return
        self.set_relay(True)
        seconds = (self.device["dwell"] if tenths is None else tenths) / 10
        self._relock = self._clock.after(seconds, lambda: self.set_relay(False))

    def _is_forced(self) -> bool:
        alarmed = self.device["dps"] and self.device["forcedAlarm"]
        expected = self.live.relay or self.live.rex
        return alarmed and not expected and not self.live.forced

    def _propped(self) -> None:
        self.live.propped = True
        self._emit("door.alarm.propped.on")

    def _release_rex(self) -> None:
        self.live.rex = False
        self._emit("door.input.rex.off")

    def _check_dnd(self) -> None:
        if self.live.dnd:
            raise RefusedError("Do not disturb is on.")

    def _check_latch(self) -> None:
        if self.live.latched:
            raise RefusedError("Force toggle is in effect.")

    @staticmethod
    def _cancel(timer: Timer | None) -> None:
        if timer:
            timer.cancel()
