"""python-socketio 5 made to speak Socket.IO 2.x.

There the server connects the namespace "/" by itself, and a refusal comes as packet
`44` at any time.
"""

import asyncio
from collections.abc import Callable
import logging
from typing import override

import aiohttp
import orjson
import socketio
from socketio import packet as socketio_packet

from .engineio3 import Transport
from .errors import CannotConnectError, NotConnectedError, StreamRefusedError
from .fields import loads
from .rest import describe

CONNECT_TIMEOUT = 10.0
LONGEST_REASON = 100

# Both libraries log what they send and receive: tokens, PINs and people.
_SILENT = logging.getLogger(f"{__name__}.silenced")
_SILENT.disabled = True


class _Orjson:
    """The two functions of `json` that a packet needs."""

    loads = staticmethod(loads)

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        """Return compact JSON."""
        return orjson.dumps(value).decode()


class _Packet(socketio_packet.Packet):  # type: ignore[misc]
    """A packet with its own JSON; `json=` would change that of the whole process."""

    json = _Orjson


class Socket(socketio.AsyncClient):  # type: ignore[misc]
    """One connection to a Socket.IO 2.x server, from `open` to `ended`.

    `on_event` is called with each event's name and its first argument.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_connect: Callable[[Socket], None],
        on_event: Callable[[str, object], None],
    ) -> None:
        """Prepare a connection that is used once."""
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            logger=_SILENT,
            engineio_logger=_SILENT,
            http_session=session,
            serializer=_Packet,
        )
        self.eio.take_plain_event = self._take_plain_event
        self._on_connect = on_connect
        self._on_event = on_event
        self._accepted = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self, url: str) -> None:
        """Connect until the server has accepted.

        Raises CannotConnectError and StreamRefusedError.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self.connect(url, namespaces=["/"], wait=False)
                await asyncio.wait(
                    {self._accepted, self.ended}, return_when=asyncio.FIRST_COMPLETED
                )
        except aiohttp.WSServerHandshakeError as err:
            refused = err.status in range(400, 500) and err.status != 429
            kind = StreamRefusedError if refused else CannotConnectError
            raise kind(describe(err)) from None
        except (aiohttp.ClientError, OSError) as err:
            # from None: aiohttp's errors carry the URL, and that carries the token
            raise CannotConnectError(describe(err)) from None
        if not self._accepted.done():
            raise StreamRefusedError(self.ended.result())

    async def send_event(self, name: str, argument: object) -> None:
        """Hand one event to the network, or raise NotConnectedError."""
        if self.eio.state != "connected" or not self._accepted.done():
            raise NotConnectedError
        await self.emit(name, argument)

    async def ping(self) -> asyncio.Future[None]:
        """Ping, and return the pong: then all that was sent before has arrived."""
        pong: asyncio.Future[None] = await self.eio.ping()
        return pong

    async def close(self) -> None:
        """End the connection and whatever runs for it."""
        await self.eio.disconnect(abort=True)
        if self.eio.read_loop_task is not None:
            await asyncio.wait({self.eio.read_loop_task})

    def abort(self) -> None:
        """Cut the connection, and let nothing that is still unsent arrive later."""
        self.eio.cut()
        self._end("aborted")

    @override
    def _engineio_client_class(self) -> type[Transport]:
        """Return the transport of this protocol."""
        return Transport

    @override
    async def _handle_eio_connect(self) -> None:
        """Wait for the server's `40`; one of our own would connect a second time."""

    @override
    async def _handle_eio_message(self, data: str) -> None:
        """Handle one Socket.IO packet; what is none is passed over."""
        try:
            pkt = self.packet_class(encoded_packet=data)
        except ValueError, TypeError, IndexError:
            return
        if pkt.namespace not in (None, "/"):
            return
        match pkt.packet_type:
            case socketio_packet.EVENT:
                self._take_event(pkt.data)
            case socketio_packet.CONNECT:
                self._take_connect()
            case socketio_packet.DISCONNECT:
                await self._leave("disconnected by the panel")
            case socketio_packet.CONNECT_ERROR:
                await self._leave(_reason(pkt.data))

    def _take_plain_event(self, text: str) -> None:
        """Deliver an event without the cost of a packet object."""
        try:
            data = loads(text)
        except ValueError:
            return
        self._take_event(data)

    def _take_event(self, data: object) -> None:
        """Deliver an event that has a name."""
        if isinstance(data, list) and data and isinstance(data[0], str):
            self._on_event(data[0], data[1] if len(data) > 1 else None)

    def _take_connect(self) -> None:
        """Note that the server has accepted; it may say so twice."""
        if not self._accepted.done():
            self.namespaces["/"] = self.eio.sid
            self._accepted.set_result(None)
            self._on_connect(self)

    async def _leave(self, reason: str) -> None:
        """End the connection as the server asks; called while reading."""
        self._end(reason)
        await self.eio.disconnect(abort=True)

    @override
    async def _handle_eio_disconnect(self, reason: str) -> None:
        """Note the end of the transport."""
        self._end(reason)

    def _end(self, reason: str) -> None:
        """Tell whoever waits why the connection ended; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(reason)


def _reason(data: object) -> str:
    """Return the text of a refusal: a string, or an object with a message."""
    text = data.get("message") if isinstance(data, dict) else data
    return text[:LONGEST_REASON] if isinstance(text, str) else "refused by the panel"
