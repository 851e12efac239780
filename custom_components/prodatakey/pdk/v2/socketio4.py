"""Make python-socketio speak to the Socket.IO 4 server of a system."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, override

import aiohttp
import engineio
from engineio import packet as engineio_packet
from engineio.base_client import connected_clients

from ..connection import PLAIN_EVENT, BaseSocket, no_retry_session
from ..errors import NotConnectedError
from ..http import abort

# How long the library may take to end its own tasks, in seconds.
CLOSE_TIMEOUT = 2


class _Transport(engineio.AsyncClient):  # type: ignore[misc] # has no type information
    """The library's own transport, without a task for each event."""

    on_plain_event: Callable[[str], None]

    def __del__(self) -> None:
        """Do nothing: the library would close the session from a destructor."""

    async def _receive_packet(self, pkt: engineio_packet.Packet) -> None:
        """Handle a packet; an event without acknowledgement at once, and in order."""
        if pkt.packet_type == engineio_packet.MESSAGE and str(pkt.data).startswith(
            PLAIN_EVENT
        ):
            self.on_plain_event(pkt.data[1:])
        else:
            await super()._receive_packet(pkt)


class Socket(BaseSocket):
    """One connection to the Socket.IO 4 server of a system."""

    eio: _Transport

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_event: Callable[[str, object], None],
    ) -> None:
        """Initialize a connection."""
        self._session = no_retry_session(session, self._make_websocket)
        self._websocket: aiohttp.ClientWebSocketResponse | None = None
        super().__init__(self._session, on_event, request_timeout=CLOSE_TIMEOUT)

    @override
    async def send_event(self, name: str, argument: dict[str, Any]) -> None:
        """Send one event; after the end of the connection nothing is sent."""
        with suppress(NotConnectedError):
            await super().send_event(name, argument)

    def abort(self, reason: str) -> None:
        """End the connection; `close` has to follow."""
        self._end(reason)

    async def close(self) -> None:
        """Close the connection and wait for its tasks."""
        self._end("closed")
        # not that of the library, which has it only after the server's first word
        ws: Any = self._websocket
        tasks = {self.eio.read_loop_task, self.eio.write_loop_task} - {None}
        self.eio.state = "disconnected"
        connection = ws and ws._response.connection  # noqa: SLF001
        if connection is not None and connection.transport is not None:
            # not the closing handshake, which would wait on a dead network
            abort(connection.transport)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT)
        if ws is not None:
            await ws.close()
        await self._session.close()
        with suppress(ValueError):
            # the library keeps what it has not closed itself
            connected_clients.remove(self.eio)

    def _make_websocket(
        self, *args: Any, **options: Any
    ) -> aiohttp.ClientWebSocketResponse:
        """Return the websocket of this connection, which `close` closes."""
        self._websocket = aiohttp.ClientWebSocketResponse(*args, **options)
        return self._websocket

    @override
    def _engineio_client_class(self) -> type[_Transport]:
        """Return the transport of this protocol."""
        return _Transport
