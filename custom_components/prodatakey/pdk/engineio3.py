"""python-socketio 5 made to speak Socket.IO 2.x, which is Engine.IO protocol 3.

There the client sends the pings, the server connects the namespace "/" by itself,
and a refusal comes as packet `44` at any time. Messages are handled inline: in order,
and without a task for each.
"""

import asyncio
from collections.abc import Callable
import logging
import socket
import struct
from typing import Any, override

import aiohttp
import engineio
from engineio import packet as engineio_packet
import orjson
import socketio
from socketio import packet as socketio_packet

from .errors import CannotConnectError, NotConnectedError, StreamRefusedError
from .rest import describe

CONNECT_TIMEOUT = 10.0
CLOSE_TIMEOUT = 1.0
LONGEST_REASON = 100

_MESSAGE = str(engineio_packet.MESSAGE)
_CLOSE = str(engineio_packet.CLOSE)
# An event of "/" that wants no acknowledgement: what a panel sends.
_PLAIN_EVENT = f"{_MESSAGE}{socketio_packet.EVENT}["

# Both libraries log what they send and receive: tokens, PINs and people.
_SILENT = logging.getLogger(f"{__name__}.silenced")
_SILENT.disabled = True


class _Orjson:
    """The two functions of `json` that a packet needs."""

    loads = staticmethod(orjson.loads)

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        """Return compact JSON."""
        return orjson.dumps(value).decode()


class _Packet(socketio_packet.Packet):  # type: ignore[misc]
    """A packet with its own JSON; `json=` would change that of the whole process."""

    json = _Orjson


async def _ask_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Make an error of what aiohttp would answer with a second attempt by itself."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise CannotConnectError(describe(err)) from None


def _session_that_asks_once(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a session that shares another's connections, but not its zeal."""
    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        middlewares=(_ask_once,),
    )


class _Transport(engineio.AsyncClient):  # type: ignore[misc]
    """An Engine.IO 3 client on a websocket."""

    heard = 0.0
    take_plain_event: Callable[[str], None]

    @override
    async def connect(
        self,
        url: str,
        headers: object = None,
        transports: object = None,
        engineio_path: str = "engine.io",
    ) -> None:
        """Open the websocket and read the server's opening packet."""
        address = self._get_engineio_url(url, engineio_path, "websocket")
        async with _session_that_asks_once(self.http) as http:
            self.ws: Any = await http.ws_connect(
                address.removesuffix("EIO=4") + "EIO=3",
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )
        try:
            self._open(engineio_packet.Packet(encoded_packet=await self._first()))
        except BaseException:
            await self.ws.close()
            raise
        await self._trigger_event("connect", run_async=False)
        self.write_loop_task = self.start_background_task(self._write_loop)
        self.read_loop_task = self.start_background_task(self._read_loop_websocket)

    async def _first(self) -> str:
        """Return the first frame."""
        frame = await self.ws.receive()
        if frame.type is not aiohttp.WSMsgType.TEXT:
            raise StreamRefusedError("closed before it opened")
        return str(frame.data)

    def _open(self, opening: Any) -> None:
        """Take the session and its times from the opening packet."""
        try:
            self.sid = opening.data["sid"]
            self.ping_interval = max(int(opening.data["pingInterval"]) / 1000, 0.1)
            self.ping_timeout = max(int(opening.data["pingTimeout"]) / 1000, 0.1)
        except (KeyError, TypeError, ValueError) as err:
            raise CannotConnectError("no Engine.IO server") from err
        self.current_transport = "websocket"
        self.state = "connected"

    @override
    async def _read_loop_websocket(self) -> None:
        """Read until the end or until silence, pinging; then leave nothing behind.

        The library's own loop costs a timer and a packet object for each message.
        """
        pinging = self.start_background_task(self._ping)
        reading = self.start_background_task(self._read)
        try:
            await self._wait_for_silence(reading)
            if not reading.done():
                self.cut()
        finally:
            pinging.cancel()
            reading.cancel()
            await self._tidy_up()

    async def _wait_for_silence(self, reading: asyncio.Task[None]) -> None:
        """Return once the server has not been heard for too long, or has gone."""
        now = asyncio.get_running_loop().time
        self.heard = now()
        patience = self.ping_interval + self.ping_timeout
        while not reading.done() and (left := self.heard + patience - now()) > 0:
            await asyncio.wait({reading}, timeout=left)

    async def _read(self) -> None:
        """Handle each packet before the next is read."""
        now = asyncio.get_running_loop().time
        async for frame in self.ws:
            self.heard = now()
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            if frame.data.startswith(_PLAIN_EVENT):
                self.take_plain_event(frame.data[2:])
            elif frame.data.startswith(_MESSAGE):
                await self.handlers["message"](frame.data[1:])
            elif frame.data.startswith(_CLOSE):
                await self.disconnect(abort=True, reason=self.reason.SERVER_DISCONNECT)

    async def _tidy_up(self) -> None:
        """End the writing, tell of an end that nobody asked for, and hang up."""
        await self.queue.put(None)
        if self.write_loop_task is not None:
            await self.write_loop_task
        if self.state == "connected":
            await self._trigger_event(
                "disconnect", self.reason.TRANSPORT_ERROR, run_async=False
            )
            await self._reset()
        await self.ws.close()

    def cut(self) -> None:
        """Cut the connection, and let nothing that is still unsent arrive later."""
        connection = self.ws and self.ws._response.connection
        if connection is None or connection.transport is None:
            return
        if (tcp := connection.transport.get_extra_info("socket")) is not None:
            linger_not = struct.pack("ii", 1, 0)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_not)
        # now: a closing handshake would leave it open for a while yet
        connection.transport.abort()

    async def _ping(self) -> None:
        """Ping, so that the server's pongs break the silence."""
        while self.state == "connected":
            await asyncio.sleep(self.ping_interval)
            await self._send_packet(engineio_packet.Packet(engineio_packet.PING))


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

    @property
    def heard(self) -> float:
        """Return when the server was last heard, on the loop's clock, in seconds."""
        return float(self.eio.heard)

    async def send_event(self, name: str, argument: object) -> None:
        """Hand one event to the network, or raise NotConnectedError."""
        if self.eio.state != "connected" or not self._accepted.done():
            raise NotConnectedError
        await self.emit(name, argument)

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
    def _engineio_client_class(self) -> type[_Transport]:
        """Return the transport of this protocol."""
        return _Transport

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
            data = orjson.loads(text)
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
