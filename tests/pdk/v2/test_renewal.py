"""A server that does what the simulated system does not: renewals and their ends."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from itertools import count

import aiohttp
from aiohttp import web
import pytest

from custom_components.prodatakey.pdk.events import AccessEvent
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from tests.pdk.common import (
    OPENING,
    LocalTokens,
    node_client,
    set_constants,
    websocket_server,
)
from tests.pdk.running_stream import DOWN, DROPPED, RunningStream
from tests.waiting import wait_until


def systems_server(
    report: Callable[[web.WebSocketResponse], Coroutine[None, None, None]],
) -> AbstractAsyncContextManager[str]:
    """Run a server that reports over each connection once it is subscribed."""

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(OPENING)
        await websocket.send_str('40{"sid":"s"}')
        reporting: asyncio.Task[None] | None = None
        async for message in websocket:
            if "subscribeIsolated" in message.data:
                reporting = asyncio.create_task(report(websocket))
        if reporting is not None:
            reporting.cancel()
            await asyncio.wait({reporting})

    return websocket_server(serve)


@pytest.fixture
def make_node(session: aiohttp.ClientSession) -> Callable[[str], CloudNodeClient]:
    """Return a function that makes a client of the system at an address."""
    return lambda uri: node_client(session, LocalTokens(session), uri)


async def test_rejected_tokens_and_unknown_events(
    make_node: Callable[[str], CloudNodeClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event of an unknown topic does not show that a token is accepted."""
    set_constants(monkeypatch, overlap=0.01, renewal_grace=0.01, min_token_life=0.01)

    async def report(websocket: web.WebSocketResponse) -> None:
        while True:
            await websocket.send_str('42["error",{}]')
            await websocket.send_str('42["invalidToken",{}]')
            await asyncio.sleep(0.01)

    async with (
        systems_server(report) as uri,
        RunningStream(make_node(uri)) as stream,
    ):
        await stream.wait_for_status(DOWN)


async def test_old_connection_ends_first(
    make_node: Callable[[str], CloudNodeClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An access without an id counts if the old connection cannot report it."""
    set_constants(monkeypatch, overlap=60)
    connections: list[web.WebSocketResponse] = []

    async def report(websocket: web.WebSocketResponse) -> None:
        connections.append(websocket)
        if len(connections) == 1:
            await websocket.send_str('42["invalidToken",{}]')
            return
        await connections[0].close()
        for door in count():
            body = f'{{"cloudNodeId":"node","body":{{"deviceId":"{door}"}}}}'
            await websocket.send_str(f'42["device.request.allowed",{body}]')
            await asyncio.sleep(0.01)

    async with (
        systems_server(report) as uri,
        RunningStream(make_node(uri)) as stream,
    ):
        await stream.wait_for_events(1)
        assert isinstance(stream.events[0], AccessEvent)


async def test_cancelled_twice(
    make_node: Callable[[str], CloudNodeClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that is cancelled again while it ends leaves no connection open."""
    connections: list[web.WebSocketResponse] = []

    async def report(websocket: web.WebSocketResponse) -> None:
        connections.append(websocket)

    ending = asyncio.Event()

    async def is_online() -> bool:
        try:
            await asyncio.Event().wait()
        finally:
            ending.set()
            await asyncio.sleep(0.1)
        return True

    before = asyncio.all_tasks()
    async with systems_server(report) as uri:
        node = make_node(uri)
        monkeypatch.setattr(node, "is_online", is_online)
        async with RunningStream(node) as stream:
            await wait_until(lambda: connections)
            stream.task.cancel()
            await ending.wait()
            await stream.stop()
            assert stream.statuses[-1] is DROPPED
            await wait_until(lambda: connections[0].closed)
    await wait_until(lambda: asyncio.all_tasks() == before)
