"""The stream of a system: subscriptions, renewals and events of one cloud node."""

from typing import Any
from unittest.mock import AsyncMock

import pytest

from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.events import (
    Access,
    AccessEvent,
    DoorEvent,
    SiteConnection,
    SiteProblemReported,
)
from custom_components.prodatakey.pdk.models import Aspect
from custom_components.prodatakey.pdk.parser import MAX_ID_LENGTH
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from custom_components.prodatakey.pdk.v2.parser import TOPICS
from custom_components.prodatakey.pdk.v2.stream import SystemStream
from simulator.scenario import device_id
from tests.pdk.common import set_constants
from tests.pdk.running_stream import CONNECTED, DROPPED, RunningStream
from tests.simulator_process import WORKSHOP, WORKSHOP_SYSTEM, Json, SimulatedPdk
from tests.waiting import wait_until

ALLOWED = "device.request.allowed"
OPENED = "device.input.dps.opened"
DOOR = device_id(WORKSHOP, 1)
OTHER_SITE = "4000XYZ"


async def test_reconnect(
    node: CloudNodeClient, simulator: SimulatedPdk, short_waits: None
) -> None:
    """Each connection subscribes all topics: without that no event comes."""
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        await simulator.revoke(WORKSHOP)
        await simulator.kick(WORKSHOP)
        await stream.wait_connected(2)
        await simulator.subscriptions(WORKSHOP, 2)
        await simulator.report(WORKSHOP, OPENED, 1)
        await stream.wait_for_events(1)
        subscriptions = (await simulator.system(WORKSHOP))["subscriptions"]
        assert subscriptions == [sorted(TOPICS)] * 2
        assert stream.statuses[:2] == [CONNECTED, DROPPED]


