"""The panel's own log: a sentence for people, an event for automations."""

from datetime import timedelta
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .common import PANEL, Json, restart_with, state_of, wait_until
from .simulator_process import SimulatedPdk

LIVE_EVENT = "prodatakey_live_event"
ACTIVITY = "sensor.headquarters_last_activity"
PERSON = {"text": "Amelia Hartmann", "id": 1, "type": "person"}
DOOR = {"text": "Front door", "id": 1, "type": "door"}


@pytest.fixture
def lines(hass: HomeAssistant) -> list[Event[Any]]:
    """Return what an automation hears of the log."""
    return async_capture_events(hass, LIVE_EVENT)


def line(info: str, *placeholders: Json) -> Json:
    """Return a line of the log, as the panel emits it."""
    return {
        "info": info,
        "occurred": "2023-05-03 19:20:50",
        "topic": "door.request.allowed",
        "placeholders": list(placeholders),
        "photo": None,
    }


def device_id(registry: dr.DeviceRegistry, entry: MockConfigEntry, part: str) -> str:
    """Return the device of the panel, or of something that belongs to it."""
    devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
    return next(d.id for d in devices if (DOMAIN, PANEL + part) in d.identifiers)


async def test_everything_that_the_contract_names(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    lines: list[Event[Any]],
    device_registry: dr.DeviceRegistry,
) -> None:
    """Somebody is let in; the event and the sensor say the same."""
    await panel.act(PANEL, 1, "badge", pin="2468")
    await wait_until(lambda: lines)
    data = dict(lines[0].data)
    occurred = dt_util.parse_datetime(data.pop("occurred"), raise_on_error=True)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)
    sentence = (
        'Person "Amelia Hartmann" has requested access to the device "Front door". '
        "Access allowed. Person used PIN for requesting access."
    )
    assert data == {
        "panel_id": PANEL,
        "device_id": device_id(device_registry, entry, "_1"),
        "topic": "door.request.allowed",
        "message": sentence,
        "door_id": 1,
        "door": "Front door",
        "person_id": 1,
        "person": "Amelia Hartmann",
    }
    await wait_until(lambda: state_of(hass, ACTIVITY).state == sentence)
    shown = state_of(hass, ACTIVITY).attributes
    assert shown["message"] == sentence
    assert shown["topic"] == "door.request.allowed"
    assert shown["occurred"] == lines[0].data["occurred"]


@pytest.mark.parametrize(
    ("info", "placeholders", "message"),
    [
        ("%s at %s", [PERSON, DOOR], "Amelia Hartmann at Front door"),
        ("at %s: %s", [DOOR, {"text": "4815", "type": "pin"}], "at Front door: …"),
        ("card %s", [{"text": "162342", "id": 3, "type": "credential"}], "card …"),
        ("somehow %s", [{"text": "4815"}], "somehow …"),
        ("too few: %s, %s", [DOOR], "too few: Front door, …"),
        ("none", [PERSON], "none"),
        ("100 %, 5 %d", [], "100 %, 5 %d"),
        ("%s", [{"text": "50 %s", "id": 1, "type": "door"}], "50 %s"),
    ],
)
async def test_the_sentence_is_filled(
    panel: SimulatedPdk,
    lines: list[Event[Any]],
    info: str,
    placeholders: list[Json],
    message: str,
) -> None:
    """Only persons and doors are shown: anything else may be a PIN or a card."""
    await panel.emit(PANEL, "liveEvent", line(info, *placeholders))
    await wait_until(lambda: lines)
    assert lines[0].data["message"] == message
    assert "4815" not in json.dumps(dict(lines[0].data))


async def test_a_line_about_no_door(
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    lines: list[Event[Any]],
    device_registry: dr.DeviceRegistry,
) -> None:
    """It belongs to the panel; so does one about a door that nobody knows."""
    await panel.emit(PANEL, "liveEvent", line("The panel has started."))
    unknown = {"text": "Cellar", "id": 99, "type": "door"}
    await panel.emit(PANEL, "liveEvent", line("%s", unknown))
    await wait_until(lambda: len(lines) == 2)
    cloud_node = device_id(device_registry, entry, "")
    assert [each.data["device_id"] for each in lines] == [cloud_node, cloud_node]
    assert [each.data["door_id"] for each in lines] == [None, 99]
    assert (lines[0].data["door"], lines[0].data["person"]) == (None, None)


async def test_a_long_line(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """A state holds 255 characters; the whole is an attribute, also after a restart."""
    long = "The panel has much to tell. " * 20
    await panel.emit(PANEL, "liveEvent", line(long))
    await wait_until(lambda: state_of(hass, ACTIVITY).state == long[:255])
    assert state_of(hass, ACTIVITY).attributes["message"] == long


@pytest.mark.parametrize("options", [{}, {"record_people": False}])
async def test_after_a_restart(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry, options: Json
) -> None:
    """The last line is still there."""
    await restart_with(hass, entry, **options)
    long = "Door was propped open. " * 20
    await panel.emit(PANEL, "liveEvent", line(long))
    await wait_until(lambda: state_of(hass, ACTIVITY).state == long[:255])
    before = state_of(hass, ACTIVITY)
    await hass.config_entries.async_reload(entry.entry_id)
    after = state_of(hass, ACTIVITY)
    assert (after.state, after.attributes) == (before.state, before.attributes)


async def test_people_are_not_recorded(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    lines: list[Event[Any]],
) -> None:
    """A fixed word stands for people; what was said of them before is gone."""
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: lines)
    await restart_with(hass, entry, record_people=False)
    assert state_of(hass, ACTIVITY).state == "unknown"
    await panel.act(PANEL, 1, "badge", person=2)
    await wait_until(lambda: len(lines) == 2)
    sentence = 'Person "Somebody" has requested access to the device "Front door". '
    assert lines[1].data["message"].startswith(sentence)
    assert lines[1].data["person_id"] is None
    assert state_of(hass, ACTIVITY).state.startswith(sentence)
    states = [state.as_dict() for state in hass.states.async_all()]
    told = json.dumps([states, dict(lines[1].data)], default=str)
    assert not [name for name in ("Amelia", "Jonas", "Okafor") if name in told]
