"""Who is to be told of what."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

from homeassistant.core import callback


class Listeners:
    """Callbacks by what they listen to; telling costs what those callbacks cost."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._by_subject: dict[Hashable, list[Callable[..., None]]] = {}

    @callback
    def add(self, listener: Callable[..., None], *subjects: Hashable) -> None:
        """Call a listener when one of these subjects is told of."""
        for subject in subjects:
            self._by_subject.setdefault(subject, []).append(listener)

    @callback
    def remove(self, listener: Callable[..., None], *subjects: Hashable) -> None:
        """Call a listener of these subjects no more."""
        for subject in subjects:
            listeners = self._by_subject[subject]
            listeners.remove(listener)
            if not listeners:
                del self._by_subject[subject]

    @contextmanager
    def listening(
        self, listener: Callable[..., None], *subjects: Hashable
    ) -> Iterator[None]:
        """Call a listener when one of these subjects is told of, for a while."""
        self.add(listener, *subjects)
        try:
            yield
        finally:
            self.remove(listener, *subjects)

    @callback
    def tell(self, subject: Hashable, *what: Any) -> None:
        """Call everyone who listens to a subject."""
        for listener in tuple(self._by_subject.get(subject, ())):
            listener(*what)
