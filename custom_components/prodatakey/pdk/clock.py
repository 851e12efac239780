"""How old an event is, although the panel's clock may be hours off.

An event cannot arrive before it happens, so the smallest difference between receipt
and `occurred` is the clocks' offset, plus the way of the fastest event.
"""

from collections import deque
import time

# An access event older than this is history when it arrives, in seconds.
LATE = 60.0
# So many events in a row that look late, and agree on an offset, mean that the panel's
# clock was changed.
DISAGREEING = 5
AGREEING_WITHIN = 5.0


class PanelClock:
    """The offset between the panel's clock and this machine's, for one connection."""

    def __init__(self) -> None:
        """Start without an offset: nothing has been heard."""
        self._offset: float | None = None
        self._disagreeing: deque[float] = deque(maxlen=DISAGREEING)

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
        difference = time.monotonic() - occurred / 1000
        if self._offset is None and held_back:
            return None
        if not held_back and self._was_changed(difference):
            self._offset = min(self._disagreeing)
            self._disagreeing.clear()
        if self._offset is None or difference < self._offset:
            self._offset = difference
        return difference - self._offset

    def _was_changed(self, difference: float) -> bool:
        """Return whether the last few events all speak of one other offset."""
        if self._offset is None or difference - self._offset <= LATE:
            self._disagreeing.clear()
            return False
        self._disagreeing.append(difference)
        spread = max(self._disagreeing) - min(self._disagreeing)
        return len(self._disagreeing) == DISAGREEING and spread <= AGREEING_WITHIN
