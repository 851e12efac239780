"""Whoever listens to a stream may fail; the stream goes on."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.events import DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import PanelStream, StreamStatus
from tests.common import wait_until
from tests.simulator_process import SimulatedPdk

from .common import PANEL


async def test_a_listener_that_fails(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is told again of the next connection, and the log says where it failed."""
    told: list[object] = []

    def fail(what: object, *_: object) -> None:
        told.append(what)
        raise RuntimeError

    def fail_event(event: PdkEvent) -> None:
        fail(event)

    stream = PanelStream(access, on_event=fail_event, on_status=fail)
    running = asyncio.create_task(stream.run())
    await wait_until(lambda: StreamStatus.CONNECTED in told)
    await simulator.act(PANEL, 1, "hold")
    await wait_until(lambda: any(isinstance(what, DoorEvent) for what in told))
    await simulator.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_until(lambda: told.count(StreamStatus.CONNECTED) == 2)
    running.cancel()
    await asyncio.wait({running})
    assert "Could not handle that the stream is CONNECTED" in caplog.text
    assert "Could not handle door.input.relay.on" in caplog.text
