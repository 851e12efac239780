"""Somebody stands at a reader, and Home Assistant tells who, and what became of it."""

from datetime import datetime, timedelta
import json
import time
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .common import PANEL, Json, restart_with, state_of, wait_until
from .front_door import ACCESS, FRONT, Rings
from .simulator_process import SimulatedPdk


@pytest.fixture
def rings(hass: HomeAssistant, panel: SimulatedPdk) -> Rings:
    """Listen to the front door."""
    return Rings(hass, panel)


@pytest.mark.parametrize(
    ("door", "credential", "attributes"),
    [
        (1, {"pin": "2468"}, ["granted", "Amelia Hartmann", 1, "PIN_ONLY", None]),
        (1, {"person": 2}, ["granted", "Jonas Okafor", 2, "CARD_ONLY", None]),
        (3, {"pin": "9753"}, ["denied", "Søren Lindqvist", 3, "PIN_ONLY", False]),
        (1, {"pin": "48151623"}, ["unknown", None, None, None, None]),
    ],
)
async def test_who_and_what_became_of_it(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    door: int,
    credential: Json,
    attributes: list[Any],
) -> None:
    """Each answer of the panel is an event with its attributes."""
    entity_id = {1: ACCESS, 3: "event.server_room_access"}[door]
    await panel.act(PANEL, door, "badge", **credential)
    await wait_until(lambda: state_of(hass, entity_id).state != "unknown")
    told = state_of(hass, entity_id).attributes
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    assert [told[key] for key in keys] == [f"access_{attributes[0]}", *attributes[1:]]
    occurred = datetime.fromisoformat(told["occurred"])
    assert occurred.utcoffset() == timedelta(0)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)


async def test_a_denial_by_do_not_disturb(
    hass: HomeAssistant, panel: SimulatedPdk, rings: Rings
) -> None:
    """It is told as explicit, and nobody was let in."""
    switch = {"entity_id": "switch.front_door_do_not_disturb"}
    await hass.services.async_call("switch", "turn_on", switch, blocking=True)
    await panel.act(PANEL, 1, "badge", person=1)
    await rings.settle()
    assert (rings.heard[0]["event_type"], rings.heard[0]["explicit"]) == (
        "access_denied",
        True,
    )
    assert (
        "changed_by" not in state_of(hass, FRONT).attributes
        or not (state_of(hass, FRONT).attributes["changed_by"])
    )


async def test_the_lock_tells_who_was_let_in(
    hass: HomeAssistant, panel: SimulatedPdk, rings: Rings, entry: MockConfigEntry
) -> None:
    """The last who was let in, not who was turned away; also after a restart."""
    await panel.act(PANEL, 1, "badge", person=2)
    await panel.act(PANEL, 1, "badge", pin="0000")
    await rings.settle()
    assert state_of(hass, FRONT).attributes["changed_by"] == "Jonas Okafor"
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass, FRONT).attributes["changed_by"] == "Jonas Okafor"
    assert state_of(hass, ACCESS).attributes["event_type"] == "access_unknown"


async def test_a_pin_reaches_nothing(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    rings: Rings,
    entry: MockConfigEntry,
    hass_storage: Json,
) -> None:
    """Whatever somebody types is in no state, no event and no file."""
    pin = "48151623"
    told: list[Event[Any]] = []
    hass.bus.async_listen(MATCH_ALL, told.append)
    await panel.act(PANEL, 1, "badge", pin=pin)
    await rings.settle()
    assert rings.heard[0]["event_type"] == "access_unknown"
    await hass.config_entries.async_unload(entry.entry_id)
    states = [state.as_dict() for state in hass.states.async_all()]
    assert pin not in json.dumps([states, hass_storage], default=str)
    assert pin not in "".join(json.dumps(e.as_dict(), default=str) for e in told)


async def test_people_are_not_recorded(
    hass: HomeAssistant, panel: SimulatedPdk, rings: Rings, entry: MockConfigEntry
) -> None:
    """Turned off, people are nowhere; neither are those who came before."""
    await panel.act(PANEL, 1, "badge", person=1)
    await rings.settle()
    await restart_with(hass, entry, record_people=False)
    restored = state_of(hass, ACCESS).attributes
    assert (restored["event_type"], restored["person"]) == ("access_granted", None)
    assert restored["person_id"] is None
    told: list[Event[Any]] = []
    hass.bus.async_listen(MATCH_ALL, told.append)
    await panel.act(PANEL, 1, "badge", person=2)
    await rings.settle()
    assert rings.heard[-1]["event_type"] == "access_granted"
    assert rings.heard[-1]["request_factor"] == "CARD_ONLY"
    assert (rings.heard[-1]["person"], rings.heard[-1]["person_id"]) == (None, None)
    states = json.dumps([s.as_dict() for s in hass.states.async_all()], default=str)
    events = "".join(json.dumps(e.as_dict(), default=str) for e in told)
    assert not [name for name in ("Jonas", "Okafor") if name in states + events]
    assert "Amelia" not in states


async def test_a_second_reader(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    rings: Rings,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It has an event of its own and nothing else, and hangs on its door."""
    await panel.act(PANEL, 7, "badge", person=1)
    inside = "event.front_door_inside_access"
    await wait_until(lambda: state_of(hass, inside).state != "unknown")
    assert state_of(hass, inside).attributes["person"] == "Amelia Hartmann"
    assert rings.heard == []
    entity = entity_registry.async_get(inside)
    assert entity and entity.device_id
    device = device_registry.async_get(entity.device_id)
    front = entity_registry.async_get(FRONT)
    assert isinstance(device, dr.DeviceEntry) and front
    assert device.via_device_id == front.device_id
    assert er.async_entries_for_device(entity_registry, device.id) == [entity]


async def test_the_first_event_of_a_new_door(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A door that first shows itself by somebody at its reader rings as well."""
    event = {
        "body": {"doorId": 77, "person": {"id": 4, "firstName": "Priya"}},
        "metadata": {"occurred": time.time_ns() // 10**6, "doorName": "Cellar"},
    }
    await panel.emit(PANEL, "door.request.allowed", event)
    await wait_until(lambda: hass.states.get("lock.cellar"))
    await wait_until(lambda: state_of(hass, "event.cellar_access").state != "unknown")
    assert state_of(hass, "event.cellar_access").attributes["person"] == "Priya"
