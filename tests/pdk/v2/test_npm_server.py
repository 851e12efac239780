"""The stream of a system against npm's Socket.IO 4 server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
import json
import os
from pathlib import Path
import time
from typing import Any, override
from unittest.mock import create_autospec

import aiohttp
import pytest

from custom_components.prodatakey.pdk.errors import StreamRefusedError
from custom_components.prodatakey.pdk.http import Token
from custom_components.prodatakey.pdk.models import CloudNodeInfo
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from custom_components.prodatakey.pdk.v2.parser import TOPICS
from custom_components.prodatakey.pdk.v2.socketio4 import Socket
from custom_components.prodatakey.pdk.v2.stream import open_socket, subscribe
from tests.common import wait_until
from tests.network import Proxy
from tests.pdk import socketio_server as server_module
from tests.pdk.socketio_server import SocketIoServer

from .common import NODE, SERIAL, SYSTEM

_NODE = Path(__file__).parents[2] / "node"
# where the packages are, if they are not beside the server
_MODULES = Path(os.environ.get("SOCKETIO_4_MODULES", _NODE / "node_modules"))


class Server(SocketIoServer):
    """npm's Socket.IO 4 server."""

    @override
    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self.process = await asyncio.create_subprocess_exec(
            server_module._node(),
            str(_NODE / "system.js"),
            json.dumps(self._options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "NODE_PATH": str(_MODULES)},
        )
        self._reading = asyncio.create_task(self._read())
        await wait_until(lambda: self.all("listening"), 20)
        self._options["port"] = self.all("listening")[-1]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run the server, with pings that follow each other quickly."""
    if not (_MODULES / "socket.io-4").is_dir():
        pytest.skip("npm's socket.io-4 is not installed in tests/node")
    server = Server(0.2, 0.5)
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
def client(session: aiohttp.ClientSession, server: Server) -> CloudNodeClient:
    """Return a client of a system whose stream is the server."""
    client: CloudNodeClient = create_autospec(CloudNodeClient, instance=True)
    client.session = session
    client.info = CloudNodeInfo(
        id=SERIAL,
        name="Warehouse",
        uri=f"{server.uri}{SYSTEM}/",
        system_id=SYSTEM,
        cloud_node_id=NODE,
    )
    client.scrub = lambda text: text  # type: ignore[method-assign]
    return client


class Received:
    """The events of a connection."""

    def __init__(self) -> None:
        """Initialize without events."""
        self.events: list[tuple[str, Any]] = []

    def __call__(self, socket: Socket, topic: str, payload: object) -> None:
        """Record an event."""
        self.events.append((topic, payload))


async def test_query_subscription_events_and_pings(
    client: CloudNodeClient, server: Server
) -> None:
    """Both parameters arrive, events keep their order, and pings are answered."""
    received = Received()
    token = Token(value="a.token+/=", received=time.monotonic(), lifetime=300)
    socket = await open_socket(client, received, token.value)
    await wait_until(lambda: server.all("connection"))
    (query,) = server.all("connection")
    assert (query["systemId"], query["token"]) == (SYSTEM, "a.token+/=")
    assert query["EIO"] == "4"
    await subscribe(socket)
    await wait_until(lambda: server.all("subscribed"))
    assert server.all("subscribed") == [sorted(TOPICS)]
    for number in range(50):
        await server.do("emit", "device.input.dps.opened", {"id": str(number)})
    # several pings later it is still open
    done, _ = await asyncio.wait({socket.ended}, timeout=1.5)
    assert not done
    assert [payload["id"] for _, payload in received.events] == [
        str(number) for number in range(50)
    ]
    await socket.close()
    await wait_until(lambda: server.all("disconnect"))


@pytest.mark.parametrize("how", ["disconnect", "hangUp"])
async def test_the_server_ends_the_connection(
    client: CloudNodeClient, server: Server, how: str
) -> None:
    """Both ways to end a connection are noticed."""
    socket = await open_socket(client, Received(), "token")
    await server.do(how)
    await asyncio.wait_for(asyncio.shield(socket.ended), 5)
    await socket.close()


async def test_a_killed_server_is_noticed(
    client: CloudNodeClient, server: Server
) -> None:
    """A server that dies without a word ends the connection."""
    socket = await open_socket(client, Received(), "token")
    await server.kill()
    await asyncio.wait_for(asyncio.shield(socket.ended), 5)
    await socket.close()


async def test_a_dead_network_is_noticed(
    client: CloudNodeClient, server: Server
) -> None:
    """The server's pings fail to come, although nothing is closed."""
    async with Proxy(int(server.uri.rstrip("/").rpartition(":")[2])) as proxy:
        client.info = replace(client.info, uri=f"{proxy.uri}{SYSTEM}/")
        socket = await open_socket(client, Received(), "token")
        proxy.blackhole()
        await asyncio.wait_for(asyncio.shield(socket.ended), 5)
        await socket.close()


@pytest.mark.parametrize(
    ("how", "reason"),
    [("middleware", "Authorization has failed"), ("http", "HTTP 40")],
)
async def test_the_server_refuses(
    client: CloudNodeClient, server: Server, how: str, reason: str
) -> None:
    """A refusal by the handshake, and by Socket.IO with its text."""
    await server.do("refuse", how)
    with pytest.raises(StreamRefusedError, match=reason):
        await open_socket(client, Received(), "token")
