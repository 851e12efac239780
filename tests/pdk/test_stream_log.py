"""What the stream logs, and which secrets it must not log."""

import logging

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandRejectedError, PdkError
from custom_components.prodatakey.pdk.models import AccessEvent
from custom_components.prodatakey.pdk.v1.client import PanelClient, get_panels
from tests.common import PANEL, wait_until
from tests.simulator_process import SimulatedPdk

from .common import (
    CLIENT_ID,
    CLIENT_SECRET,
    STREAM_LOGGER,
    account_client,
    kick,
    known_secrets,
    send_frame,
)
from .running_stream import CONNECTED, DOWN, RunningStream

# no hexadecimal id, port or time can hold it
PIN = "PIN-471147"


async def _wait_for_last_event(pdk: SimulatedPdk, stream: RunningStream) -> None:
    """Wait until everything that was emitted so far is handled."""
    count = len(stream.events)
    await pdk.emit(PANEL, "migration.started")
    await stream.wait_for_events(count + 1)


async def test_malformed_and_unknown_events(
    client: PanelClient, simulator: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """Test one warning for each malformed topic, without content; none for unknown ones."""
    async with RunningStream(client) as stream:
        for _ in range(3):
            for topic in ("door.request.unknown", "door.input.relay.on", "other"):
                await simulator.emit(PANEL, topic, {"body": {"pin": PIN}})
            await simulator.emit(PANEL, "door.autoopen.on", {"body": {"doorId": 1}})
            await simulator.emit(PANEL, "another")
        await _wait_for_last_event(simulator, stream)
        assert len(stream.events) == 1
        assert stream.statuses == [CONNECTED]
    warnings = [
        record.getMessage()
        for record in caplog.records
        # asyncio warns of a slow machine
        if record.levelno >= logging.WARNING and record.name != "asyncio"
    ]
    assert warnings == [
        "Ignored a malformed door.request.unknown: doorId is missing",
        "Ignored a malformed door.input.relay.on: doorId is missing",
    ]


@pytest.fixture
def debug_logging(caplog: pytest.LogCaptureFixture) -> None:
    """Set every logger to DEBUG."""
    caplog.set_level(logging.DEBUG)
    for name in (*logging.root.manager.loggerDict, "engineio", "socketio", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger=name)


@pytest.mark.usefixtures("debug_logging", "short_backoff")
async def test_no_secret_is_logged(
    client: PanelClient,
    session: aiohttp.ClientSession,
    simulator: SimulatedPdk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test everything that can go wrong, with all libraries at DEBUG."""
    secrets = {PIN} | known_secrets(client)
    async with RunningStream(client) as stream:
        secrets |= known_secrets(client)
        await simulator.act(PANEL, 1, "badge", pin=PIN)
        await wait_until(lambda: any(isinstance(e, AccessEvent) for e in stream.events))
        await stream.send(TryOpen(door_id=1))
        await simulator.faults(PANEL, commands={"refuse": "No.", "count": 1})
        with pytest.raises(CommandRejectedError):
            await stream.send(TryOpen(door_id=1))
        await simulator.emit(PANEL, "door.request.unknown", {"body": {"pin": PIN}})
        await simulator.emit(PANEL, "invalidToken")
        await send_frame(simulator, f"42[{PIN}")
        await _wait_for_last_event(simulator, stream)
        await wait_until(lambda: stream.renewals)
        secrets |= known_secrets(client)
        for times, fault in enumerate(("http", "error44", "abort"), 2):
            await simulator.faults(PANEL, handshake={"mode": fault, "count": 2})
            await kick(simulator)
            await stream.wait_connected(times)
            secrets |= known_secrets(client)
        await simulator.faults(panel_token={"status": 500, "count": 1})
        await simulator.control("POST", f"panels/{PANEL}/offline")
        await wait_until(lambda: stream.statuses[-1] is DOWN)
    shown = [caplog.text, *map(repr, [*stream.errors, *stream.events])]

    wrong = account_client(
        session, simulator.accounts_url, CLIENT_ID, f"{CLIENT_SECRET}x"
    )
    with pytest.raises(PdkError) as rejected:
        await get_panels(wrong)
    text = "".join([*shown, repr(rejected.value), caplog.text])
    assert f"DEBUG    {STREAM_LOGGER}" in text
    # the PIN, the secret, the header, the ID token and at least two panel tokens
    assert len(secrets) >= 6
    for secret in {"eyJ", *secrets}:
        assert secret not in text
