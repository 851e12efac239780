"""The transport of both generations: Engine.IO on a websocket, by python-socketio.

Messages are handled inline: in order, and without a task, a timer and a packet object
for each, as the library has them.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, override

import aiohttp
import engineio
from engineio import packet as engineio_packet
from socketio import packet as socketio_packet

from .clock import now
from .errors import CannotConnectError, StreamRefusedError
from .http import abort, set_reset_on_close
from .parser import loads
from .tasks import create_task
from .websocket import MAX_FRAME_SIZE, open_websocket

# Frames that wait are handled for this many seconds before the event loop goes on.
MAX_SLICE = 0.01
# The event loop did not run for this many seconds: the machine was suspended or blocked.
STALL_THRESHOLD = 5.0
TICK = 1.0
FRAME_TOO_LARGE = f"a frame of more than {MAX_FRAME_SIZE // 1024} KiB"

# Looked up once, not for each packet.
_TEXT = aiohttp.WSMsgType.TEXT
_WEBSOCKET_PINGS = (aiohttp.WSMsgType.PING, aiohttp.WSMsgType.PONG)
_OPEN = str(engineio_packet.OPEN)
_MESSAGE = str(engineio_packet.MESSAGE)
_CLOSE = str(engineio_packet.CLOSE)
# An event of "/" without acknowledgement: what both servers send.
_PLAIN_EVENT = f"{_MESSAGE}{socketio_packet.EVENT}["


class BaseTransport(engineio.AsyncClient):  # type: ignore[misc] # has no type information
    """Engine.IO client on a websocket; each protocol has its own pings."""

    protocol: ClassVar[int]
    last_received = 0.0
    delayed = False
    """Whether packets may have waited here while the event loop did not run."""
    on_plain_event: Callable[[str], None]
    write_loop_task: asyncio.Task[None] | None

    def __init__(self, **options: Any) -> None:
        """Initialize the transport."""
        super().__init__(**options)
        self._last_tick = asyncio.get_running_loop().time()
        self._last_now = now()
        self._slice_end = 0.0
        """Until when frames that wait are handled; 0 before the first of them."""
        self._failure: str | None = None
        """Why the websocket ended, where that is known."""

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
        url = f"{address.removesuffix('EIO=4')}EIO={self.protocol}"
        self.ws: Any = await open_websocket(self.http, url)
        try:
            self._handle_open(await self._receive_first())
        except BaseException:
            await self.ws.close()
            raise
        await self._trigger_event("connect", run_async=False)
        # a slow opening is no stall, but a suspended machine is
        opening = asyncio.get_running_loop().time() - self._last_tick
        self._last_tick += opening
        self._last_now += opening
        self.write_loop_task = create_task(self._write_loop())
        self.read_loop_task = create_task(self._read_loop_websocket())

    async def _receive_first(self) -> str:
        """Return the first frame that is no ping or pong of the websocket."""
        while (frame := await self.ws.receive()).type in _WEBSOCKET_PINGS:
            await self._handle_other_frame(frame)
            await asyncio.sleep(0)
        if frame.type is not aiohttp.WSMsgType.TEXT:
            raise StreamRefusedError("closed before it opened")
        return str(frame.data)

    def _handle_open(self, frame: str) -> None:
        """Set the session id and the ping times from the open packet."""
        try:
            packet: Any = loads(frame.removeprefix(_OPEN))
            self.sid = str(packet["sid"])
            self.ping_interval = max(int(packet["pingInterval"]) / 1000, 0.1)
            self.ping_timeout = max(int(packet["pingTimeout"]) / 1000, 0.1)
        except (LookupError, TypeError, ValueError, OverflowError) as err:
            raise CannotConnectError("no Engine.IO server") from err
        self.current_transport = "websocket"
        self.state = "connected"

    @override
    async def _read_loop_websocket(self) -> None:
        """Read until the connection ends or times out."""
        reading = create_task(self._read())
        try:
            await self._wait_for_timeout(reading)
            if not reading.done():
                self.abort()
        finally:
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
        if (writing := self.write_loop_task) is None:
            # reset right after the open packet, before this task ran
            return
        tasks = {reading, writing}
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
            self.last_received = received = loop.time()
            if (
                received - self._last_tick > STALL_THRESHOLD
                or now() - self._last_now > STALL_THRESHOLD
            ):
                await self._tick()
            packet = frame.data
            if frame.type is not _TEXT:
                await self._handle_other_frame(frame)
            elif packet.startswith(_PLAIN_EVENT):
                self.on_plain_event(packet[2:])
            elif packet.startswith(_MESSAGE):
                await self.handlers["message"](packet[1:])
            elif packet.startswith(_CLOSE):
                await self.disconnect(abort=True, reason=self.reason.SERVER_DISCONNECT)
            else:
                await self._handle_control(packet)
            if received > self._slice_end:
                await self._pause()

    async def _pause(self) -> None:
        """Let the event loop go on, unless it has just done so."""
        if self._slice_end:
            await asyncio.sleep(0)
        else:
            loop = asyncio.get_running_loop()
            self._slice_end = loop.time() + MAX_SLICE
            loop.call_soon(self._end_slice)

    def _end_slice(self) -> None:
        """Note that the event loop goes on."""
        self._slice_end = 0.0

    async def _handle_other_frame(self, frame: aiohttp.WSMessage) -> None:
        """Answer a ping of the websocket, or keep why it ends."""
        if frame.type is aiohttp.WSMsgType.PING:
            # a connection that ends takes no answer, but what was received still counts
            with suppress(aiohttp.ClientError, OSError):
                await self.ws.pong(frame.data)
        elif frame.type is aiohttp.WSMsgType.ERROR:
            code = getattr(frame.data, "code", None)
            too_large = code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
            self._failure = FRAME_TOO_LARGE if too_large else "not a websocket"

    async def _handle_control(self, packet: str) -> None:
        """Handle the pings or pongs of the server."""
        raise NotImplementedError

    async def _tick(self) -> None:
        """Mark packets as delayed after a stall."""
        time, awake = asyncio.get_running_loop().time(), now()
        # a suspended machine stops the loop's clock, a blocked loop does not
        elapsed = max(time - self._last_tick, awake - self._last_now)
        self._last_tick, self._last_now = time, awake
        if elapsed > STALL_THRESHOLD:
            self.delayed = True
            await self._handle_stall()

    async def _handle_stall(self) -> None:
        """Find out which packets are delayed, or end the connection."""
        raise NotImplementedError

    async def _close(self) -> None:
        """Stop writing, report an unexpected end, and close the websocket."""
        if (writing := self.write_loop_task) is not None:
            # cancel first: a concurrent disconnect would drop a queued packet
            writing.cancel()
            await asyncio.wait({writing})
        if self.state == "connected":
            await self._trigger_event(
                "disconnect",
                self._failure or self.reason.TRANSPORT_ERROR,
                run_async=False,
            )
            await self._reset()
        await self.ws.close()

    def abort(self) -> None:
        """Reset the connection, so that nothing unsent arrives later."""
        if (tcp := self._tcp) is not None:
            abort(tcp)

    def set_reset_on_close(self, *, enabled: bool) -> None:
        """Let whatever closes the connection reset it, or not."""
        if (tcp := self._tcp) is not None:
            set_reset_on_close(tcp, enabled=enabled)

    @property
    def _tcp(self) -> asyncio.Transport | None:
        """Return the connection below the websocket, None once it has ended."""
        connection = self.ws and self.ws._response.connection
        return connection.transport if connection is not None else None
