"""Clients of a Socket.IO 2.x server that count events: `… ours|typed|plain|floor URL N`."""

import asyncio
from collections.abc import Awaitable, Callable
import json
import sys
import time
from typing import Any, override

import aiohttp
import engineio
import orjson
import socketio

from custom_components.prodatakey.pdk.parse import parse
from custom_components.prodatakey.pdk.socketio2 import Socket


class Stopwatch:
    """Counts events, and measures from the first to the last."""

    def __init__(self, count: int) -> None:
        """Expect so many events."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = count
        self._seconds = self._cpu = 0.0

    def take(self, *_: object) -> None:
        """Take one event."""
        if not self._seconds:
            self._seconds, self._cpu = time.perf_counter(), time.process_time()
        self._left -= 1
        if self._left == 0:
            self._seconds = time.perf_counter() - self._seconds
            self._cpu = time.process_time() - self._cpu
            self.done.set_result(None)

    def result(self) -> str:
        """Return what was measured, in seconds."""
        return json.dumps({"seconds": self._seconds, "cpu": self._cpu})


async def ours(session: aiohttp.ClientSession, url: str, watch: Stopwatch) -> None:
    """Receive with the integration's socket."""
    socket = Socket(session, lambda _: None, watch.take)
    await socket.open(url)
    await watch.done
    await socket.close()


async def typed(session: aiohttp.ClientSession, url: str, watch: Stopwatch) -> None:
    """Receive with the integration's socket, up to the typed event."""
    socket = Socket(
        session,
        lambda _: None,
        lambda topic, payload: watch.take(parse(topic, payload)),
    )
    await socket.open(url)
    await watch.done
    await socket.close()


async def floor(session: aiohttp.ClientSession, url: str, watch: Stopwatch) -> None:
    """Receive with nothing but a websocket and a JSON parser."""
    address = f"{url}/socket.io/?EIO=3&transport=websocket"
    async with session.ws_connect(address) as websocket:
        async for message in websocket:
            if message.data.startswith("42"):
                watch.take(*orjson.loads(message.data[2:]))
            if watch.done.done():
                return


class _PlainTransport(engineio.AsyncClient):  # type: ignore[misc]
    """The least that lets python-engineio read a server of protocol 3."""

    @override
    def _get_engineio_url(self, *arguments: Any) -> str:
        """Ask for protocol 3."""
        return str(super()._get_engineio_url(*arguments)).replace("EIO=4", "EIO=3")


class _PlainClient(socketio.AsyncClient):  # type: ignore[misc]
    """The least that lets python-socketio read a server of protocol 3."""

    @override
    def _engineio_client_class(self) -> type[_PlainTransport]:
        """Return the transport of this protocol."""
        return _PlainTransport

    @override
    async def _handle_eio_connect(self) -> None:
        """Wait for the server's `40`."""


async def plain(session: aiohttp.ClientSession, url: str, watch: Stopwatch) -> None:
    """Receive with python-socketio as it is, but for the protocol's number."""
    client = _PlainClient(handle_sigint=False, http_session=session)
    client.on("*", watch.take)
    await client.connect(url, transports=["websocket"], wait=False)
    await watch.done
    await client.disconnect()


type Receiver = Callable[[aiohttp.ClientSession, str, Stopwatch], Awaitable[None]]

RECEIVERS: dict[str, Receiver] = {
    "ours": ours,
    "typed": typed,
    "plain": plain,
    "floor": floor,
}


async def _main(name: str, url: str, count: str) -> None:
    watch = Stopwatch(int(count))
    async with aiohttp.ClientSession() as session:
        await RECEIVERS[name](session, url, watch)
    print(watch.result())


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
