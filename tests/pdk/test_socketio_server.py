"""The stream against npm's socket.io 2.5.1: a server that we did not write."""

import asyncio
from collections.abc import AsyncIterator
import json
import signal

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import TryDwellOpen, TryOpen
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    NotConnectedError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.models import DoorEvent
from custom_components.prodatakey.pdk.v1.client import PanelClient
from custom_components.prodatakey.pdk.v1.parser import parse_event
from custom_components.prodatakey.pdk.v1.stream import validate_connection
from tests.common import wait_until

from .common import SAMPLES, LocalTokens, panel_client, set_constants
from .running_stream import CONNECTED, DOWN, DROPPED, RunningStream
from .socketio_server import SocketIoServer, socketio_server

EVENTS = SAMPLES["events"]


@pytest.fixture
async def server() -> AsyncIterator[SocketIoServer]:
    """Return the server with its usual times."""
    async with socketio_server() as server:
        yield server


@pytest.fixture
def tokens(session: aiohttp.ClientSession) -> LocalTokens:
    """Return the account whose tokens the server gets."""
    return LocalTokens(session)


@pytest.fixture
def client(
    session: aiohttp.ClientSession, tokens: LocalTokens, server: SocketIoServer
) -> PanelClient:
    """Return a client of the server."""
    return panel_client(session, tokens, server.uri)


async def test_connect_and_events(server: SocketIoServer, client: PanelClient) -> None:
    """Test one connection with the token, every documented event, and their order.

    The server sends `40` by itself: a client that sends it too connects twice.
    """
    async with RunningStream(client) as stream:
        for topic, payload in EVENTS.items():
            await server.do("emit", topic, *([payload] if payload else []))
        expected = [
            event for sample in EVENTS.items() if (event := parse_event(*sample))
        ]
        await stream.wait_for_events(len(expected))
        assert stream.events == expected
        stream.events.clear()
        await server.do("doors", 5000)
        await stream.wait_for_events(5000)
    doors = [event.door_id for event in stream.events if isinstance(event, DoorEvent)]
    assert doors == list(range(1, 5001))
    await wait_until(lambda: server.all("disconnect"))
    assert server.all("connection") == ["token-1"]
    assert server.frames("40") == []
    assert stream.statuses == [CONNECTED, DROPPED]


async def test_commands(server: SocketIoServer, client: PanelClient) -> None:
    """Test frames, byte for byte, results of simultaneous commands, and a rejection."""
    async with RunningStream(client) as stream:
        await stream.send(TryDwellOpen(door_id=6, dwell=30))
        (frame,) = server.frames("42")
        command_id = json.loads(frame[2:])[1]["id"]
        assert frame == (
            f'42["command",{{"id":"{command_id}","topic":"door.try.dwellopen",'
            '"body":{"doorId":6,"dwell":30}}]'
        )
        await asyncio.gather(*(stream.send(TryOpen(door_id=n)) for n in range(10)))
        assert server.doors() == [6, *range(10)]
        assert len({json.loads(f[2:])[1]["id"] for f in server.frames("42")}) == 11
        await server.do("answer", "Command is not supported.")
        with pytest.raises(CommandRejectedError, match=r"^Command is not supported\.$"):
            await stream.send(TryOpen(door_id=1))


@pytest.mark.parametrize("ending", ["disconnect", "closePacket", "hangUp"])
async def test_reconnect(
    server: SocketIoServer, client: PanelClient, short_backoff: None, ending: str
) -> None:
    """Test packet `41`, the engine's packet `1` and a closed websocket."""
    async with RunningStream(client) as stream:
        await server.do(ending)
        await stream.wait_connected(2)
        await server.do("emit", *list(EVENTS.items())[1])
        await stream.wait_for_events(1)
        assert stream.statuses == [CONNECTED, DROPPED, CONNECTED]


@pytest.mark.parametrize("how", ["http", "middleware"])
async def test_rejected_token_is_replaced(
    server: SocketIoServer,
    client: PanelClient,
    tokens: LocalTokens,
    short_backoff: None,
    how: str,
) -> None:
    """Test HTTP 400 at the handshake, and `44`: each attempt has a new token."""
    await server.do("refuse", how)
    reason = r"^Authorization has failed\.$" if how == "middleware" else "HTTP 400"
    with pytest.raises(StreamRefusedError, match=reason):
        await validate_connection(client)
    async with RunningStream(client, connect=False) as stream:
        await wait_until(lambda: len(server.all("refused")) >= 4)
        assert set(stream.statuses) == {DOWN}
        assert {type(error) for error in stream.errors} == {StreamRefusedError}
        with pytest.raises(NotConnectedError):
            await stream.send(TryOpen(door_id=1))
        await server.do("refuse", None)
        await stream.wait_connected()
    assert server.all("connection") == [f"token-{tokens.made}"]
    assert tokens.made >= 5


async def test_invalid_token_is_renewed_once(
    server: SocketIoServer, client: PanelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that the many `invalidToken` of one discovery do not cause one renewal each.

    One that comes after a renewal may be about the new token, so there is a second.
    """
    set_constants(monkeypatch, renewal_grace=0.3)
    async with RunningStream(client) as stream:
        for _ in range(5):
            await server.do("emit", "invalidToken")
        await wait_until(lambda: not stream.token_rejected)
        assert server.frames("42") == [
            '42["renewedToken",{"token":"token-2"}]',
            '42["renewedToken",{"token":"token-3"}]',
        ]
    assert stream.statuses == [CONNECTED, DROPPED]


async def test_pings(
    session: aiohttp.ClientSession, tokens: LocalTokens, short_backoff: None
) -> None:
    """Test that pings keep a quiet connection, and that missing pongs end it."""
    async with (
        socketio_server(ping_interval=0.5, ping_timeout=0.5) as server,
        RunningStream(panel_client(session, tokens, server.uri)) as stream,
    ):
        # more than three intervals: by then the server would have closed it
        await wait_until(lambda: server.frames("2").count("2") >= 4)
        assert stream.statuses == [CONNECTED]
        assert server.all("disconnect") == []
        server.send_signal(signal.SIGSTOP)
        await stream.wait_for_status(DROPPED)
        server.send_signal(signal.SIGCONT)
        await stream.wait_connected(2)
