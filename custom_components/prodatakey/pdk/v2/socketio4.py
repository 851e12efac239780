"""Make python-socketio speak Socket.IO 4, as PDK 2.0 does, on our transport."""

from contextlib import suppress
from typing import Any, override

from engineio import packet as engineio_packet

from ..connection import BaseSocket
from ..errors import NotConnectedError
from ..transport import BaseTransport

_PING = str(engineio_packet.PING)
# So many packets may wait to be sent, and so much of a ping is sent back.
MAX_QUEUED = 100
MAX_PING_LENGTH = 100


class Transport(BaseTransport):
    """Engine.IO 4 client: the server sends the pings."""

    protocol = 4

    @override
    async def _handle_control(self, packet: str) -> None:
        """Answer a ping, while the server reads the answers."""
        if packet.startswith(_PING) and self.queue.qsize() < MAX_QUEUED:
            data = packet[1 : MAX_PING_LENGTH + 1]
            pong = engineio_packet.Packet(engineio_packet.PONG, data)
            await self._send_packet(pong)

    @override
    async def _handle_stall(self) -> None:
        """End the connection after the packets that wait: nothing marks the last one."""
        self.abort()


class Socket(BaseSocket):
    """One connection to the Socket.IO 4 server of a system."""

    eio: Transport

    @override
    async def send_event(self, name: str, argument: dict[str, Any]) -> None:
        """Send one event; after the end of the connection nothing is sent."""
        with suppress(NotConnectedError):
            await super().send_event(name, argument)

    @override
    def _engineio_client_class(self) -> type[Transport]:
        """Return the transport of this protocol."""
        return Transport
