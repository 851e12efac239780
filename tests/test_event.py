"""Access events: who was at a reader, and whether the door was opened."""

from datetime import datetime, timedelta
import json
import time
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .common import (
    FRONT,
    FRONT_ACCESS,
    PANEL,
    PIN,
    AccessEvents,
    Json,
    act,
    emit,
    setup_integration,
    state_of,
    wait_until,
)
from .simulator_process import SimulatedPdk


@pytest.mark.parametrize(
    ("door", "credential", "attributes"),
    [
        (1, {"pin": "2468"}, ["granted", "Amelia Hartmann", 1, "PIN_ONLY", None]),
        (1, {"person": 2}, ["granted", "Jonas Okafor", 2, "CARD_ONLY", None]),
        (3, {"pin": "9753"}, ["denied", "Søren Lindqvist", 3, "PIN_ONLY", False]),
        (1, {"pin": PIN}, ["unknown", None, None, None, None]),
    ],
)
async def test_access(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    door: int,
    credential: Json,
    attributes: list[Any],
) -> None:
    """Each of the panel's answers is an event with its attributes."""
    entity_id = {1: FRONT_ACCESS, 3: "event.server_room_access"}[door]
    await panel.act(PANEL, door, "badge", **credential)
    await wait_until(lambda: state_of(hass, entity_id).state != "unknown")
    event = state_of(hass, entity_id).attributes
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    assert [event[key] for key in keys] == [f"access_{attributes[0]}", *attributes[1:]]
    occurred = datetime.fromisoformat(event["occurred"])
    assert occurred.utcoffset() == timedelta(0)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)


async def test_denied_by_do_not_disturb(
    hass: HomeAssistant, panel: SimulatedPdk, access_events: AccessEvents
) -> None:
    """The denial is explicit, and does not set who changed the lock."""
    await act(hass, "switch.turn_on", "switch.front_door_do_not_disturb")
    await panel.act(PANEL, 1, "badge", person=1)
    (event,) = await access_events.received()
    assert (event["event_type"], event["explicit"]) == ("access_denied", True)
    assert not state_of(hass, FRONT).attributes.get("changed_by")


async def test_changed_by(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    entry: MockConfigEntry,
) -> None:
    """The last who was granted access, not who was denied; also after a restart."""
    await panel.act(PANEL, 1, "badge", person=2)
    await panel.act(PANEL, 1, "badge", pin="0000")
    assert len(await access_events.received()) == 2
    assert state_of(hass, FRONT).attributes["changed_by"] == "Jonas Okafor"
    await setup_integration(hass, entry)
    assert state_of(hass, FRONT).attributes["changed_by"] == "Jonas Okafor"
    assert state_of(hass, FRONT_ACCESS).attributes["event_type"] == "access_unknown"


async def test_no_pin_anywhere(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    entry: MockConfigEntry,
    hass_storage: Json,
) -> None:
    """A PIN that is typed is in no state, no event and no file."""
    events = async_capture_events(hass, MATCH_ALL)
    await panel.act(PANEL, 1, "badge", pin=PIN)
    (event,) = await access_events.received()
    assert event["event_type"] == "access_unknown"
    await hass.config_entries.async_unload(entry.entry_id)
    everything = [
        [state.as_dict() for state in hass.states.async_all()],
        [event.as_dict() for event in events],
        hass_storage,
    ]
    assert PIN not in json.dumps(everything, default=str)


async def test_second_reader(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It has an event entity and nothing else, and is connected via its door."""
    await panel.act(PANEL, 7, "badge", person=1)
    inside = "event.front_door_inside_access"
    await wait_until(lambda: state_of(hass, inside).state != "unknown")
    assert state_of(hass, inside).attributes["person"] == "Amelia Hartmann"
    assert await access_events.received() == []
    entity, front = map(entity_registry.async_get, (inside, FRONT))
    assert entity and entity.device_id and front
    device = device_registry.async_get(entity.device_id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.via_device_id == front.device_id
    assert er.async_entries_for_device(entity_registry, device.id) == [entity]


async def test_first_event_of_a_new_door(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A door that is first seen in an access event fires that event as well."""
    body = {"doorId": 77, "person": {"id": 4, "firstName": "Priya"}}
    metadata = {"occurred": time.time_ns() // 10**6, "doorName": "Cellar"}
    await emit(panel, "door.request.allowed", body=body, metadata=metadata)
    cellar = "event.cellar_access"
    await wait_until(lambda: hass.states.get(cellar))
    await wait_until(lambda: state_of(hass, cellar).state != "unknown")
    assert state_of(hass, cellar).attributes["person"] == "Priya"
