"""The stream against npm's socket.io 2.5.1 and 4: servers that we did not write."""

import asyncio
from collections.abc import AsyncIterator
import json
import signal
from typing import Literal

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import TryDwellOpen, TryOpen
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    NotConnectedError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.events import DoorEvent
from custom_components.prodatakey.pdk.generations import Client, validate_connection
from custom_components.prodatakey.pdk.v1.parser import parse_event
from custom_components.prodatakey.pdk.v2.parser import TOPICS
from tests.simulator_process import WORKSHOP_SYSTEM
from tests.waiting import wait_until

from .common import SAMPLES, LocalTokens, node_client, panel_client, set_constants
from .running_stream import CONNECTED, DOWN, DROPPED, RunningStream
from .socketio_server import SocketIoServer, socketio_server

EVENTS = SAMPLES["events"]

type Name = Literal["panel", "system"]


def _client(session: aiohttp.ClientSession, name: Name, uri: str) -> Client:
    """Return a client of a server, with tokens that it makes itself."""
    make_client = panel_client if name == "panel" else node_client
    return make_client(session, LocalTokens(session), uri)


@pytest.fixture
async def panel() -> AsyncIterator[SocketIoServer]:
    """Return the server of a panel."""
    async with socketio_server("panel") as server:
        yield server


@pytest.fixture
def client(session: aiohttp.ClientSession, panel: SocketIoServer) -> Client:
    """Return a client of the panel."""
    return _client(session, "panel", panel.uri)


async def test_events_of_a_panel(panel: SocketIoServer, client: Client) -> None:
    """Test one connection with the token, every documented event, and their order.

    The server sends `40` by itself: a client that sends it too connects twice.
    """
    async with RunningStream(client) as stream:
        for topic, payload in EVENTS.items():
            await panel.do("emit", topic, *([payload] if payload else []))
        expected = [
            event for sample in EVENTS.items() if (event := parse_event(*sample))
        ]
        await stream.wait_for_events(len(expected))
        assert stream.events == expected
        stream.events.clear()
        await panel.do("doors", 5000)
        await stream.wait_for_events(5000)
    doors = [event.door_id for event in stream.events if isinstance(event, DoorEvent)]
    assert doors == list(range(1, 5001))
    await wait_until(lambda: panel.all("disconnect"))
    assert panel.tokens == ["token-1"]
    assert panel.frames("40") == []
    assert stream.statuses == [CONNECTED, DROPPED]


async def test_events_of_a_system(session: aiohttp.ClientSession) -> None:
    """Test the query, the subscription of all topics, and the order of events."""
    async with socketio_server("system") as server:
        node = node_client(session, LocalTokens(session), server.uri)
        node.device_ids = set(range(50))
        async with RunningStream(node) as stream:
            await wait_until(lambda: server.all("subscribed"))
            for number in range(50):
                event = {"body": {"deviceId": str(number)}}
                await server.do("emit", "device.input.dps.opened", event)
            await stream.wait_for_events(50)
        events = [event for event in stream.events if isinstance(event, DoorEvent)]
        assert [event.door_id for event in events] == list(range(50))
        await wait_until(lambda: server.all("disconnect"))
        (query,) = server.all("connection")
        assert (query["systemId"], query["token"]) == (WORKSHOP_SYSTEM, "token-1")
        assert query["EIO"] == "4"
        assert server.all("subscribed") == [sorted(TOPICS)]


async def test_commands(panel: SocketIoServer, client: Client) -> None:
    """Test frames, byte for byte, results of simultaneous commands, and a rejection."""
    async with RunningStream(client) as stream:
        await stream.send(TryDwellOpen(door_id=6, dwell=30))
        (frame,) = panel.frames("42")
        command_id = json.loads(frame[2:])[1]["id"]
        assert frame == (
            f'42["command",{{"id":"{command_id}","topic":"door.try.dwellopen",'
            '"body":{"doorId":6,"dwell":30}}]'
        )
        await asyncio.gather(*(stream.send(TryOpen(door_id=n)) for n in range(10)))
        commands = [json.loads(frame[2:])[1] for frame in panel.frames("42")]
        assert [each["body"]["doorId"] for each in commands] == [6, *range(10)]
        assert len({each["id"] for each in commands}) == 11
        await panel.do("answer", "Command is not supported.")
        with pytest.raises(CommandRejectedError, match=r"^Command is not supported\.$"):
            await stream.send(TryOpen(door_id=1))


@pytest.mark.parametrize(
    ("name", "ping", "endings"),
    [
        ("panel", "2", ["disconnect", "closePacket", "hangUp"]),
        ("system", "3", ["disconnect", "hangUp"]),
    ],
)
async def test_pings_and_reconnects(
    session: aiohttp.ClientSession,
    short_waits: None,
    name: Name,
    ping: str,
    endings: list[str],
) -> None:
    """Test that pings keep a quiet connection, and that each way to end it is noticed.

    In PDK 1.0 the client sends the pings, in PDK 2.0 it answers those of the server.
    """
    async with (
        socketio_server(name, ping_interval=0.25, ping_timeout=0.5) as server,
        RunningStream(_client(session, name, server.uri)) as stream,
    ):
        # more than an interval and the timeout: by then the server would have closed it
        await wait_until(lambda: server.frames(ping).count(ping) >= 4)
        assert stream.statuses == [CONNECTED]
        assert server.all("disconnect") == []
        for times, ending in enumerate(endings, 2):
            await server.do(ending)
            await stream.wait_connected(times)
        server.send_signal(signal.SIGSTOP)
        await wait_until(lambda: stream.statuses.count(DROPPED) > len(endings))
        server.send_signal(signal.SIGCONT)
        await stream.wait_connected(len(endings) + 2)


@pytest.mark.parametrize("name", ["panel", "system"])
async def test_rejected_token_is_replaced(
    session: aiohttp.ClientSession, short_waits: None, name: Name
) -> None:
    """Test a rejection by HTTP and by Socket.IO: each attempt has a new token."""
    async with socketio_server(name) as server:
        client = _client(session, name, server.uri)
        for how, reason in (("http", "HTTP 40"), ("middleware", "Authorization has")):
            await server.do("refuse", how)
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
            await wait_until(lambda: server.tokens)
        (token,) = server.tokens
        assert int(token.removeprefix("token-")) >= 5


async def test_invalid_token_is_renewed_once(
    panel: SocketIoServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that many `invalidToken` of one discovery cause one renewal.

    One that comes after a renewal may be about the new token, so there is a second.
    """
    set_constants(monkeypatch, renewal_grace=0.3)
    async with RunningStream(client) as stream:
        for _ in range(5):
            await panel.do("emit", "invalidToken")
        await wait_until(lambda: not stream.token_rejected)
        assert panel.frames("42") == [
            '42["renewedToken",{"token":"token-2"}]',
            '42["renewedToken",{"token":"token-3"}]',
        ]
    assert stream.statuses == [CONNECTED, DROPPED]
