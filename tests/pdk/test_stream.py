"""A stream stays connected, whatever the panel and the network do."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from custom_components.prodatakey.pdk import engineio3
from custom_components.prodatakey.pdk.client import PanelClient
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    CommandUnansweredError,
    NotConnectedError,
    PdkError,
)
from custom_components.prodatakey.pdk.models import DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.stream import StreamStatus
from tests.common import PANEL, wait_until
from tests.simulator_process import SimulatedPdk

from .common import (
    CONNECTED,
    DOWN,
    DROPPED,
    PDK,
    RunningStream,
    doors_opened,
    kick,
    send_frame,
    set_constants,
    wait_for_requests,
)


@pytest.mark.parametrize(
    "ending",
    ["close", "abort", "41", "1", '44"Authorization has failed."', '44{"message":"x"}'],
)
async def test_reconnect(
    client: PanelClient, simulator: SimulatedPdk, short_backoff: None, ending: str
) -> None:
    """Test each way in which a panel ends a connection."""
    async with RunningStream(client) as stream:
        if ending in {"close", "abort"}:
            await kick(simulator, ending)
        else:
            await send_frame(simulator, ending)
        await stream.wait_connected(2)
        await simulator.act(PANEL, 1, "relay", on=True)
        await stream.wait_for_events(1)
    assert stream.reports == [
        (status, None) for status in (CONNECTED, DROPPED, CONNECTED, DROPPED)
    ]


async def test_missing_pongs(
    client: PanelClient, simulator: SimulatedPdk, short_backoff: None
) -> None:
    """Test that a connection ends on which nothing arrives."""
    await simulator.faults(ping_interval=0.3, ping_timeout=0.3)
    async with RunningStream(client) as stream:
        await simulator.faults(pong=False)
        await stream.wait_for_status(DROPPED)


async def test_panel_is_offline(
    client: PanelClient, simulator: SimulatedPdk, short_backoff: None
) -> None:
    """Test the statuses of an outage, and that a command is not kept for later."""
    async with RunningStream(client) as stream:
        await simulator.control("POST", f"panels/{PANEL}/offline")
        await wait_until(lambda: stream.statuses.count(DOWN) >= 2)
        assert isinstance(stream.errors[-1], CannotConnectError)
        with pytest.raises(NotConnectedError):
            await stream.send(TryOpen(door_id=1))
        await simulator.control("POST", f"panels/{PANEL}/online")
        await stream.wait_connected(2)
        downs = [DOWN] * stream.statuses.count(DOWN)
        assert stream.statuses == [CONNECTED, DROPPED, *downs, CONNECTED]
    assert await doors_opened(simulator) == []


@pytest.mark.parametrize(
    "frame",
    ["", "4", "42", "42[", "42{}", "42[1]", '42[""]', "451-[{}]", "42/other,[1]", "43"],
)
@pytest.mark.parametrize("more", ["9", "3probe"])
async def test_malformed_frames(
    client: PanelClient,
    simulator: SimulatedPdk,
    short_backoff: None,
    frame: str,
    more: str,
) -> None:
    """Test that they cost a connection at most, and never the stream."""
    async with RunningStream(client) as stream:
        await send_frame(simulator, frame)
        await send_frame(simulator, more)
        async with asyncio.timeout(10):
            while not stream.events:
                await simulator.act(PANEL, 1, "hold")
                await simulator.act(PANEL, 1, "lock")


@pytest.mark.parametrize("stable", [True, False])
async def test_backoff_is_reset_by_a_stable_connection(
    client: PanelClient,
    simulator: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    stable: bool,
) -> None:
    """Test a panel that accepts connections and then ends them."""
    attempts: list[int] = []

    def delays() -> Iterator[float]:
        for attempt in range(100):
            attempts.append(attempt)
            yield 0.0

    monkeypatch.setattr(f"{PDK}.reconnect._delays", delays)
    set_constants(monkeypatch, stable_after=0.0 if stable else 60.0)
    await simulator.faults(PANEL, handshake={"mode": "kick"})
    async with RunningStream(client) as stream:
        await stream.wait_connected(5)
    assert attempts[:4] == ([0, 0, 0, 0] if stable else [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        ("connected", {}),
        ("command", {}),
        ("handshake", {"handshake": {"mode": "hang"}}),
        ("panel_token", {"panel_token": {"hang": True}}),
        ("backoff", {"handshake": {"mode": "http"}}),
    ],
)
async def test_stop(
    client: PanelClient,
    simulator: SimulatedPdk,
    session: aiohttp.ClientSession,
    moment: str,
    fault: dict[str, object],
) -> None:
    """Test that a stream that is cancelled leaves nothing, at any moment."""
    await simulator.faults(PANEL, commands="ignored", **fault)
    before = asyncio.all_tasks()
    sending = None
    async with RunningStream(client, connect=not fault) as stream:
        if moment == "command":
            sending = stream.sending(TryOpen(door_id=1))
            await simulator.commands(PANEL)
        elif moment == "backoff":
            await stream.wait_for_status(DOWN)
        elif fault:
            await wait_for_requests(simulator, moment)
    assert stream.task.cancelled()
    if sending:
        with pytest.raises(CommandUnansweredError):
            await sending
    await wait_until(lambda: asyncio.all_tasks() == before)
    connector = session.connector
    assert connector is not None
    await wait_until(lambda: not connector._acquired)
    await simulator.sockets(PANEL, 0)


async def test_stop_while_the_panel_ends_the_connection(
    client: PanelClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that two ends at once do not wait for each other."""
    close = engineio3.Transport._close
    async with RunningStream(client) as stream:

        async def cancel_and_close(transport: engineio3.Transport) -> None:
            stream.task.cancel()
            await close(transport)

        monkeypatch.setattr(engineio3.Transport, "_close", cancel_and_close)
        await kick(simulator)
        async with asyncio.timeout(5):
            await asyncio.wait({stream.task})
    assert stream.task.cancelled()


