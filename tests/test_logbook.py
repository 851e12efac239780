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
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import PANEL, Json, restart_with, state_of, wait_until
from .simulator_process import SimulatedPdk
from .test_live_event import ACTIVITY, DOOR, PERSON, device_id, line


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: Any) -> None:
    """Let the recorder's database be ready before Home Assistant is, and quiet."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def logbook(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    """Set up the logbook."""
    assert await async_setup_component(hass, "logbook", {})


async def read(
    hass: HomeAssistant, client: Any, **about: list[str]
) -> list[dict[str, Any]]:
    """Return what the logbook shows of ours."""
    await async_wait_recording_done(hass)
    start = (dt_util.utcnow() - timedelta(hours=1)).isoformat()
    await client.send_json_auto_id(
        {"type": "logbook/get_events", "start_time": start, **about}
    )
    answer = await client.receive_json()
    assert answer["success"], answer
    return [shown for shown in answer["result"] if shown.get("domain") == "prodatakey"]


@pytest.mark.parametrize(
    ("event", "name", "message"),
    [
        (line("%s at %s", PERSON, DOOR), "Front door", "Amelia Hartmann at Front door"),
        (line("The panel has started."), "ProdataKey", "The panel has started."),
    ],
)
async def test_the_logbook_shows_the_sentence(
    hass: HomeAssistant,
    logbook: None,
    panel: SimulatedPdk,
    hass_ws_client: WebSocketGenerator,
    event: Json,
    name: str,
    message: str,
) -> None:
    """It does so under the door's name, or else the integration's."""
    await panel.emit(PANEL, "liveEvent", event)
    await wait_until(lambda: state_of(hass, ACTIVITY).state == message)
    (shown,) = await read(hass, await hass_ws_client())
    assert (shown["name"], shown["message"]) == (name, message)


async def test_the_logbook_of_a_device(
    hass: HomeAssistant,
    logbook: None,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    device_registry: dr.DeviceRegistry,
) -> None:
    """A door's page shows the door's lines, and no other door's."""
    await panel.emit(PANEL, "liveEvent", line("%s here", DOOR))
    garage = {"text": "Garage", "id": 2, "type": "door"}
    await panel.emit(PANEL, "liveEvent", line("%s there", garage))
    await wait_until(lambda: state_of(hass, ACTIVITY).state == "Garage there")
    client = await hass_ws_client()
    front = [device_id(device_registry, entry, "_1")]
    shown = await read(hass, client, device_ids=front)
    assert [each["message"] for each in shown] == ["Front door here"]


async def test_people_are_not_recorded(
    hass: HomeAssistant,
    logbook: None,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """The logbook tells that somebody came, and not who."""
    await restart_with(hass, entry, record_people=False)
    await panel.emit(PANEL, "liveEvent", line("%s at %s", PERSON, DOOR))
    await wait_until(lambda: state_of(hass, ACTIVITY).state == "Somebody at Front door")
    (shown,) = await read(hass, await hass_ws_client())
    assert shown["message"] == "Somebody at Front door"
