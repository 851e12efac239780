"""A TCP proxy that fails as networks do."""

import asyncio
from collections.abc import Coroutine
import fcntl
import socket
import ssl
import struct
import termios
from typing import Literal, Self, override

_NO_LINGER = struct.pack("ii", 1, 0)
# States of TCP, as Linux numbers them.
_ESTABLISHED = 1
_CLOSED = 7


def _reset(transport: asyncio.Transport) -> None:
    """End a connection with a TCP reset, unless it has ended."""
    sock = transport.get_extra_info("socket")
    if sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _tcp_state(transport: asyncio.Transport) -> int:
    """Return the kernel's state of a connection."""
    sock = transport.get_extra_info("socket")
    if transport.is_closing() or sock.fileno() < 0:
        return _CLOSED
    state: int = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state


def _has_unread_bytes(transport: asyncio.Transport) -> bool:
    """Return whether bytes have arrived that the proxy has not read."""
    sock = transport.get_extra_info("socket")
    if sock.fileno() < 0:
        return False
    return any(fcntl.ioctl(sock.fileno(), termios.FIONREAD, bytes(4)))


class _ServerSide(asyncio.Protocol):
    """The proxy's connection to the server."""

    def __init__(self, client: _ClientSide) -> None:
        """Initialize for one client."""
        self._client = client

    @override
    def data_received(self, data: bytes) -> None:
        """Forward to the client."""
        self._client.transport.write(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End the client's connection as the server has ended this one."""
        self._client.server = None
        if self._client.forgotten:
            return
        if isinstance(exc, ConnectionResetError):
            _reset(self._client.transport)
        else:
            self._client.transport.close()


class _ClientSide(asyncio.Protocol):
    """A client's connection to the proxy."""

    transport: asyncio.Transport

    def __init__(self, proxy: Proxy) -> None:
        """Initialize without a connection to the server."""
        self._proxy = proxy
        self._early: list[bytes] = []
        self.server: asyncio.Transport | None = None
        self.forgotten = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a client, or reset it."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._proxy.mode == "reset":
            _reset(transport)
            return
        self._proxy.clients.add(self)
        transport.pause_reading()
        if self._proxy.mode == "forward":
            self._proxy.create_task(self._connect())

    async def _connect(self) -> None:
        """Do the TLS handshake and connect to the server."""
        loop = asyncio.get_running_loop()
        try:
            if self._proxy.tls:
                tls = await loop.start_tls(
                    self.transport, self, self._proxy.tls, server_side=True
                )
                if tls is None:
                    return
                self.transport = tls
            else:
                self.transport.resume_reading()
            server, _ = await loop.create_connection(
                lambda: _ServerSide(self), "127.0.0.1", self._proxy.target
            )
        except OSError:
            # the client rejects the certificate, or there is no server
            _reset(self.transport)
            return
        self.server = server
        server.writelines(self._early)
        if self._proxy.mode == "blackhole":
            server.pause_reading()

    @override
    def data_received(self, data: bytes) -> None:
        """Forward to the server."""
        if self.forgotten:
            _reset(self.transport)
        elif self.server:
            self.server.write(data)
        else:
            self._early.append(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End the server's connection with the client's."""
        self._proxy.clients.discard(self)
        if self.server:
            self.server.abort()


class Proxy:
    """A proxy to which a client connects in place of a server on this machine."""

    def __init__(self, target: int = 0, tls: ssl.SSLContext | None = None) -> None:
        """Initialize; `target` is the server's port."""
        self.port = 0
        self.target = target
        self.mode: Literal["forward", "reset", "silent", "blackhole"] = "forward"
        self.clients: set[_ClientSide] = set()
        self.tls = self._own_tls = tls
        self._server: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen, on a port that nobody else gets while connections are refused."""
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reserved.bind(("127.0.0.1", 0))
        self.port = self._reserved.getsockname()[1]
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        self.refuse()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._reserved
        self._reserved.close()

    @property
    def uri(self) -> str:
        """Return the proxy's address."""
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/"

    @property
    def holds_data(self) -> bool:
        """Return whether a client has sent what a blackhole keeps from the server."""
        return any(_has_unread_bytes(client.transport) for client in self.clients)

    @property
    def abandoned(self) -> bool:
        """Return whether a client has given up its end of a connection."""
        return any(_tcp_state(each.transport) != _ESTABLISHED for each in self.clients)

    @property
    def was_reset(self) -> bool:
        """Return whether a client has reset a connection, in place of closing it.

        Only then its kernel does not send what the network has not delivered yet.
        """
        return any(_tcp_state(each.transport) == _CLOSED for each in self.clients)

    def create_task(self, coroutine: Coroutine[None, None, None]) -> None:
        """Run something that ends with the proxy."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def refuse(self) -> None:
        """Refuse new connections."""
        if self._server:
            self._server.close()
            self._server = None

    def reset(self) -> None:
        """Reset all connections, and each new one."""
        self.mode = "reset"
        self.cut()

    def be_silent(self) -> None:
        """Accept new connections and send nothing, not even a TLS handshake."""
        self.mode = "silent"
        self.cut()

    def blackhole(self, *, to_server_only: bool = False) -> None:
        """Forward nothing and close nothing; or nothing that the client sends."""
        self.mode = "blackhole"
        for client in self.clients:
            client.transport.pause_reading()
            if client.server and not to_server_only:
                client.server.pause_reading()

    def forget(self) -> None:
        """End the server's half of each connection; the client's half stays open."""
        for client in tuple(self.clients):
            client.forgotten = True
            if client.server:
                client.server.abort()

    def cut(self) -> None:
        """Reset the connections that there are."""
        for client in tuple(self.clients):
            _reset(client.transport)

    async def restore(self) -> None:
        """Forward again. What a client has given up by now is not delivered."""
        was, self.mode = self.mode, "forward"
        self.tls = self._own_tls
        await self._listen()
        for client in tuple(self.clients):
            if was in ("blackhole", "silent") and not client.server:
                _reset(client.transport)
            elif _tcp_state(client.transport) != _ESTABLISHED:
                client.transport.abort()
            elif was == "blackhole":
                client.transport.resume_reading()
                if client.server:
                    client.server.resume_reading()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _ClientSide(self), "127.0.0.1", self.port, reuse_port=True
            )
