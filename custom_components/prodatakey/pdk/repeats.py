"""Events that come twice."""

# Ids of so many events are remembered.
REMEMBERED = 1000


class Repeats:
    """The ids of the last events: the same one twice counts once."""

    def __init__(self) -> None:
        """Start with none."""
        self._taken: dict[str, None] = {}

    def are_with(self, event_id: str | None) -> bool:
        """Return whether an event was taken already, and remember that it is now."""
        if event_id is None:
            return False
        if event_id in self._taken:
            return True
        self._taken[event_id] = None
        if len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]
        return False
