"""Compute how old an event is, although the panel's clock may be hours off.

An event cannot arrive before it happens, so the smallest difference between receipt
and `occurred` is the offset of the clocks, plus the delay of the fastest event.
"""

from dataclasses import dataclass
import time

# An older access event is not news any more when it arrives, in seconds.
MAX_EVENT_AGE = 60.0
# The panel's clock was set if this many events in a row agree on another offset to
# within MAX_SPREAD seconds, and arrive over more than MAX_BURST seconds. Events that
# arrive all at once after a network outage are late instead.
MIN_SAMPLES = 5
MAX_SPREAD = 5.0
MAX_BURST = 5.0


@dataclass(slots=True)
class _OffsetCandidate:
    """Another offset that the last events agree on, in seconds."""

    since: float
    lowest: float
    highest: float
    count: int = 0

    def add(self, difference: float) -> bool:
        """Add a sample; return whether it agrees."""
        self.lowest = min(self.lowest, difference)
        self.highest = max(self.highest, difference)
        self.count += 1
        return self.highest - self.lowest <= MAX_SPREAD

    def is_confirmed(self, now: float) -> bool:
        """Return whether there is no other explanation."""
        return self.count >= MIN_SAMPLES and now - self.since >= MAX_BURST


class PanelClock:
    """The offset between the panel's clock and this machine's, for one connection."""

    def __init__(self) -> None:
        """Initialize without an offset."""
        self._offset: float | None = None
        self._candidate: _OffsetCandidate | None = None

    @property
    def seconds_behind(self) -> float | None:
        """Return how far the panel's clock is behind this machine's, in seconds."""
        if self._offset is None:
            return None
        return self._offset + time.time() - time.monotonic()

    def age(self, occurred: int | None, *, maybe_delayed: bool) -> float | None:
        """Return the age of an event in seconds, and learn the offset from it.

        `occurred` is epoch milliseconds on the panel's clock. `maybe_delayed` events may
        have been held back while the token was expired. None means unknown.
        """
        if occurred is None:
            return None if maybe_delayed else 0.0
        now = time.monotonic()
        difference = now - occurred / 1000
        if self._offset is None and maybe_delayed:
            return None
        if not maybe_delayed:
            self._update_candidate(now, difference)
        if self._offset is None or difference < self._offset:
            self._offset = difference
        return difference - self._offset

    def _update_candidate(self, now: float, difference: float) -> None:
        """Replace the offset if the last events confirm another one."""
        if self._offset is None or difference - self._offset <= MAX_EVENT_AGE:
            self._candidate = None
            return
        if self._candidate is None or not self._candidate.add(difference):
            self._candidate = _OffsetCandidate(now, difference, difference, 1)
        if self._candidate.is_confirmed(now):
            self._offset = self._candidate.lowest
            self._candidate = None
