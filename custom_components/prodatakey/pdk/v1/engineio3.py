"""Make the transport speak Engine.IO protocol 3: the client sends the pings."""

import asyncio
from collections import deque
from typing import Any, override

from engineio import packet as engineio_packet

from ..tasks import create_task
from ..transport import BaseTransport

_PONG = str(engineio_packet.PONG)


class Transport(BaseTransport):
    """Engine.IO 3 client."""

    protocol = 3

    def __init__(self, **options: Any) -> None:
        """Initialize the transport."""
        super().__init__(**options)
        self._pongs: deque[asyncio.Future[None]] = deque()
        self._stall_pong: asyncio.Future[None] | None = None

    @override
    async def _read_loop_websocket(self) -> None:
        """Send pings while reading."""
        pinging = create_task(self._ping_regularly())
        try:
            await super()._read_loop_websocket()
        finally:
            pinging.cancel()

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

    @override
    async def _handle_control(self, packet: str) -> None:
        """Handle a pong: all that the server sent before has arrived."""
        if not packet.startswith(_PONG) or not self._pongs:
            return
        pong = self._pongs.popleft()
        pong.set_result(None)
        if pong is self._stall_pong:
            self.delayed = False

    @override
    async def _handle_stall(self) -> None:
        """Send a ping: packets are delayed until its pong."""
        self._stall_pong = await self.ping()
