"""Streams of both generations stay connected, whatever the site does."""

import asyncio
from typing import Any

import pytest

from custom_components.prodatakey.pdk.errors import PdkError, StreamRefusedError
from custom_components.prodatakey.pdk.events import DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.stream import StreamStatus
from custom_components.prodatakey.pdk.v1 import engineio3
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.simulator_process import PANEL, SimulatedPdk
from tests.waiting import wait_until

from .common import SimulatedSite, set_constants, wait_for_requests
from .running_stream import CONNECTED, DOWN, DROPPED, SILENT, RunningStream

# What fails in PDK 1.0, then in PDK 2.0.
FAULTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "connected": ({}, {}),
    "handshake": (
        {"handshake": {"mode": "hang"}},
        {"system_stream": {"hang": True}},
    ),
    "token": ({"panel_token": {"hang": True}}, {"system_token": {"hang": True}}),
    "backoff": ({"panel_token": {"status": 500}}, {"system_token": {"status": 500}}),
}

# So many tokens in a row may be rejected without any event in between.
MAX_REJECTIONS = 3


@pytest.mark.parametrize("moment", FAULTS)
async def test_stop(site: SimulatedSite, moment: str) -> None:
    """Test that a stream that is cancelled leaves nothing, at any moment."""
    faults = FAULTS[moment][0 if site.is_pdk1 else 1]
    site.client.discard_token()
    requests = await site.pdk.requests()
    await site.pdk.faults(None, **faults)
    before = asyncio.all_tasks()
    async with RunningStream(site.client, connect=not faults) as stream:
        if moment == "backoff":
            await stream.wait_for_status(DOWN)
        for kind in faults:
            await wait_for_requests(site.pdk, kind, requests[kind] + 1)
        if moment == "connected":
            await site.subscribed()
    assert stream.task.cancelled()
    await wait_until(lambda: asyncio.all_tasks() == before)
    connector = site.client.session.connector
    assert connector is not None
    await wait_until(lambda: not connector._acquired)
    await site.pdk.sockets(site.id, 0)


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
        await simulator.kick(PANEL)
        async with asyncio.timeout(5):
            await asyncio.wait({stream.task})
    assert stream.task.cancelled()


class _LateEvent(RunningStream):
    """A stream that reads an event when its connection has ended."""

    def __init__(self, site: SimulatedSite) -> None:
        super().__init__(site.client)
        self._topic = site.topic("input.relay.on")
        self._event = {"body": {"doorId": 1, "deviceId": site.door(1)}}
        self._socket: Any = None

    def on_status(self, status: StreamStatus, error: PdkError | None) -> None:
        super().on_status(status, error)
        if status is DROPPED:
            self.connection._dispatch(self._socket, self._topic, self._event)
        elif self.connection._sockets:
            (self._socket,) = self.connection._sockets


async def test_event_after_the_end(site: SimulatedSite, short_waits: None) -> None:
    """Test that an event after the end is ignored: its state would count as certain."""
    async with _LateEvent(site) as stream:
        await site.pdk.kick(site.id)
        await stream.wait_connected(2)
        assert stream.events == []


class _FailingCallbacks(RunningStream):
    """A stream whose callbacks fail after they have recorded."""

    def on_event(self, event: PdkEvent) -> None:
        super().on_event(event)
        if len(self.events) == 1:
            raise RuntimeError

    def on_status(self, status: StreamStatus, error: PdkError | None) -> None:
        super().on_status(status, error)
        raise RuntimeError


async def test_callbacks_fail(
    site: SimulatedSite, short_waits: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that the stream goes on if a callback fails, also on the next connection."""
    async with _FailingCallbacks(site.client) as stream:
        await site.subscribed()
        for number in (1, 2):
            await site.pdk.act(site.id, number, "relay", on=True)
        await stream.wait_for_events(2)
        events = [event for event in stream.events if isinstance(event, DoorEvent)]
        assert [event.door_id for event in events] == [site.door(1), site.door(2)]
        assert stream.statuses == [CONNECTED]
        await site.pdk.kick(site.id)
        await stream.wait_connected(2)
    assert "Could not handle the status CONNECTED" in caplog.text
    assert f"Could not handle {site.topic('input.relay.on')}" in caplog.text


async def test_unexpected_error(
    site: SimulatedSite,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test that an unexpected error is logged without its message, and retried."""
    tokens = getattr(site.client, "system", site.client)
    get_token, failures = tokens.get_token, [RuntimeError("secret")]

    async def fail_once() -> Any:
        if failures:
            raise failures.pop()
        return await get_token()

    monkeypatch.setattr(tokens, "get_token", fail_once)
    async with RunningStream(site.client) as stream:
        assert stream.statuses == [DOWN, CONNECTED]
    assert "Unexpected error: RuntimeError" in caplog.text
    assert "fail_once" in caplog.text
    assert "secret" not in caplog.text


async def test_delayed_events_follow_the_renewal(
    client: PanelClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test a token that expired while nothing happened: no event is lost."""
    set_constants(monkeypatch, jwt_lifetime=lambda _: 300.0)
    await simulator.faults(panel_token_lifetime=0, stale_token="accept")
    async with RunningStream(client) as stream:
        await simulator.faults(panel_token_lifetime=300)
        await simulator.act(PANEL, 1, "relay", on=True)
        await simulator.act(PANEL, 1, "open")
        await simulator.act(PANEL, 1, "close")
        # an `invalidToken` in place of each, and then the events
        await stream.wait_for_events(6)
        assert stream.topics == [
            "door.input.relay.on",
            "door.input.dps.opened",
            "door.input.dps.closed",
        ]
        assert stream.statuses == [CONNECTED]
    assert (await simulator.requests())["renewed"] == 1


async def test_retry_of_a_renewal(
    client: PanelClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that a renewal is retried when asked for: the credentials may be new."""
    set_constants(monkeypatch, backoff_delays=(60,), silent_after=0)
    async with RunningStream(client) as stream:
        await simulator.faults(PANEL, panel_token={"status": 503})
        await simulator.revoke(PANEL)
        await simulator.act(PANEL, 1, "relay", on=True)
        await wait_for_requests(simulator, "panel_token", 2)
        await stream.wait_for_status(SILENT)
        await simulator.faults(PANEL, panel_token=None)
        await wait_until(lambda: stream.errors[1:])
        stream.stream.retry()
        await stream.wait_for_events(2)
        await stream.wait_connected(2)
        assert set(stream.statuses) == {CONNECTED, SILENT}
        assert stream.topics == ["door.input.relay.on"]


@pytest.mark.parametrize("events", [False, True])
async def test_new_tokens_are_rejected(
    client: PanelClient,
    simulator: SimulatedPdk,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
    events: bool,
) -> None:
    """Test that the stream is down after three rejected tokens, unless events arrive."""
    set_constants(monkeypatch, renewal_grace=0.05)
    async with RunningStream(client) as stream:
        for times in range(1, (2 if events else 1) * MAX_REJECTIONS + 1):
            await simulator.emit(PANEL, "invalidToken")
            await stream.wait_for_renewals(times)
            if events:
                await simulator.act(PANEL, 2, "relay", on=times % 2 == 1)
                await stream.wait_for_events(2 * times)
        assert stream.statuses == [CONNECTED]
        if not events:
            await simulator.emit(PANEL, "invalidToken")
            await stream.wait_for_status(DOWN)
            assert [type(error) for error in stream.errors] == [StreamRefusedError]
            await stream.wait_connected(2)
