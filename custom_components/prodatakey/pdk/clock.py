"""How old an event is, although the panel's clock may be hours off.

An event cannot arrive before it happens, so the smallest difference between receipt
and `occurred` is the clocks' offset, plus the way of the fastest event.
"""

from dataclasses import dataclass
import time

# An access event older than this is history when it arrives, in seconds.
LATE = 60.0
# So many events in a row that look late, agree on an offset within so many seconds, and
# come over more than that time, mean that the panel's clock was changed. Those that come
# at once after the network stood still are late.
DISAGREEING = 5
AGREEING_WITHIN = 5.0
LONGEST_BURST = 5.0


@dataclass(slots=True)
class _Disagreement:
    """Events in a row that look late, and speak of one other offset, in seconds."""

    since: float
    lowest: float
    highest: float
    count: int = 0

    def takes(self, difference: float) -> bool:
        """Count one more, if it speaks of the same offset."""
        self.lowest = min(self.lowest, difference)
        self.highest = max(self.highest, difference)
        self.count += 1
        return self.highest - self.lowest <= AGREEING_WITHIN

    def is_proven(self, now: float) -> bool:
        """Return whether there is no other explanation."""
        return self.count >= DISAGREEING and now - self.since >= LONGEST_BURST


class PanelClock:
    """The offset between the panel's clock and this machine's, for one connection."""

    def __init__(self) -> None:
        """Start without an offset: nothing has been heard."""
        self._offset: float | None = None
        self._disagreement: _Disagreement | None = None

    @property
    def seconds_behind(self) -> float | None:
        """Return how far the panel's clock is behind this machine's, in seconds."""
        if self._offset is None:
            return None
        return self._offset + time.time() - time.monotonic()

    def age(self, occurred: int | None, *, held_back: bool) -> float | None:
        """Return how many seconds ago an event happened, and learn from it.

        `occurred` is epoch milliseconds on the panel's clock. `held_back` says that the
        event may come from the time when the token had expired. None is: cannot be told.
        """
        if occurred is None:
            return None if held_back else 0.0
        now = time.monotonic()
        difference = now - occurred / 1000
        if self._offset is None and held_back:
            return None
        if not held_back and (other := self._other_offset(now, difference)) is not None:
            self._offset = other
        if self._offset is None or difference < self._offset:
            self._offset = difference
        return difference - self._offset

    def _other_offset(self, now: float, difference: float) -> float | None:
        """Return what the last few events say, where that is another offset."""
        if self._offset is None or difference - self._offset <= LATE:
            self._disagreement = None
            return None
        known = self._disagreement
        if known is None or not known.takes(difference):
            known = self._disagreement = _Disagreement(now, difference, difference, 1)
        if not known.is_proven(now):
            return None
        self._disagreement = None
        return known.lowest
