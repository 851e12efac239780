"""Make python-socketio 5 speak Socket.IO 2.x.

In 2.x the server connects the namespace "/" by itself, and a refusal comes as packet
`44` at any time.
"""

import asyncio
from collections.abc import Callable
from typing import Any, override

import aiohttp
import orjson
import socketio
from socketio import packet as socketio_packet

from .. import connection
from ..connection import SILENCED, Packet
from ..errors import CannotConnectError, NotConnectedError, StreamRefusedError
from ..http import describe_error
from ..parser import loads
from .engineio3 import Transport


class Socket(socketio.AsyncClient):
    """One connection to a Socket.IO 2.x server, from `open` until `ended`.

    `on_event` is called with the name and the first argument of each event.
    """

    eio: Transport

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_connect: Callable[[Socket], None],
        on_event: Callable[[str, object], None],
    ) -> None:
        """Initialize a connection that is used once."""
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            logger=SILENCED,
            engineio_logger=SILENCED,
            http_session=session,  # type: ignore[arg-type] # stubs: requests
            serializer=Packet,
        )
        self.eio.on_plain_event = self._handle_plain_event
        self._on_connect = on_connect
        self._on_event = on_event
        self._accepted = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self, url: str) -> None:
        """Connect and wait until the server has accepted.

        Raises CannotConnectError and StreamRefusedError.
        """
        try:
            async with asyncio.timeout(connection.CONNECT_TIMEOUT):
                await self.connect(url, namespaces=["/"], wait=False)
                await asyncio.wait(
                    {self._accepted, self.ended}, return_when=asyncio.FIRST_COMPLETED
                )
        except aiohttp.WSServerHandshakeError as err:
            refused = err.status in range(400, 500) and err.status != 429
            error = StreamRefusedError if refused else CannotConnectError
            raise error(describe_error(err)) from None
        except (aiohttp.ClientError, OSError) as err:
            # from None: aiohttp's errors contain the URL, and the URL the token
            raise CannotConnectError(describe_error(err)) from None
        if not self._accepted.done():
            raise StreamRefusedError(self.ended.result())

    async def send_event(self, name: str, argument: dict[str, Any]) -> None:
        """Send one event. Raises NotConnectedError."""
        if self.eio.state != "connected" or not self._accepted.done():
            raise NotConnectedError
        await self.emit(name, argument)

    async def ping(self) -> asyncio.Future[None]:
        """Send a ping and return its pong: then all that was sent before has arrived."""
        return await self.eio.ping()

    async def close(self) -> None:
        """Close the connection and wait for its tasks."""
        await self.eio.disconnect(abort=True)
        if self.eio.read_loop_task is not None:
            await asyncio.wait({self.eio.read_loop_task})

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

    async def _handle_eio_message(self, data: Any) -> None:
        """Handle one Socket.IO packet; anything else is ignored."""
        try:
            pkt = self.packet_class(encoded_packet=data)
        except ValueError, TypeError, IndexError:
            return
        if pkt.namespace not in (None, "/"):
            return
        match pkt.packet_type:
            case socketio_packet.EVENT:
                match pkt.data:
                    case [str(name), *arguments]:
                        self._on_event(name, arguments[0] if arguments else None)
            case socketio_packet.CONNECT:
                self._handle_accepted()
            case socketio_packet.DISCONNECT:
                await self._handle_end("disconnected by the panel")
            case socketio_packet.CONNECT_ERROR:
                await self._handle_end(_reason(pkt.data))

    def _handle_plain_event(self, text: str) -> None:
        """Handle an event without the cost of a packet object."""
        try:
            data = orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                data = loads(text)
            except ValueError:
                return
        if data and isinstance(data[0], str):
            self._on_event(data[0], data[1] if len(data) > 1 else None)

    def _handle_accepted(self) -> None:
        """Handle the server's `40`, which may come twice."""
        if not self._accepted.done():
            self.namespaces["/"] = self.eio.sid
            self._accepted.set_result(None)
            self._on_connect(self)

    async def _handle_end(self, reason: str) -> None:
        """Close the connection as the server asks."""
        self._end(reason)
        await self.eio.disconnect(abort=True)

    async def _handle_eio_disconnect(self, reason: str) -> None:
        """Handle the end of the transport."""
        self._end(reason)

    def _end(self, reason: str) -> None:
        """Set why the connection ended; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(reason)


def _reason(data: object) -> str:
    """Return the text of a refusal: a string, or an object with a message."""
    text = data.get("message") if isinstance(data, dict) else data
    return text if isinstance(text, str) else "refused by the panel"
