"""A network in front of a server: a TCP proxy that can fail as networks do."""

import asyncio
from collections.abc import Coroutine
import socket
import ssl
import struct
from typing import override

_RESET = struct.pack("ii", 1, 0)
_ESTABLISHED = 1


def reset(transport: asyncio.Transport) -> None:
    """End a connection with a TCP reset, if it has not ended yet."""
    sock = transport.get_extra_info("socket")
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()


def is_established(transport: asyncio.Transport) -> bool:
    """Return whether the other side still has its end of the connection."""
    sock = transport.get_extra_info("socket")
    if transport.is_closing() or sock.fileno() < 0:
        return False
    state: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state == _ESTABLISHED


class _Far(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self, near: _Near) -> None:
        """Belong to a client's side."""
        self._near = near

    @override
    def data_received(self, data: bytes) -> None:
        """Hand on what the server says."""
        self._near.transport.write(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End the client's side as the server's has ended."""
        self._near.far = None
        if self._near.forgotten:
            return
        if isinstance(exc, ConnectionResetError):
            reset(self._near.transport)
        else:
            self._near.transport.close()


class _Near(asyncio.Protocol):
    """The client's side of one connection."""

    transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        """Belong to a front."""
        self._front = front
        self._early: list[bytes] = []
        self.far: asyncio.Transport | None = None
        self.forgotten = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a client, if clients are taken."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._front.accepted += 1
        if self._front.mode == "reset":
            reset(transport)
            return
        self._front.nears.add(self)
        transport.pause_reading()
        if self._front.mode == "forward":
            self._front.task(self._connect())

    async def _connect(self) -> None:
        """Shake hands, and reach the server."""
        loop = asyncio.get_running_loop()
        try:
            if self._front.tls:
                tls = await loop.start_tls(
                    self.transport, self, self._front.tls, server_side=True
                )
                if tls is None:
                    return
                self.transport = tls
            else:
                self.transport.resume_reading()
            far, _ = await loop.create_connection(
                lambda: _Far(self), "127.0.0.1", self._front.target
            )
        except OSError:
            # a client that does not like the certificate, or a server that is gone
            reset(self.transport)
            return
        self.far = far
        far.writelines(self._early)
        if self._front.mode == "blackhole":
            far.pause_reading()

    @override
    def data_received(self, data: bytes) -> None:
        """Hand on what the client says."""
        if self.forgotten:
            reset(self.transport)
        elif self.far:
            self.far.write(data)
        else:
            self._early.append(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End the server's side with the client's."""
        self._front.nears.discard(self)
        if self.far:
            self.far.abort()


class Front:
    """What a client reaches in place of a server on this machine."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Prepare; `start` listens."""
        self.port = 0
        self.target = 0
        self.mode = "forward"
        self.accepted = 0
        self.nears: set[_Near] = set()
        self.tls = self._good = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def task(self, coroutine: Coroutine[None, None, None]) -> None:
        """Run something that ends with this front."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def start(self, target: int) -> None:
        """Listen, and hand on to this port."""
        self.target = target
        await self._listen()

    async def stop(self) -> None:
        """End everything."""
        self.refuse()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.sleep(0)

    def wear(self, tls: ssl.SSLContext) -> None:
        """Show another certificate to whoever connects from now on."""
        self.tls = tls

    def refuse(self) -> None:
        """Listen no longer; connections that there are stay."""
        if self._server:
            self._server.close()
            self._server = None

    def reset(self) -> None:
        """Reset every connection, and those to come."""
        self.mode = "reset"
        self.cut()

    def be_silent(self) -> None:
        """Accept, and say nothing: not even in a TLS handshake."""
        self.mode = "silent"

    def blackhole(self) -> None:
        """Let nothing pass, in either direction, and close nothing."""
        self.mode = "blackhole"
        for near in self.nears:
            near.transport.pause_reading()
            if near.far:
                near.far.pause_reading()

    def forget(self) -> None:
        """Leave clients with half of a connection: the server knows of none."""
        for near in tuple(self.nears):
            near.forgotten = True
            if near.far:
                near.far.abort()

    def cut(self) -> None:
        """Reset the connections that there are."""
        for near in tuple(self.nears):
            reset(near.transport)

    async def mend(self) -> None:
        """Work again. What clients had given up by now does not arrive any more."""
        was, self.mode = self.mode, "forward"
        self.tls = self._good
        await self._listen()
        for near in tuple(self.nears):
            if was in ("blackhole", "silent") and not near.far:
                reset(near.transport)
            elif not is_established(near.transport):
                near.transport.abort()
            elif was == "blackhole":
                near.transport.resume_reading()
                if near.far:
                    near.far.resume_reading()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Near(self), "127.0.0.1", self.port
            )
            self.port = self._server.sockets[0].getsockname()[1]