class _LateEvent(RunningStream):
    """A stream that reads an event when its connection has ended."""

    def on_status(self, status: StreamStatus, error: PdkError | None) -> None:
        super().on_status(status, error)
        if status is DROPPED:
            self.receive("door.input.relay.on", {"body": {"doorId": 1}})


async def test_event_after_the_end(
    client: PanelClient, simulator: SimulatedPdk, short_backoff: None
) -> None:
    """Test that it is ignored: it would count as certain when nothing is."""
    async with _LateEvent(client) as stream:
        await kick(simulator)
        await stream.wait_connected(2)
        assert stream.events == []


class _FailingCallbacks(RunningStream):
    """A stream whose callbacks fail after they have recorded."""

    def on_event(self, event: PdkEvent) -> None:
        super().on_event(event)
        if not isinstance(event, DoorEvent) or event.door_id == 1:
            raise RuntimeError

    def on_status(self, status: StreamStatus, error: PdkError | None) -> None:
        super().on_status(status, error)
        raise RuntimeError


async def test_callbacks_fail(
    client: PanelClient,
    simulator: SimulatedPdk,
    short_backoff: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test that the stream goes on, for other doors and the next connection."""
    async with _FailingCallbacks(client) as stream:
        for door in (1, 2):
            await simulator.act(PANEL, door, "relay", on=True)
        await stream.send(TryOpen(door_id=3))
        await wait_until(lambda: len(stream.topics) >= 2)
        assert stream.statuses == [CONNECTED]
        await kick(simulator)
        await stream.wait_connected(2)
    assert "Could not handle the status CONNECTED" in caplog.text
    assert "Could not handle door.input.relay.on" in caplog.text


async def test_many_connections_leave_nothing(
    client: PanelClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that the number of tasks does not grow."""
    set_constants(monkeypatch, backoff_delays=(0.01,), max_backoff=0.01)
    async with RunningStream(client) as stream:
        await simulator.sockets(PANEL, 1)
        before = len(asyncio.all_tasks())
        for times in range(20):
            await kick(simulator, "abort" if times % 2 else "close")
            await stream.wait_connected(times + 2)
        await wait_until(lambda: len(asyncio.all_tasks()) <= before)
        await simulator.sockets(PANEL, 1)
