"""The stream of a system against a genuine Socket.IO 4 server."""

import asyncio
from dataclasses import replace
import json
import logging
from typing import Any

import aiohttp
from aiohttp import web
import pytest

from custom_components.prodatakey.pdk.commands import (
    ActuateClose,
    ActuateDoNotDisturb,
    ActuateOpen,
    TryDwellOpen,
    TryOpen,
)
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    CommandRejectedError,
    NotConnectedError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.models import (
    Access,
    AccessEvent,
    Aspect,
    DoorEvent,
    SiteConnection,
)
from custom_components.prodatakey.pdk.stream import StreamStatus
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from custom_components.prodatakey.pdk.v2.parser import TOPICS
from custom_components.prodatakey.pdk.v2.socketio4 import Socket
from custom_components.prodatakey.pdk.v2.stream import (
    CloudNodeStream,
    validate_connection,
)
from tests.common import wait_until
from tests.pdk.common import set_constants, websocket_server
from tests.pdk.running_stream import RunningStream
from tests.simulator_process import SimulatedPdk

from .common import (
    LOBBY,
    OTHER_DOOR,
    OTHER_SERIAL,
    STOCK,
    SimulatedSystem,
    cloud_node_client,
)


async def test_all_topics_are_subscribed_after_each_connect(
    node: CloudNodeClient, system: SimulatedSystem, short_backoff: None
) -> None:
    """Nothing comes without a subscription, so each connection subscribes."""
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        await system.kick()
        await running.wait_connected(2)
        await system.wait_for_subscriptions(2)
        assert (await system.state())["subscriptions"] == [sorted(TOPICS)] * 2
    assert running.statuses[:2] == [StreamStatus.CONNECTED, StreamStatus.DROPPED]


@pytest.mark.parametrize("envelope", ["A", "B", "C"])
async def test_a_badge_and_its_relay(
    node: CloudNodeClient, system: SimulatedSystem, envelope: str
) -> None:
    """A granted request and the relay that follows, in every envelope."""
    await system.switch(envelope=envelope)
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        body = {"holderId": "8129a254", "holderName": "John Wiegand"}
        await system.emit("device.request.found", body=body)
        await system.emit("device.request.allowed", body=body)
        await running.send(TryOpen(LOBBY))
        await running.wait_for_events(2)
    request, relay = running.events
    assert isinstance(request, AccessEvent)
    assert (request.access, request.person) == (Access.GRANTED, "John Wiegand")
    assert isinstance(relay, DoorEvent)
    assert (relay.aspect, relay.value) == (Aspect.RELAY, True)
    assert running.stream.stats.topics["device.request.found"] == 1


async def test_commands(node: CloudNodeClient, system: SimulatedSystem) -> None:
    """Each command has its request; what 2.0 has no path for is not sent."""
    async with RunningStream(node) as running:
        for command in (
            ActuateOpen(STOCK),
            ActuateClose(STOCK),
            TryDwellOpen(STOCK, 25),
            TryOpen(STOCK),
        ):
            await running.send(command)
        with pytest.raises(CommandRejectedError):
            await running.send(ActuateDoNotDisturb(STOCK))
    assert [(c["action"], c["body"]) for c in await system.commands()] == [
        ("open", {}),
        ("close", {}),
        ("try-open", {"dwell": 25}),
        ("try-open", {}),
    ]


async def test_events_of_other_sites_are_ignored(
    node: CloudNodeClient, system: SimulatedSystem
) -> None:
    """The stream is the system's; the doors are those of one cloud node."""
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        await system.emit("device.input.dps.opened", OTHER_DOOR, OTHER_SERIAL)
        await system.emit("cloudnode.disconnected", None, OTHER_SERIAL)
        unnamed = {"body": {"deviceId": OTHER_DOOR}}
        await system.emit("device.input.dps.opened", payload=unnamed)
        known = {"body": {"deviceId": LOBBY}}
        await system.emit("device.input.dps.opened", payload=known)
        await running.wait_for_events(1)
    (event,) = running.events
    assert isinstance(event, DoorEvent)
    assert event.door_id == LOBBY


@pytest.mark.parametrize("event_ids", [True, False])
async def test_an_event_that_comes_twice_counts_once(
    node: CloudNodeClient, system: SimulatedSystem, event_ids: bool
) -> None:
    """Repeats are known by their id, else by door and time."""
    await system.switch(event_ids=event_ids)
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        await system.emit("device.request.allowed", times=3)
        await system.emit("device.input.dps.opened")
        await running.wait_for_events(2)
    assert [
        event.topic
        for event in running.events
        if isinstance(event, DoorEvent | AccessEvent)
    ] == ["device.request.allowed", "device.input.dps.opened"]