async def test_unexpected_error_of_the_status(
    node: CloudNodeClient,
    simulator: SimulatedPdk,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A bug is logged without its message, and the status of the site is read again."""
    is_online, failures = node.is_online, [RuntimeError("secret")]

    async def fail_once() -> bool | None:
        if failures:
            raise failures.pop()
        return await is_online()

    monkeypatch.setattr(node, "is_online", fail_once)
    await simulator.set_online(WORKSHOP, online=False)
    async with RunningStream(node) as stream:
        await stream.wait_for_events(1)
    assert stream.events == [SiteConnection(connected=False)]
    assert "Unexpected error: RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_events_prove_that_a_site_is_online(
    node: CloudNodeClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event shows that a site is online, unless it is older than its disconnect."""
    online, offline = SiteConnection(connected=True), SiteConnection(connected=False)
    status = {"id": node.info.cloud_node_id, "connectionStatus": {"connected": False}}
    await simulator.faults(cloud_nodes={"body": [status]})
    async with RunningStream(node) as stream:
        await stream.wait_for_events(1)
        await simulator.subscriptions(WORKSHOP, 1)
        await simulator.report(WORKSHOP, OPENED, 1)
        await stream.wait_for_events(3)
        assert stream.events[:2] == [offline, online]
        await simulator.report(WORKSHOP, "cloudnode.disconnected")
        await simulator.report(WORKSHOP, ALLOWED, 1)
        await stream.wait_for_events(5)
        assert stream.events[3] == offline
        set_constants(monkeypatch, settling=0)
        await simulator.report(WORKSHOP, "device.input.dps.closed", 1)
        await stream.wait_for_events(7)
        assert stream.events[5] == online
    assert stream.topics == [OPENED, ALLOWED, "device.input.dps.closed"]


async def test_status_of_a_site_is_read_until_it_is_online(
    node: CloudNodeClient,
    simulator: SimulatedPdk,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The status of an offline site is read until it is online, without an event."""
    set_constants(monkeypatch, settling=0.2)
    await simulator.set_online(WORKSHOP, online=False, event=False)
    async with RunningStream(node) as stream:
        await stream.wait_for_events(1)
        await simulator.set_online(WORKSHOP, online=True, event=False)
        await stream.wait_for_events(2)
        await simulator.subscriptions(WORKSHOP, 1)
        # the status is not up to date at first
        await simulator.report(WORKSHOP, "cloudnode.disconnected")
        await stream.wait_for_events(4)
    assert stream.events == [
        SiteConnection(connected=value) for value in (False, True, False, True)
    ]


async def test_status_is_read_again_after_a_report_without_a_site(
    node: CloudNodeClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that names no site lets the status be read at once."""
    set_constants(monkeypatch, backoff_delays=(60,))
    await simulator.set_online(WORKSHOP, online=False, event=False)
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        await stream.wait_for_events(1)
        await simulator.set_online(WORKSHOP, online=True, event=False)
        await simulator.emit(WORKSHOP, "cloudnode.connected", {})
        await stream.wait_for_events(2)
    assert stream.events[1] == SiteConnection(connected=True)


@pytest.mark.parametrize("envelope", ["A", "B", "C"])
async def test_badge_and_its_relay(
    node: CloudNodeClient, simulator: SimulatedPdk, envelope: str
) -> None:
    """A badge is an access followed by its relay, in every envelope."""
    await simulator.switches(WORKSHOP, envelope=envelope)
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        holder = {"holderId": "8129a254", "holderName": "John Wiegand"}
        for topic in ("device.request.found", ALLOWED):
            await simulator.report(WORKSHOP, topic, 1, **holder)
        await stream.send(TryOpen(DOOR))
        await stream.wait_for_events(2)
        assert stream.stream.stats.topics["device.request.found"] == 1
    request, relay = stream.events
    assert isinstance(request, AccessEvent)
    assert (request.access, request.person) == (Access.GRANTED, "John Wiegand")
    assert isinstance(relay, DoorEvent)
    assert (relay.aspect, relay.value) == (Aspect.RELAY, True)


async def test_events_of_other_sites_are_ignored(
    node: CloudNodeClient, simulator: SimulatedPdk
) -> None:
    """The stream is the system's; the doors are those of one cloud node."""
    system = {"id": WORKSHOP_SYSTEM, "cloud_node": "91c2a7b7-28e9"}
    other = {"id": OTHER_SITE, "generation": 2, "system": system, "doors": [{"id": 1}]}
    await simulator.control("POST", "panels", other)
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        await simulator.report(OTHER_SITE, OPENED, 1)
        await simulator.set_online(OTHER_SITE, online=False)
        for door in (device_id(OTHER_SITE, 1), DOOR):
            for topic in (OPENED, "device.alarm.circuitbreaker.on"):
                await simulator.emit(WORKSHOP, topic, {"body": {"deviceId": door}})
        await stream.wait_for_events(2)
    event, problem = stream.events
    assert isinstance(event, DoorEvent)
    assert isinstance(problem, SiteProblemReported)
    assert event.door_id == problem.source == DOOR


async def test_list_that_lacks_a_device(
    node: CloudNodeClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events without a cloud node count as long as the panel has their door."""
    lists: list[list[Json]] = [[], [{"id": "other"}], [{"id": "other"}]]

    async def get_list(url: str) -> list[Json]:
        return lists.pop(0)

    monkeypatch.setattr(node, "get_list", get_list)
    monkeypatch.setattr(node, "is_online", AsyncMock(return_value=True))
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        for reports, heard in enumerate((1, 2, 2), 1):
            await node.get_doors()
            await simulator.emit(WORKSHOP, OPENED, {"body": {"deviceId": DOOR}})
            await simulator.report(WORKSHOP, OPENED, 2)
            await stream.wait_for_events(heard + reports)
            assert len(stream.events) == heard + reports


@pytest.mark.parametrize("event_ids", [True, False])
async def test_event_that_comes_twice_counts_once(
    node: CloudNodeClient, simulator: SimulatedPdk, event_ids: bool
) -> None:
    """A repeated event is known by its id, else by its door and time."""
    await simulator.switches(WORKSHOP, event_ids=event_ids)
    event: dict[str, Any] = {"topic": ALLOWED, "content": {"doorId": 1}, "times": 3}
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        await simulator.control("POST", f"panels/{WORKSHOP}/emit", event)
        await simulator.report(WORKSHOP, OPENED, 1)
        await stream.wait_for_events(2)
    assert stream.topics == [ALLOWED, OPENED]


@pytest.mark.parametrize("event_id", [{}, {"id": "90163e3c"}])
async def test_event_that_comes_again_after_a_restart(
    node: CloudNodeClient, simulator: SimulatedPdk, event_id: dict[str, str]
) -> None:
    """The ids of the last events are stored; a text that is too long is no id."""
    metadata = {"occurred": 1710201553630}
    event = {**event_id, "body": {"deviceId": DOOR}, "metadata": metadata}
    too_long = {**event, "id": "x" * (MAX_ID_LENGTH + 1)}
    too_long["metadata"] = {"occurred": metadata["occurred"] + 1}
    restored: list[object] = []
    for run, expected in enumerate(([ALLOWED, ALLOWED, OPENED], [OPENED]), 1):
        running = RunningStream(node)
        running.stream.recent_ids.restore([*restored, 7, None])
        async with running as stream:
            await simulator.subscriptions(WORKSHOP, run)
            for each in (event, too_long):
                await simulator.emit(WORKSHOP, ALLOWED, each)
            await simulator.report(WORKSHOP, OPENED, 1)
            await stream.wait_for_events(len(expected))
        assert stream.topics == expected
        restored = [*stream.stream.recent_ids.to_store()]
    assert max(map(len, map(str, restored))) < 150


async def test_expired_token_that_the_system_reports(
    node: CloudNodeClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`invalidToken` is answered with `renewedToken`, and by a new connection."""
    set_constants(monkeypatch, overlap=0.3, renewal_grace=0.3)
    await simulator.switches(WORKSHOP, renewal="event")
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        await simulator.revoke(WORKSHOP)
        await simulator.report(WORKSHOP, OPENED, 1)
        await simulator.subscriptions(WORKSHOP, 2)
        assert (await simulator.system(WORKSHOP))["renewed"] == 1
        await simulator.report(WORKSHOP, "device.input.dps.closed", 1)
        await stream.wait_for_events(1)
        assert stream.delayed == [True]
        await wait_until(lambda: not stream.token_rejected)
        await simulator.sockets(WORKSHOP, 1)
        await simulator.report(WORKSHOP, OPENED, 1)
        await stream.wait_for_events(2)
        assert stream.delayed == [True, False]
        assert stream.statuses == [CONNECTED]


async def test_stall_of_this_machine(
    node: CloudNodeClient,
    simulator: SimulatedPdk,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Events read after a stall may be old, and the connection is replaced."""
    set_constants(monkeypatch, tick=0.1)
    async with RunningStream(node) as stream:
        await simulator.subscriptions(WORKSHOP, 1)
        assert isinstance(stream.connection, SystemStream)
        assert stream.connection._current is not None
        stream.connection._current.eio._last_now -= 60
        await simulator.report(WORKSHOP, ALLOWED, 1)
        await stream.wait_for_events(1)
        assert stream.delayed == [True]
        await stream.wait_connected(2)
        await simulator.subscriptions(WORKSHOP, 2)
        await simulator.report(WORKSHOP, ALLOWED, 1)
        await stream.wait_for_events(2)
        assert stream.delayed == [True, False]
