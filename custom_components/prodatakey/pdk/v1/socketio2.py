"""Make python-socketio 5 speak Socket.IO 2.x.

In 2.x the server connects the namespace "/" by itself, and a refusal comes as packet
`44` at any time.
"""

import asyncio
from collections.abc import Callable
from typing import override

import aiohttp

from ..connection import BaseSocket, ignore
from .engineio3 import Transport


class Socket(BaseSocket):
    """One connection to a Socket.IO 2.x server."""

    eio: Transport

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_connect: Callable[[Socket], None] = ignore,
        on_event: Callable[[str, object], None] = ignore,
    ) -> None:
        """Initialize a connection; `on_connect` is called before its first event."""
        super().__init__(session, on_event)
        self._on_connect = on_connect

    async def ping(self) -> asyncio.Future[None]:
        """Send a ping and return its pong: then all that was sent before has arrived."""
        return await self.eio.ping()

    @override
    async def close(self) -> None:
        """Close the connection, without a reset unless it was aborted or has ended."""
        if not self.ended.done():
            self.eio.set_reset_on_close(enabled=False)
        await super().close()

    def abort(self) -> None:
        """Reset the connection, so that nothing unsent arrives later."""
        self.eio.abort()
        self._end("aborted")

    @override
    def _engineio_client_class(self) -> type[Transport]:
        """Return the transport of this protocol."""
        return Transport

    async def _handle_eio_connect(self) -> None:
        """Wait for the server's `40`; sending one would connect a second time."""

    @override
    def _handle_accepted(self) -> None:
        """Handle the server's `40`; events follow at once."""
        if not self._accepted.done():
            super()._handle_accepted()
            # once, not for each command: the process may end while one is on its way
            self.eio.set_reset_on_close(enabled=True)
            self._on_connect(self)
