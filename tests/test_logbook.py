"""A user reads in the logbook what the panel's own log says."""

from datetime import timedelta
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import PANEL, device_of, wait_for_state
from .simulator_process import SimulatedPdk
from .test_activity import ACTIVITY, DOOR, PERSON, line


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: Any) -> None:
    """Let the recorder's database be ready before Home Assistant is, and quiet."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


async def read(hass: HomeAssistant, client: Any, **filters: list[str]) -> list[Any]:
    """Return names and messages that the logbook shows of ours."""
    await async_wait_recording_done(hass)
    start = (dt_util.utcnow() - timedelta(hours=1)).isoformat()
    await client.send_json_auto_id(
        {"type": "logbook/get_events", "start_time": start, **filters}
    )
    answer = await client.receive_json()
    assert answer["success"], answer
    return [
        (entry["name"], entry["message"])
        for entry in answer["result"]
        if entry.get("domain") == "prodatakey"
    ]


async def test_logbook(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Each sentence is listed under its door, or else the integration's name."""
    assert await async_setup_component(hass, "logbook", {})
    garage = {"text": "Garage", "id": 2, "type": "door"}
    for sentence in (
        line("The panel has started."),
        line("%s at %s", PERSON, DOOR),
        line("%s at %s", PERSON, garage),
    ):
        await panel.emit(PANEL, "liveEvent", sentence)
    await wait_for_state(hass, ACTIVITY, "Amelia Hartmann at Garage")
    client = await hass_ws_client()
    front = ("Front door", "Amelia Hartmann at Front door")
    assert await read(hass, client) == [
        ("ProdataKey", "The panel has started."),
        front,
        ("Garage", "Amelia Hartmann at Garage"),
    ]
    device = device_of(hass, entry, 1)
    assert device
    assert await read(hass, client, device_ids=[device.id]) == [front]
