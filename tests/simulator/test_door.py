"""The physics of doors, on a clock that the tests turn."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulator.devices import device
from simulator.door import Door, RefusedError

_SENSORS = {
    "dps": True,
    "rex": True,
    "forcedAlarm": True,
    "propAlarm": True,
    "propDelay": 10,
}


@dataclass
class _Timer:
    at: float
    call: Callable[[], None]
    clock: _HandClock

    def cancel(self) -> None:
        if self in self.clock.timers:
            self.clock.timers.remove(self)


@dataclass
class _HandClock:
    now: float = 0
    timers: list[_Timer] = field(default_factory=list)

    def after(self, seconds: float, call: Callable[[], None]) -> _Timer:
        self.timers.append(timer := _Timer(self.now + seconds, call, self))
        return timer

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        for timer in [each for each in self.timers if each.at <= self.now]:
            timer.cancel()
            timer.call()


class _Bench:
    def __init__(self, **fields: Any) -> None:
        self.clock = _HandClock()
        self.topics: list[str] = []
        source = {"id": 1, "dwell": 30} | _SENSORS | fields
        self.door = Door(device(source), self.clock, self.topics.append)

    def heard(self) -> list[str]:
        heard, self.topics[:] = self.topics[:], []
        return [each.removeprefix("door.") for each in heard]


def test_dwell() -> None:
    """A door locks again after its dwell, and not before."""
    bench = _Bench()
    bench.door.open_for()
    assert bench.heard() == ["input.relay.on"]
    bench.clock.pass_by(2.9)
    assert bench.door.live.relay
    bench.clock.pass_by(0.1)
    assert bench.heard() == ["input.relay.off"]


def test_dwell_again_prolongs() -> None:
    """A second dwell starts anew and gives no event of its own."""
    bench = _Bench()
    bench.door.open_for()
    bench.clock.pass_by(2)
    bench.door.open_for()
    bench.clock.pass_by(2)
    assert bench.door.live.relay
    assert bench.heard() == ["input.relay.on"]
    bench.clock.pass_by(1)
    assert bench.heard() == ["input.relay.off"]


def test_hold_outlasts_dwells() -> None:
    """A held door stays open, whoever is let in meanwhile."""
    bench = _Bench()
    bench.door.open_for()
    bench.door.hold()
    bench.door.open_for(1)
    bench.clock.pass_by(100)
    assert bench.door.live.relay
    bench.door.lock()
    assert bench.heard() == ["input.relay.on", "input.relay.off"]


def test_only_changes_tell() -> None:
    """What is so already gives no event."""
    bench = _Bench()
    bench.door.lock()
    bench.door.close_dps()
    bench.door.clear_forced()
    assert bench.heard() == []


def test_force_toggle_latches() -> None:
    """A toggled door refuses access until it is toggled back."""
    bench = _Bench()
    bench.door.force_toggle()
    with pytest.raises(RefusedError):
        bench.door.open_for()
    bench.door.force_toggle()
    bench.door.open_for()
    heard = bench.heard()
    assert heard == ["input.relay.on", "input.relay.off", "input.relay.on"]


def test_do_not_disturb() -> None:
    """Do not disturb locks and refuses, until toggled off."""
    bench = _Bench()
    bench.door.hold()
    bench.door.toggle_dnd()
    assert bench.heard() == ["input.relay.on", "forceclose.on", "input.relay.off"]
    for refused in (bench.door.open_for, bench.door.hold, bench.door.force_toggle):
        with pytest.raises(RefusedError):
            refused()
    bench.door.toggle_dnd()
    bench.door.open_for()
    assert bench.heard() == ["forceclose.off", "input.relay.on"]


def test_forced() -> None:
    """A locked door that opens is forced, until somebody clears it."""
    bench = _Bench()
    bench.door.open_dps()
    bench.door.close_dps()
    assert bench.heard() == ["input.dps.opened", "alarm.forced", "input.dps.closed"]
    assert bench.door.live.forced
    bench.door.clear_forced()
    assert bench.heard() == ["alarm.forced.cleared"]


@pytest.mark.parametrize(
    "expect", [lambda door: door.open_for(), lambda door: door.request_exit()]
)
def test_expected_is_not_forced(expect: Callable[[Door], None]) -> None:
    """Who was let in or out does not force the door."""
    bench = _Bench()
    expect(bench.door)
    bench.door.open_dps()
    assert not bench.door.live.forced


@pytest.mark.parametrize("lacking", ["dps", "forcedAlarm"])
def test_forced_needs_configuration(lacking: str) -> None:
    """Without a sensor or the alarm set, nothing is forced."""
    bench = _Bench(**{lacking: False})
    bench.door.force()
    assert bench.heard() == ["input.dps.opened"]


def test_propped() -> None:
    """A door that stands open too long is propped until it closes."""
    bench = _Bench()
    bench.door.hold()
    bench.door.open_dps()
    bench.clock.pass_by(9.9)
    assert bench.heard() == ["input.relay.on", "input.dps.opened"]
    bench.clock.pass_by(0.1)
    assert bench.heard() == ["alarm.propped.on"]
    bench.door.close_dps()
    assert bench.heard() == ["input.dps.closed", "alarm.propped.off"]


def test_closed_in_time() -> None:
    """A door that closes in time is not propped."""
    bench = _Bench()
    bench.door.hold()
    bench.door.open_dps()
    bench.door.close_dps()
    bench.clock.pass_by(100)
    assert not bench.door.live.propped


def test_request_exit() -> None:
    """The exit button opens for the dwell, and may be held longer."""
    bench = _Bench()
    bench.door.request_exit(5)
    bench.clock.pass_by(3)
    assert bench.heard() == ["input.rex.on", "input.relay.on", "input.relay.off"]
    bench.clock.pass_by(2)
    assert bench.heard() == ["input.rex.off"]
