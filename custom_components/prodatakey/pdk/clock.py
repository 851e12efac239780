"""Compute how old an event is, although the clocks of a panel may be hours off.

An event cannot arrive before it happens, so the smallest difference between receipt
and `occurred` is the offset of the clocks, plus the delay of the fastest event. The
controllers of a panel have clocks of their own, so each door has an offset of its own.
docs/reliability.md says which events fire before an offset is known.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
import math
import time

# An older access event is not news any more when it arrives, in seconds.
MAX_EVENT_AGE = 60.0
# Differences agree if they are within this many seconds.
MAX_SPREAD = 5.0
# Events that were held back arrive together, within this many seconds. Those that agree
# over a longer time are not late.
MAX_BURST = 5.0
# Of a heap, those fire whose times are as far apart as their arrivals, to this many seconds.
SAME_TIME = 1.0
# So many events that agree set an unknown clock, or set a known one forward.
MIN_SAMPLES = 2
# So many in a row set a known clock back: until then they look late.
MIN_SAMPLES_BACK = 5

# Since when an event may have been held back, see `BaseStream.held_since`.
NOT_HELD = math.inf
HELD_FOR_UNKNOWN_TIME = -math.inf

# Seconds that also pass while the machine is suspended, where the system counts them.
now = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def is_recent(held_since: float) -> bool:
    """Return whether an event without a usable time is news."""
    return now() - held_since <= MAX_EVENT_AGE


@dataclass(slots=True)
class _Candidate:
    """Another offset that the last events agree on, in seconds."""

    since: float
    lowest: float
    highest: float
    count: int = 1

    def add(self, difference: float) -> bool:
        """Add a sample; return whether it agrees."""
        self.lowest = min(self.lowest, difference)
        self.highest = max(self.highest, difference)
        self.count += 1
        return self.highest - self.lowest <= MAX_SPREAD


@dataclass(slots=True)
class _SourceClock:
    """The clock of one door's controller, or what the doors have in common."""

    offset: float | None = None
    candidate: _Candidate | None = None
    fired_at: float = -math.inf
    """When the last access fired whose age nobody could tell, and its difference."""
    fired_difference: float = 0.0

    def add(self, received: float, difference: float, needed: int) -> bool:
        """Add an event that the offset does not explain; return whether it is set now."""
        candidate = self.candidate
        if candidate is None or not candidate.add(difference):
            self.candidate = _Candidate(received, difference, difference)
            return False
        if candidate.count < needed or received - candidate.since < MAX_BURST:
            return False
        self.offset, self.candidate = candidate.lowest, None
        return True


