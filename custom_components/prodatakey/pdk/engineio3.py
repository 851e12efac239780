"""python-socketio 5's transport made to speak Engine.IO protocol 3, as Socket.IO 2.x does.

There the client sends the pings. Messages are handled inline: in order, and without a
task for each.
"""

import asyncio
from collections import deque
from collections.abc import Callable
import socket
import struct
from typing import Any, override

import aiohttp
import engineio
from engineio import packet as engineio_packet
from socketio import packet as socketio_packet

from .errors import CannotConnectError, StreamRefusedError
from .fields import loads
from .rest import describe

CLOSE_TIMEOUT = 1.0

_OPEN = str(engineio_packet.OPEN)
_PONG = str(engineio_packet.PONG)
_MESSAGE = str(engineio_packet.MESSAGE)
_CLOSE = str(engineio_packet.CLOSE)
# An event of "/" that wants no acknowledgement: what a panel sends.
_PLAIN_EVENT = f"{_MESSAGE}{socketio_packet.EVENT}["


async def _ask_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Make an error of what aiohttp would ask again, or elsewhere, by itself."""
    try:
        response = await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise CannotConnectError(describe(err)) from None
    if response.status in range(300, 400):
        # the token is in the address, and must not go to another
        response.close()
        raise CannotConnectError(f"HTTP {response.status}")
    return response


def _session_that_asks_once(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a session that shares another's connections, but not its zeal."""
    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        middlewares=(_ask_once,),
    )


class Transport(engineio.AsyncClient):  # type: ignore[misc]
    """An Engine.IO 3 client on a websocket."""

    heard = 0.0
    take_plain_event: Callable[[str], None]

    def __init__(self, **options: Any) -> None:
        """Start without a connection."""
        super().__init__(**options)
        self._pongs: deque[asyncio.Future[None]] = deque()

    def __del__(self) -> None:
        """Leave the session open, which the library would close: it is not ours."""

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
            self._open(await self._first())
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

    def _open(self, frame: str) -> None:
        """Take the session and its times from the opening packet."""
        try:
            opening: Any = loads(frame.removeprefix(_OPEN))
            self.sid = str(opening["sid"])
            self.ping_interval = max(int(opening["pingInterval"]) / 1000, 0.1)
            self.ping_timeout = max(int(opening["pingTimeout"]) / 1000, 0.1)
        except (LookupError, TypeError, ValueError, OverflowError) as err:
            raise CannotConnectError("no Engine.IO server") from err
        self.current_transport = "websocket"
        self.state = "connected"

    @override
    async def _read_loop_websocket(self) -> None:
        """Read until the end or until silence, pinging; then leave nothing behind.

        The library's own loop costs a timer and a packet object for each message.
        """
        pinging = self.start_background_task(self._keep_pinging)
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
            elif frame.data.startswith(_PONG) and self._pongs:
                self._pongs.popleft().set_result(None)
            elif frame.data.startswith(_CLOSE):
                await self.disconnect(abort=True, reason=self.reason.SERVER_DISCONNECT)

    async def _tidy_up(self) -> None:
        """End the writing, tell of an end that nobody asked for, and hang up."""
        if (writing := self.write_loop_task) is not None:
            # a word in its queue would be lost if somebody disconnects just now
            writing.cancel()
            await asyncio.wait({writing})
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

    async def _keep_pinging(self) -> None:
        """Ping, so that the server's pongs break the silence."""
        while self.state == "connected":
            await asyncio.sleep(self.ping_interval)
            await self.ping()

    async def ping(self) -> asyncio.Future[None]:
        """Ping, and return the pong: then all that was sent before has arrived."""
        pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pongs.append(pong)
        await self._send_packet(engineio_packet.Packet(engineio_packet.PING))
        return pong
