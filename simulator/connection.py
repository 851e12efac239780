"""One client on the stream, and what its token lets it hear."""

import time
from typing import Any

from .engine import PanelSocket
from .panel import Event


class Connection:
    """A connected client. Once its token has ended, events wait for a new one."""

    def __init__(self, socket: PanelSocket, expires: float) -> None:
        """Start listening with a token that ends at `expires`."""
        self.socket = socket
        self._expires = expires
        self._kept: list[Event] = []

    def deliver(self, topic: str, *args: Any) -> None:
        """Send an event, or `invalidToken` in its place and keep it."""
        if time.monotonic() < self._expires:
            self.send(topic, *args)
        else:
            self._kept.append((topic, args))
            self.send("invalidToken")

    def send(self, topic: str, *args: Any) -> None:
        """Send an event, whatever the token."""
        self.socket.emit(topic, *args)

    def renew(self, expires: float) -> None:
        """Go on with a new token and catch up with what was missed."""
        self._expires = expires
        kept, self._kept = self._kept, []
        for topic, args in kept:
            self.deliver(topic, *args)
