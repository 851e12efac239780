"""Who is notified of something."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial


class Subscribers[*Args](dict[Callable[[*Args], None], None]):
    """The callbacks of one topic, in the order of their subscription."""

    __slots__ = ()

    def subscribe(self, callback: Callable[[*Args], None]) -> Callable[[], None]:
        """Subscribe a callback; return a function that unsubscribes it."""
        self[callback] = None
        return partial(self.pop, callback, None)

    @contextmanager
    def subscribed(self, callback: Callable[[*Args], None]) -> Iterator[None]:
        """Subscribe a callback for a while."""
        unsubscribe = self.subscribe(callback)
        try:
            yield
        finally:
            unsubscribe()

    def notify(self, *args: *Args) -> None:
        """Call all callbacks."""
        for callback in tuple(self):
            callback(*args)
