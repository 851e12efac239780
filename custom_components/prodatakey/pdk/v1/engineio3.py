"""Make python-socketio 5's transport speak Engine.IO protocol 3, as Socket.IO 2.x does.

In protocol 3 the client sends the pings. Messages are handled inline: in order, and
without a task for each.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, override

import aiohttp
import engineio
from engineio import packet as engineio_packet

from ..clock import now
from ..connection import PLAIN_EVENT, STANDSTILL, TICK, no_retry_session
from ..errors import StreamRefusedError
from ..http import abort
from ..parser import loads

CLOSE_TIMEOUT = 1.0

_OPEN = str(engineio_packet.OPEN)
_PONG = str(engineio_packet.PONG)
_MESSAGE = str(engineio_packet.MESSAGE)
_CLOSE = str(engineio_packet.CLOSE)
_PLAIN_EVENT = f"{_MESSAGE}{PLAIN_EVENT}"


class Transport(engineio.AsyncClient):  # type: ignore[misc] # has no type information
    """Engine.IO 3 client on a websocket."""

    last_received = 0.0
    delayed = False
    """Whether packets may have waited here while the event loop did not run."""
    on_plain_event: Callable[[str], None]

    def __init__(self, **options: Any) -> None:
        """Initialize the transport."""
        super().__init__(**options)
        self._pongs: deque[asyncio.Future[None]] = deque()
        self._standstill_pong: asyncio.Future[None] | None = None
        self._last_tick = asyncio.get_running_loop().time()
        self._last_awake = now()

    def __del__(self) -> None:
        """Do nothing: the library would close the session, which is not ours."""

    @override
    async def connect(
        self,
        url: str,
        headers: object = None,
        transports: object = None,
        engineio_path: str = "engine.io",
    ) -> None:
        """Open the websocket and read the server's open packet."""
        address = self._get_engineio_url(url, engineio_path, "websocket")
        async with no_retry_session(self.http) as http:
            self.ws: Any = await http.ws_connect(
                address.removesuffix("EIO=4") + "EIO=3",
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            )
        try:
            self._handle_open(await self._receive_first())
        except BaseException:
            await self.ws.close()
            raise
        await self._trigger_event("connect", run_async=False)
        self.write_loop_task = self.start_background_task(self._write_loop)
        self.read_loop_task = self.start_background_task(self._read_loop_websocket)

    async def _receive_first(self) -> str:
        """Return the first frame."""
        frame = await self.ws.receive()
        if frame.type is not aiohttp.WSMsgType.TEXT:
            raise StreamRefusedError("closed before it opened")
        return str(frame.data)

    def _handle_open(self, frame: str) -> None:
        """Set the session id and the ping times; an odd packet raises any error."""
        packet: Any = loads(frame.removeprefix(_OPEN))
        self.sid = str(packet["sid"])
        self.ping_interval = max(int(packet["pingInterval"]) / 1000, 0.1)
        self.ping_timeout = max(int(packet["pingTimeout"]) / 1000, 0.1)
        self.current_transport = "websocket"
        self.state = "connected"

    @override
    async def _read_loop_websocket(self) -> None:
        """Read until the connection ends or times out, and send pings meanwhile.

        The library's own loop costs a timer and a packet object for each message.
        """
        pinging = self.start_background_task(self._ping_regularly)
        reading = self.start_background_task(self._read)
        try:
            await self._wait_for_timeout(reading)
            if not reading.done():
                self.abort()
        finally:
            pinging.cancel()
            reading.cancel()
            await self._close()

    @override
    async def _write_loop(self) -> None:
        """Send the queued packets; the library's own loop gives up after 30 seconds."""
        try:
            while (packet := await self.queue.get()) is not None:
                await self.ws.send_str(packet.encode())
        except aiohttp.ClientError, OSError:
            pass
        finally:
            self.write_loop_task = None

    async def _wait_for_timeout(self, reading: asyncio.Task[None]) -> None:
        """Return once nothing was received for too long, or reading or writing ended."""
        loop = asyncio.get_running_loop()
        self.last_received = loop.time()
        timeout = self.ping_interval + self.ping_timeout
        tasks = {reading, self.write_loop_task}
        while (left := self.last_received + timeout - loop.time()) > 0:
            await self._tick()
            ended, _ = await asyncio.wait(
                tasks, timeout=min(left, TICK), return_when=asyncio.FIRST_COMPLETED
            )
            if ended:
                return

    async def _read(self) -> None:
        """Handle each packet before the next one is read."""
        loop = asyncio.get_running_loop()
        async for frame in self.ws:
            self.last_received = loop.time()
            if (
                self.last_received - self._last_tick > STANDSTILL
                or now() - self._last_awake > STANDSTILL
            ):
                await self._tick()
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            if frame.data.startswith(_PLAIN_EVENT):
                self.on_plain_event(frame.data[2:])
            elif frame.data.startswith(_MESSAGE):
                await self.handlers["message"](frame.data[1:])
            elif frame.data.startswith(_PONG) and self._pongs:
                self._handle_pong(self._pongs.popleft())
            elif frame.data.startswith(_CLOSE):
                await self.disconnect(abort=True, reason=self.reason.SERVER_DISCONNECT)

    async def _tick(self) -> None:
        """Mark packets as delayed after a standstill, until a pong shows none is left."""
        time, awake = asyncio.get_running_loop().time(), now()
        # a suspended machine stops the loop's clock, a blocked loop does not
        elapsed = max(time - self._last_tick, awake - self._last_awake)
        self._last_tick, self._last_awake = time, awake
        if elapsed > STANDSTILL:
            self.delayed = True
            self._standstill_pong = await self.ping()

    def _handle_pong(self, pong: asyncio.Future[None]) -> None:
        """Handle a pong: all that the server sent before has arrived."""
        pong.set_result(None)
        if pong is self._standstill_pong:
            self.delayed = False

    async def _close(self) -> None:
        """Stop writing, report an unexpected end, and close the websocket."""
        if (writing := self.write_loop_task) is not None:
            # cancel first: a concurrent disconnect would drop a queued packet
            writing.cancel()
            await asyncio.wait({writing})
        if self.state == "connected":
            await self._trigger_event(
                "disconnect", self.reason.TRANSPORT_ERROR, run_async=False
            )
            await self._reset()
        await self.ws.close()

    def abort(self) -> None:
        """Reset the connection, so that nothing unsent arrives later."""
        connection = self.ws and self.ws._response.connection
        if connection is not None and connection.transport is not None:
            abort(connection.transport)

    async def _ping_regularly(self) -> None:
        """Send pings; the pongs show that the server is alive."""
        while self.state == "connected":
            await asyncio.sleep(self.ping_interval)
            await self.ping()

    async def ping(self) -> asyncio.Future[None]:
        """Send a ping and return its pong: then all that was sent before has arrived."""
        pong: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pongs.append(pong)
        await self._send_packet(engineio_packet.Packet(engineio_packet.PING))
        return pong