class PanelClock:
    """The offsets of a panel's clocks to this machine's, for one connection."""

    def __init__(self) -> None:
        """Initialize without an offset."""
        self._panel: float | None = None
        """The offset of the panel itself, from its answers to our commands."""
        self._common = _SourceClock()
        """What the doors agree on whose own clocks are unknown."""
        self._doors: dict[Hashable, _SourceClock] = {}
        self._trusted_machine: float | None = None
        """This machine's time as an offset, once an event of the panel had it."""
        self._unknown_at = -math.inf
        """When the last access came whose age nobody could tell."""

    @property
    def seconds_behind(self) -> float | None:
        """Return how far the panel's clock is behind this machine's, as far as is known."""
        clocks = (self._common, *self._doors.values())
        guesses = (clock.candidate.lowest for clock in clocks if clock.candidate)
        for offset in (self._panel, *(clock.offset for clock in clocks), *guesses):
            if offset is not None:
                return offset - _machine_offset()
        return None

    def learn_from_answer(self, occurred: int, sent: float) -> None:
        """Learn from the panel's answer to a command that was sent at this time of `now`.

        It showed `occurred`, in epoch milliseconds, between then and now, however late
        the answer is.
        """
        lowest, highest = sent - occurred / 1000, now() - occurred / 1000
        if highest - lowest > 2 * MAX_SPREAD:
            # too late to tell the time
            return
        if self._panel is None or not lowest <= self._panel <= highest:
            self._panel = min(highest, lowest + MAX_SPREAD)
        self._check_machine(self._panel)

    def age(
        self, occurred: int | None, *, door: Hashable, held_since: float = NOT_HELD
    ) -> float | None:
        """Return the age of an access in seconds, None if it must not fire.

        `occurred` is epoch milliseconds on the door's clock. `held_since` is a time of
        `now`: the event may have been held back, but not for longer.
        """
        if occurred is not None:
            age = self.learn(occurred, door=door, held_since=held_since)
            if age is not None:
                return age
        if not is_recent(held_since):
            return None
        if occurred is not None and not self._may_fire(occurred, door, held_since):
            return None
        return 0.0

    def learn(
        self, occurred: int, *, door: Hashable, held_since: float = NOT_HELD
    ) -> float | None:
        """Learn from an event; return its age in seconds, None if nobody can tell."""
        received = now()
        difference = received - occurred / 1000
        clock = self._doors.get(door)
        if clock is None:
            clock = self._doors[door] = _SourceClock()
        elif clock.offset is not None:
            age = difference - clock.offset
            if 0 <= age <= MAX_EVENT_AGE:
                clock.candidate = None
                return age
        # one that was held back has the right time, but a difference that is too large
        learns = received - held_since <= MAX_SPREAD
        if clock.offset is not None:
            return self._age_by_own_clock(clock, received, difference, learns)
        if held_since == HELD_FOR_UNKNOWN_TIME:
            return None
        return self._age_by_other_clocks(clock, received, difference, learns)

    def _age_by_own_clock(
        self, clock: _SourceClock, received: float, difference: float, learns: bool
    ) -> float | None:
        """Return the age of an event that the offset of its door does not explain."""
        age = difference - (clock.offset or 0.0)
        if -MAX_SPREAD <= age < 0:
            # the fastest event so far
            clock.offset, clock.candidate = difference, None
            return 0.0
        clocks = (self._panel, _machine_offset())
        # else it is late
        may_be_set = age < 0 or any(
            other is not None and _is_recent(difference - other) for other in clocks
        )
        needed = MIN_SAMPLES if may_be_set else MIN_SAMPLES_BACK
        if learns and clock.add(received, difference, needed):
            return difference - (clock.offset or 0.0)
        return None if may_be_set else age

    def _age_by_other_clocks(
        self, clock: _SourceClock, received: float, difference: float, learns: bool
    ) -> float | None:
        """Return the age of an event of a door whose clock is unknown."""
        machine = _machine_offset()
        others = [self._panel, self._common.offset]
        if self._trusted_machine is not None:
            if _agree(self._trusted_machine, machine):
                others.append(machine)
        ages = [difference - other for other in others if other is not None]
        recent = [age for age in ages if _is_recent(age)]
        is_late = any(age > MAX_EVENT_AGE for age in ages)
        has_machine_time = _is_recent(difference - machine)
        if has_machine_time and not is_late:
            recent.append(difference - machine)
        least = min(recent, key=abs, default=None)
        if least is not None and least <= MAX_SPREAD:
            if learns:
                clock.offset, clock.candidate = difference - max(least, 0.0), None
                self._common.candidate = None
                self._check_machine(difference)
            return max(least, 0.0)
        if learns and self._is_agreed(clock, received, difference):
            return difference - (clock.offset or 0.0)
        if least is None and is_late and not has_machine_time:
            return max(ages)
        return least

    def _is_agreed(
        self, clock: _SourceClock, received: float, difference: float
    ) -> bool:
        """Return whether the last events of a door, or of several, agree on its offset."""
        common = self._common
        is_late = common.offset is not None and difference > common.offset
        needed = MIN_SAMPLES_BACK if is_late else MIN_SAMPLES
        if common.add(received, difference, needed):
            clock.offset, clock.candidate = common.offset, None
            return True
        return clock.add(received, difference, MIN_SAMPLES)

    def _may_fire(self, occurred: int, door: Hashable, held_since: float) -> bool:
        """Return whether an access fires whose age nobody can tell: one of a heap.

        With it fires what happened at its door at the same time. What a token held back
        is recent, so then there is one for each door, and the others whose times fit.
        """
        received = now()
        difference = received - occurred / 1000
        clock = self._doors[door]
        fired_at, spread = self._unknown_at, SAME_TIME
        if held_since != NOT_HELD:
            fired_at, spread = clock.fired_at, received - held_since + MAX_SPREAD
        is_first = received - fired_at > MAX_BURST
        self._unknown_at = received
        if is_first:
            clock.fired_at, clock.fired_difference = received, difference
            return True
        is_near = received - clock.fired_at <= MAX_BURST
        return is_near and abs(difference - clock.fired_difference) <= spread

    def _check_machine(self, offset: float) -> None:
        """Trust this machine's time if a clock of the panel shows it."""
        machine = _machine_offset()
        if _agree(offset, machine):
            self._trusted_machine = machine


def _machine_offset() -> float:
    """Return the offset of a clock that shows this machine's time."""
    return now() - time.time()


def _agree(one: float, other: float) -> bool:
    """Return whether two offsets are the same."""
    return abs(one - other) <= MAX_SPREAD


def _is_recent(age: float) -> bool:
    """Return whether a clock by which an event has this age may be the event's own."""
    return -MAX_SPREAD <= age <= MAX_EVENT_AGE
