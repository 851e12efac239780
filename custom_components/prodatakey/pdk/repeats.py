"""Events that come twice."""

# The ids of so many events are remembered, and at most of twice as many.
REMEMBERED = 1000


class Repeats:
    """The ids of the last events: the same one twice counts once."""

    def __init__(self) -> None:
        """Start with none."""
        self._latest: set[str] = set()
        self._earlier: set[str] = set()

    def are_with(self, event_id: str | None) -> bool:
        """Return whether an event was taken already, and remember that it is now."""
        if event_id is None:
            return False
        if event_id in self._latest or event_id in self._earlier:
            return True
        self._latest.add(event_id)
        if len(self._latest) == REMEMBERED:
            self._earlier, self._latest = self._latest, set()
        return False
