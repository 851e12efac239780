"""The Engine.IO 3 server.

The library stops reading after `pingTimeout` although a client is silent for
`pingInterval`, gives no access to its websockets, and cannot fail on request.
"""

import asyncio
from collections.abc import Mapping
import json
import time
from typing import Any, Literal

from aiohttp import WSMsgType, web
from engineio_v3 import AsyncServer, packet
from engineio_v3.async_drivers.aiohttp import _async
from engineio_v3.asyncio_socket import AsyncSocket

from .faults import Faults

type How = Literal["close", "abort"]


class RawFrame:
    """A frame in the queue of packets that is sent as it is; None closes the connection."""

    def __init__(self, frame: str | None) -> None:
        """Initialize the frame."""
        self._frame = frame

    def encode(self, **_options: Any) -> str | None:
        """Return the frame."""
        return self._frame


class PanelWebSocket:
    """The websocket that the library expects, with access to its transport."""

    def __init__(self, handler: Any) -> None:
        """Initialize with the library's handler."""
        self._handler = handler
        self._response = web.WebSocketResponse(max_msg_size=0)
        self._transport: asyncio.Transport | None = None

    async def __call__(self, environ: Mapping[str, Any]) -> web.WebSocketResponse:
        """Handle a request to upgrade."""
        request: web.Request = environ["aiohttp.request"]
        self._transport = request.transport
        await self._response.prepare(request)
        await self._handler(self)
        return self._response

    async def send(self, message: str | bytes | None) -> None:
        """Send a frame."""
        if message is None:
            self.abort("close")
        elif isinstance(message, bytes):
            await self._response.send_bytes(message)
        else:
            await self._response.send_str(message)

    async def wait(self) -> str | bytes:
        """Return the next frame."""
        message = await self._response.receive()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            raise OSError("The websocket is closed.")
        frame: str | bytes = message.data
        return frame

    def abort(self, how: How) -> None:
        """Close the connection without the closing handshake (code 1006)."""
        if self._transport and how == "abort":
            self._transport.abort()
        elif self._transport:
            self._transport.close()


class PanelSocket(AsyncSocket):  # type: ignore[misc]  # the library has no types
    """The Engine.IO session of a client, over either transport."""

    def __init__(self, server: PanelEngine, sid: str) -> None:
        """Initialize the session; a polling client may never have a websocket."""
        super().__init__(server, sid)
        self.last_frame = ""
        self._websocket: PanelWebSocket | None = None

    def emit(self, topic: str, *args: Any) -> None:
        """Queue a Socket.IO event."""
        # In the payload of polling the server counts bytes, the client characters.
        text = json.dumps(
            [topic, *args], separators=(",", ":"), ensure_ascii=not self.upgraded
        )
        self.send_message(f"2{text}")

    def send_message(self, message: str) -> None:
        """Queue a Socket.IO packet; without awaiting, to keep the order."""
        self.queue.put_nowait(packet.Packet(packet.MESSAGE, message))

    def send_raw(self, frame: str | None) -> None:
        """Queue a frame that need not be valid; polling has no frames."""
        if self.upgraded or frame is None:
            self.queue.put_nowait(RawFrame(frame))

    async def abort(self, how: How) -> None:
        """Close the session at once."""
        if self._websocket:
            self._websocket.abort(how)
        await self.close(wait=False, abort=True)

    async def poll(self) -> list[Any]:
        """Wait for packets without a timeout."""
        packets = [await self.queue.get()]
        while not self.queue.empty():
            packets.append(self.queue.get_nowait())
        for _ in packets:
            self.queue.task_done()
        if None not in packets:
            return packets
        end = packets.index(None)
        if end:
            self.queue.put_nowait(None)
        return packets[:end]

    async def receive(self, pkt: Any) -> None:
        """Handle a packet and store its text."""
        if pkt.packet_type == packet.PING and not self.server.faults.get("pong"):
            self.last_ping = time.time()
            return
        if pkt.packet_type == packet.MESSAGE:
            self.last_frame = f"4{pkt.data}"
        await super().receive(pkt)

    async def close(self, wait: bool = True, abort: bool = False) -> None:
        """Close the session and end the wait for packets."""
        await super().close(wait=False, abort=abort)
        self.queue.put_nowait(None)

    async def _websocket_handler(self, ws: PanelWebSocket) -> None:
        self._websocket = ws
        try:
            await super()._websocket_handler(ws)
        finally:
            if self.upgraded:
                await self.close(abort=True)


class PanelEngine(AsyncServer):  # type: ignore[misc]  # the library has no types
    """The Engine.IO server of one panel."""

    faults: Faults
    monitor: asyncio.Task[None] | None = None

    def __init__(self, **options: Any) -> None:
        """Initialize with websockets that can be aborted."""
        super().__init__(**options)
        self._async: dict[str, Any] = {**_async, "websocket": PanelWebSocket}

    async def _handle_connect(
        self,
        environ: Mapping[str, Any],
        transport: str,
        b64: bool = False,
        jsonp_index: int | None = None,
    ) -> Any:
        """Open a session with the present ping settings."""
        if self.monitor is None:
            self.monitor = asyncio.create_task(self._service_task())
        socket = PanelSocket(self, self._generate_id())
        self.sockets[socket.sid] = socket
        socket.queue.put_nowait(self._open_packet(socket.sid, transport))
        await self._trigger_event("connect", socket.sid, environ, run_async=False)
        if transport == "websocket":
            try:
                return await socket.handle_get_request(environ)
            finally:
                self.sockets.pop(socket.sid, None)
        socket.connected = True
        return self._ok(await socket.poll(), b64=b64, jsonp_index=jsonp_index)

    def _open_packet(self, sid: str, transport: str) -> Any:
        interval = self.faults.get("ping_interval")
        timeout = self.faults.get("ping_timeout")
        self.ping_interval = interval
        self.ping_interval_grace_period = timeout
        self.ping_timeout = interval + timeout
        body = {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingInterval": int(interval * 1000),
            "pingTimeout": int(timeout * 1000),
        }
        return packet.Packet(packet.OPEN, body)
