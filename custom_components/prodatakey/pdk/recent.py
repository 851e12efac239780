"""The ids of the last events, to ignore one that comes twice."""

from collections import deque
from collections.abc import Iterable

# This many are kept, and fewer over a restart.
MAX_RECENT_IDS = 2000
MAX_STORED_IDS = 500


class RecentIds:
    """What identifies the last events."""

    def __init__(self) -> None:
        """Initialize without an event."""
        self._ids: set[str] = set()
        self._order: deque[str] = deque()

    def is_repeated(self, event_id: str) -> bool:
        """Return whether an event has come before; from now on it has."""
        if event_id in self._ids:
            return True
        if len(self._ids) == MAX_RECENT_IDS:
            self._ids.discard(self._order.popleft())
        self._ids.add(event_id)
        self._order.append(event_id)
        return False

    def to_store(self) -> list[str]:
        """Return the ids to be stored, newest last."""
        return list(self._order)[-MAX_STORED_IDS:]

    def restore(self, stored: Iterable[object]) -> None:
        """Ignore events that came before a restart; what is no text is left out."""
        for each in stored:
            if isinstance(each, str):
                self.is_repeated(each)
