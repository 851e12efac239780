"""A stream stays connected, whatever the panel and the network do."""

import asyncio

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandUnansweredError, PdkError
from custom_components.prodatakey.pdk.models import DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.stream import StreamStatus
from custom_components.prodatakey.pdk.v1 import engineio3
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.common import PANEL, wait_until
from tests.simulator_process import SimulatedPdk

from .common import kick, wait_for_requests
from .running_stream import CONNECTED, DOWN, DROPPED, RunningStream, receive_event


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
            receive_event(self.stream, "door.input.relay.on", {"body": {"doorId": 1}})


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
