"""What the stream says in the log, and what it must not say anywhere."""

import base64
import logging

import aiohttp
import pytest

from custom_components.prodatakey.pdk.accounts import Accounts
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandRefusedError, PdkError
from custom_components.prodatakey.pdk.events import AccessEvent, DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import StreamStatus
from tests.simulator_process import SimulatedPdk

from .common import CLIENT_ID, CLIENT_SECRET, PANEL, Listening, listening, wait_for

OURS = "custom_components.prodatakey.pdk.stream"
PIN = "471147"


def _warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what is logged, but not that the machine is slow."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]


async def _marker(simulator: SimulatedPdk, panel: Listening) -> None:
    """Wait until everything emitted so far was handled."""
    heard = len(panel.events)
    await simulator.emit(PANEL, "migration.started")
    await panel.heard(heard + 1)


async def test_malformed_event_is_logged_once_per_topic(
    access: PanelAccess, simulator: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """A panel of tomorrow must not fill the log, nor show in it what it sent."""
    async with listening(access) as panel:
        for _ in range(3):
            for topic in ("door.request.unknown", "door.input.relay.on"):
                await simulator.emit(PANEL, topic, {"body": {"pin": PIN}})
        await _marker(simulator, panel)
        assert panel.statuses == [StreamStatus.CONNECTED]
    assert _warnings(caplog) == [
        "Ignored a malformed door.request.unknown: doorId is missing",
        "Ignored a malformed door.input.relay.on: doorId is missing",
    ]


async def test_unknown_topics_are_quiet(
    access: PanelAccess, simulator: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """The panel knows more topics than the page: never an error."""
    async with listening(access) as panel:
        await simulator.emit(PANEL, "door.autoopen.on", {"body": {"doorId": 1}})
        await simulator.emit(PANEL, "something.else")
        await _marker(simulator, panel)
        assert len(panel.events) == 1
    assert _warnings(caplog) == []


async def test_fault_of_a_listener_does_not_end_the_stream(
    access: PanelAccess, simulator: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """An automation's mistake at one door must not silence all the others."""
    async with listening(access) as panel:

        def faulty(event: PdkEvent) -> None:
            if isinstance(event, DoorEvent) and event.door_id == 1:
                raise RuntimeError("of the listener")
            panel.events.append(event)

        panel.stream._on_event = faulty
        await simulator.act(PANEL, 1, "relay", on=True)
        await simulator.act(PANEL, 2, "relay", on=True)
        await panel.stream.send(TryOpen(door_id=3))
        await wait_for(lambda: len(panel.topics) == 2)
        assert panel.statuses == [StreamStatus.CONNECTED]
    assert _warnings(caplog) == ["Could not handle door.input.relay.on"]


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Set each logger that there is to DEBUG, as somebody in search of a bug does."""
    caplog.set_level(logging.DEBUG)
    for name in (*logging.root.manager.loggerDict, "engineio", "socketio", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.mark.usefixtures("everything_logged", "short_back_off")
async def test_no_secret_in_the_log(
    access: PanelAccess,
    session: aiohttp.ClientSession,
    simulator: SimulatedPdk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A day with everything that can go wrong, all libraries at DEBUG."""
    secrets: set[str] = {CLIENT_SECRET, PIN}

    def note(of: PanelAccess) -> None:
        if of._token is not None:
            secrets.add(of._token.value)
        if of._accounts._id_token is not None:
            secrets.add(of._accounts._id_token.value)

    async with listening(access) as panel:
        note(access)
        await simulator.act(PANEL, 1, "badge", pin=PIN)
        await wait_for(lambda: any(isinstance(e, AccessEvent) for e in panel.events))
        await panel.stream.send(TryOpen(door_id=1))
        await simulator.faults(PANEL, commands={"refuse": "No.", "count": 1})
        with pytest.raises(CommandRefusedError):
            await panel.stream.send(TryOpen(door_id=1))
        await simulator.emit(PANEL, "door.request.unknown", {"body": {"pin": PIN}})
        await simulator.emit(PANEL, "invalidToken")
        await simulator.control("POST", f"panels/{PANEL}/raw", {"frame": f"42[{PIN}"})
        await _marker(simulator, panel)
        note(access)
        for times, fault in enumerate(("http", "error44", "abort"), 2):
            await simulator.faults(PANEL, handshake={"mode": fault, "count": 2})
            await simulator.control("POST", f"panels/{PANEL}/kick")
            await panel.connected(times)
            note(access)
        await simulator.faults(panel_token={"status": 500, "count": 1})
        await simulator.control("POST", f"panels/{PANEL}/offline")
        await panel.until(StreamStatus.DOWN)
    told = [repr(error) for _, error in panel.told] + [repr(e) for e in panel.events]

    wrong = Accounts(session, CLIENT_ID, f"{CLIENT_SECRET}x", simulator.accounts_url)
    with pytest.raises(PdkError) as refused:
        await wrong.panels()
    told.append(repr(refused.value))

    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    shown = caplog.text + "".join(told)
    assert f"DEBUG    {OURS}" in shown
    assert len(secrets) >= 5
    for secret in {basic, basic[:-2], "eyJ", *secrets}:
        assert secret not in shown
