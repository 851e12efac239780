"""Compute how old an event is, although the clocks of a panel may be hours off.

An event cannot arrive before it happens, so the smallest difference between receipt
and `occurred` is the offset of the clocks, plus the delay of the fastest event. The
controllers of a panel have clocks of their own, so each door has an offset of its own.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
import time

# An older access event is not news any more when it arrives, in seconds.
MAX_EVENT_AGE = 60.0
# Samples of another offset agree if they are within this many seconds.
MAX_SPREAD = 5.0
# A clock was set back if this many events in a row agree, and arrive over more than
# MAX_BURST seconds. Events that arrive all at once after an outage are late instead.
MIN_SAMPLES_BACK = 5
MAX_BURST = 5.0
# A clock was set forward if this many events agree: such events cannot be late.
MIN_SAMPLES_FORWARD = 2

# Seconds that also pass while the machine is suspended, where the system counts them.
now = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class _OffsetCandidate:
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

    def is_confirmed(self, received: float, offset: float) -> bool:
        """Return whether the clock was set."""
        if self.highest < offset:
            return self.count >= MIN_SAMPLES_FORWARD
        return self.count >= MIN_SAMPLES_BACK and received - self.since >= MAX_BURST


class _SourceClock:
    """The offset of the clock of one door's controller, or of the panel itself."""

    def __init__(self, offset: float) -> None:
        """Initialize with the first difference."""
        self.offset = offset
        self._candidate: _OffsetCandidate | None = None

    def age(self, received: float, difference: float, *, learn: bool) -> float:
        """Return the age of an event in seconds, and learn from it."""
        age = difference - self.offset
        if -MAX_SPREAD <= age < 0:
            self.offset = difference
        if -MAX_SPREAD <= age <= MAX_EVENT_AGE:
            self._candidate = None
        elif learn:
            self._update_candidate(received, difference)
        return max(difference - self.offset, 0.0)

    def _update_candidate(self, received: float, difference: float) -> None:
        """Replace the offset if the last events confirm another one."""
        candidate = self._candidate
        if candidate is None or not candidate.add(difference):
            self._candidate = _OffsetCandidate(received, difference, difference)
        elif candidate.is_confirmed(received, self.offset):
            self.offset = candidate.lowest
            self._candidate = None


class PanelClock:
    """The offsets of a panel's clocks to this machine's, for one connection."""

    def __init__(self) -> None:
        """Initialize without an offset."""
        self._sources: dict[Hashable, _SourceClock] = {}

    @property
    def seconds_behind(self) -> float | None:
        """Return how far the panel's clock is behind this machine's, in seconds."""
        if (source := next(iter(self._sources.values()), None)) is None:
            return None
        return source.offset + time.time() - now()

    def age(
        self,
        occurred: int | None,
        *,
        source: Hashable = None,
        maybe_delayed: bool = False,
    ) -> float | None:
        """Return the age of an event in seconds, and learn the offset from it.

        `occurred` is epoch milliseconds on the clock of `source`, a door, or None for
        the panel itself. `maybe_delayed` events
        may have been held back, so they teach nothing. None means unknown.
        """
        if occurred is None:
            return None if maybe_delayed else 0.0
        received = now()
        difference = received - occurred / 1000
        clock = self._sources.get(source)
        if clock is None:
            if maybe_delayed:
                return None
            clock = self._sources[source] = _SourceClock(self._first_offset(difference))
        return clock.age(received, difference, learn=not maybe_delayed)

    def _first_offset(self, difference: float) -> float:
        """Return the first offset of a source: that of its first event.

        An event that is late by an offset that two other sources agree on may be late
        indeed, so the agreed offset is used until more events confirm another.
        """
        offsets = sorted(clock.offset for clock in self._sources.values())
        agreed = [
            high for low, high in pairwise(offsets) if high - low <= MAX_EVENT_AGE
        ]
        if agreed and difference - agreed[-1] > MAX_EVENT_AGE:
            return agreed[-1]
        return difference
