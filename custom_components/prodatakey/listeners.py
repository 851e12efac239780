"""Who is to be told of what."""

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any

from homeassistant.core import CALLBACK_TYPE, callback


class Listeners:
    """Callbacks by what they listen to; telling costs what those callbacks cost."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._by_subject: dict[Hashable, list[Callable[..., None]]] = {}

    @callback
    def listen(
        self, listener: Callable[..., None], *subjects: Hashable
    ) -> CALLBACK_TYPE:
        """Call a listener when one of these subjects is told of."""
        for subject in subjects:
            self._by_subject.setdefault(subject, []).append(listener)

        return partial(self._stop_listening, listener, subjects)

    @callback
    def _stop_listening(
        self, listener: Callable[..., None], subjects: Iterable[Hashable]
    ) -> None:
        """Forget a listener. No closure: there are thousands."""
        for subject in subjects:
            listeners = self._by_subject[subject]
            listeners.remove(listener)
            if not listeners:
                del self._by_subject[subject]

    @callback
    def tell(self, subject: Hashable, *what: Any) -> None:
        """Call everyone who listens to a subject."""
        for listener in tuple(self._by_subject.get(subject, ())):
            listener(*what)