async def test_a_renewal_loses_no_event_and_repeats_none(
    node: CloudNodeClient,
    system: SimulatedSystem,
    short_overlap: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The new connection is subscribed before the old one is closed."""
    # A busy machine, too, has the time to connect before the old token expires.
    set_constants(monkeypatch, renew_at=0.1)
    await system.switch(token_lifetime=20)
    node.discard_token()
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        sent = 0
        while running.stream.stats.renewals < 2:
            await system.emit("device.request.allowed", body={"occurred": sent + 1})
            sent += 1
        await system.wait_for_sockets(1)
        await running.wait_for_events(sent)
        assert len(running.events) == sent
        assert running.statuses == [StreamStatus.CONNECTED]


async def test_an_expired_token_that_the_system_reports(
    node: CloudNodeClient, system: SimulatedSystem, short_overlap: None
) -> None:
    """`invalidToken` is answered with `renewedToken`, and by a new connection."""
    await system.switch(renewal="event")
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        await system.expire()
        await system.emit("device.input.dps.opened")
        await system.wait_for_subscriptions(2)
        assert (await system.state())["renewed"] == 1
        await system.wait_for_sockets(1)
        await system.emit("device.input.dps.closed")
        await running.wait_for_events(1)
        assert running.delayed == [True]
        await wait_until(lambda: not running.stream._renewer.rejected.is_set())
        await system.emit("device.input.dps.opened")
        await running.wait_for_events(2)
        assert running.delayed == [True, False]
    assert running.statuses[0] is StreamStatus.CONNECTED
    assert running.stream.stats.connects == 1


async def test_a_connection_that_the_system_cuts(
    node: CloudNodeClient, system: SimulatedSystem, short_backoff: None
) -> None:
    """A cut is followed by a new connection with a fresh token."""
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        await system.expire()
        await system.kick()
        await running.wait_connected(2)
        await system.wait_for_subscriptions(2)
        await system.emit("device.input.dps.opened")
        await running.wait_for_events(1)


async def test_a_site_that_goes_offline(
    node: CloudNodeClient, system: SimulatedSystem
) -> None:
    """An offline site is reported, and nothing is sent to it."""
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        await system.set_online(False)
        await running.wait_for_events(1)
        with pytest.raises(NotConnectedError):
            await running.send(ActuateOpen(LOBBY))
        await system.set_online(True)
        await running.wait_for_events(2)
        await running.send(ActuateOpen(LOBBY))
    assert running.events[:2] == [
        SiteConnection(connected=False),
        SiteConnection(connected=True),
    ]
    assert len(await system.commands()) == 1


async def test_a_site_that_is_offline_at_the_start(
    node: CloudNodeClient, system: SimulatedSystem
) -> None:
    """The list of cloud nodes says so where no event does."""
    await system.set_online(False, event=False)
    async with RunningStream(node) as running:
        await running.wait_for_events(1)
    assert running.events == [SiteConnection(connected=False)]


async def test_a_refused_stream(
    session: aiohttp.ClientSession, simulator: SimulatedPdk, system: SimulatedSystem
) -> None:
    """The set-up says that the stream is refused."""
    client = await cloud_node_client(session, simulator)
    await validate_connection(client)
    await system.switch(refuses_stream=True)
    with pytest.raises(StreamRefusedError, match="Authorization has failed"):
        await validate_connection(client)


async def test_a_server_that_opens_nothing(
    socket_enabled: None,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A websocket on which no word comes is given up, and closed."""
    set_constants(monkeypatch, connect_timeout=0.3)
    ended = asyncio.Event()

    async def serve(websocket: web.WebSocketResponse) -> None:
        try:
            await websocket.receive()
        finally:
            ended.set()

    async with websocket_server(serve) as url:
        socket = Socket(session, lambda *_: None)
        with pytest.raises(CannotConnectError):
            await socket.open(url)
        await socket.close()
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_refusal_is_cut_after_its_secrets_are_removed(
    session: aiohttp.ClientSession, node: CloudNodeClient
) -> None:
    """A part of a token is a secret too, also where the text is cut in its middle."""
    token = await node.get_token()
    refusal = "x" * 90 + " " + token.value

    async def serve(websocket: web.WebSocketResponse) -> None:
        opening = {
            "sid": "s",
            "upgrades": [],
            "pingInterval": 9000,
            "pingTimeout": 9000,
        }
        await websocket.send_str(f"0{json.dumps(opening)}")
        await websocket.receive()
        await websocket.send_str(f"44{json.dumps({'message': refusal})}")
        await websocket.receive()

    async with websocket_server(serve) as url:
        node.info = replace(node.info, uri=url)
        with pytest.raises(StreamRefusedError) as refused:
            await validate_connection(node)
    assert str(refused.value) == f"{'x' * 90} **REDACTE"


async def test_no_secret_in_the_log(
    node: CloudNodeClient,
    system: SimulatedSystem,
    short_backoff: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither tokens nor people nor PINs are logged, whatever happens."""
    caplog.set_level(logging.DEBUG)
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        body: dict[str, Any] = {"pin": "471147", "holderName": "John Wiegand"}
        await system.emit("device.request.unknown", body=body)
        await system.emit("device.input.rex.on", payload={"body": body})
        await running.wait_for_events(1)
        await system.switch(refuses_stream=True)
        await system.kick()
        await wait_until(lambda: StreamStatus.DOWN in running.statuses)
    tokens = set(node._tokens)
    assert tokens
    for secret in {"471147", "Wiegand", "demo-secret", *tokens}:
        assert secret not in caplog.text


async def test_a_standstill_of_this_machine(
    node: CloudNodeClient,
    system: SimulatedSystem,
    short_backoff: None,
) -> None:
    """What is read after a standstill may be old, and the connection is replaced."""
    async with RunningStream(node) as running:
        await system.wait_for_subscriptions(1)
        assert isinstance(running.stream, CloudNodeStream)
        assert running.stream._current is not None
        running.stream._current.eio._last_awake -= 60
        await system.emit("device.request.allowed")
        await running.wait_for_events(1)
        assert running.delayed == [True]
        await running.wait_connected(2)
        await system.wait_for_subscriptions(2)
        await system.emit("device.request.allowed")
        await running.wait_for_events(2)
        assert running.delayed == [True, False]


async def test_other_tasks_go_on_when_the_stream_is_stopped(
    node: CloudNodeClient, system: SimulatedSystem
) -> None:
    """Nothing is left of a stream that was stopped."""
    before = asyncio.all_tasks()
    async with RunningStream(node):
        await system.wait_for_subscriptions(1)
    assert asyncio.all_tasks() == before
    await system.wait_for_sockets(0)
