"""Home Assistant starts again, and finds the doors as they were."""

from datetime import timedelta
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .common import PANEL, Json, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

STORE = f"prodatakey.{PANEL}"
FRONT = "lock.front_door"
SIGNAL = "sensor.endpoint_0013a200400a393b_signal"
ACTIVITY = "sensor.headquarters_last_activity"

pytestmark = pytest.mark.usefixtures("hass_storage")


async def restart(hass: HomeAssistant, entry: MockConfigEntry, **options: Any) -> None:
    """Unload and set up again: nothing but the memory is left in between."""
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)


async def live(hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry) -> None:
    """Let things happen that are worth remembering."""
    await pdk.act(PANEL, 1, "badge", person=1)
    await pdk.act(PANEL, 4, "open")
    await wait_for_state(hass, "binary_sensor.meeting_room_door_position", "on")
    for action, data in (("discover_endpoints", {"wait": 1}), ("query_signal", {})):
        await hass.services.async_call(
            DOMAIN,
            action,
            {"config_entry_id": entry.entry_id, **data},
            blocking=True,
            return_response=True,
        )
    await wait_for_state(hass, SIGNAL, "40")
    await wait_for_state(hass, FRONT, "unlocked")


async def test_doors_as_they_were(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """States are assumed until the panel says them; what only an event told stays."""
    await live(hass, panel, entry)
    sentence = state_of(hass, ACTIVITY)
    await restart(hass, entry)

    front = state_of(hass, FRONT)
    assert (front.state, front.attributes["assumed_state"]) == ("unlocked", True)
    assert front.attributes["changed_by"] == "Amelia Hartmann"
    position = state_of(hass, "binary_sensor.meeting_room_door_position")
    assert (position.state, position.attributes["assumed_state"]) == ("on", True)
    assert state_of(hass, "binary_sensor.meeting_room_forced_open").state == "unknown"
    assert state_of(hass, "button.meeting_room_clear_forced_alarm")
    assert state_of(hass, "lock.garage").state == "unknown"
    assert state_of(hass, SIGNAL).state == "40"
    assert state_of(hass, ACTIVITY).state == sentence.state
    assert state_of(hass, ACTIVITY).attributes == sentence.attributes
    access = state_of(hass, "event.front_door_access")
    assert access.attributes.get("event_type") in (None, "access_granted")

    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 1}})
    await wait_until(lambda: "assumed_state" not in state_of(hass, FRONT).attributes)
    await hass.services.async_call("lock", "lock", {"entity_id": FRONT}, blocking=True)
    front = state_of(hass, FRONT)
    assert (front.state, front.attributes.get("assumed_state")) == ("locked", None)


@pytest.mark.usefixtures("short_back_off")
async def test_doors_while_the_panel_is_away(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """The list of doors is there, the stream is not: shown as they were, once it is."""
    await live(hass, panel, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    await panel.faults(handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_state(hass, FRONT, "unavailable")
    await panel.faults(handshake=None)
    front = await wait_for_state(hass, FRONT, "unlocked")
    assert front.attributes["assumed_state"] is True


async def test_people_are_not_recorded(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_storage: dict[str, Any],
) -> None:
    """Who came in before that was decided is neither shown nor kept."""
    await live(hass, panel, entry)
    await restart(hass, entry, record_people=False)
    assert state_of(hass, FRONT).attributes.get("changed_by") is None
    assert state_of(hass, ACTIVITY).state == "unknown"
    await panel.act(PANEL, 1, "badge", person=2)
    sentence = await wait_for_state(
        hass,
        ACTIVITY,
        'Person "Somebody" has requested access to the device "Front door". '
        "Access allowed. Person used card for requesting access.",
    )
    await restart(hass, entry, record_people=False)
    assert state_of(hass, ACTIVITY).state == sentence.state
    kept = json.dumps(hass_storage[STORE])
    assert "Front door" in kept
    assert not [name for name in ("Amelia", "Hartmann", "Jonas") if name in kept]


async def test_saved_within_a_minute(
    hass: HomeAssistant, panel: SimulatedPdk, hass_storage: dict[str, Any]
) -> None:
    """A crash loses a minute at most, also where something happens all the time."""

    def relay_of_garage() -> bool | None:
        doors = hass_storage.get(STORE, {"data": {"doors": []}})["data"]["doors"]
        return next((d["state"].get("relay") for d in doors if d["id"] == 2), None)

    now = dt_util.utcnow()
    await panel.act(PANEL, 2, "hold")
    await wait_for_state(hass, "lock.garage", "unlocked")
    assert relay_of_garage() is None
    for seconds in (20, 40, 58):
        async_fire_time_changed(hass, now + timedelta(seconds=seconds))
        for act in ("open", "close"):
            await panel.act(PANEL, 2, act)
        await wait_for_state(hass, "binary_sensor.garage_door_position", "off")
    assert relay_of_garage() is None
    async_fire_time_changed(hass, now + timedelta(seconds=62))
    await hass.async_block_till_done()
    assert relay_of_garage() is True


async def test_saved_when_home_assistant_stops(
    hass: HomeAssistant, panel: SimulatedPdk, hass_storage: dict[str, Any]
) -> None:
    """Nothing is lost then."""
    await panel.act(PANEL, 2, "hold")
    await wait_for_state(hass, "lock.garage", "unlocked")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    doors = {door["id"]: door for door in hass_storage[STORE]["data"]["doors"]}
    assert doors[2]["state"] == {"relay": True}


ENDPOINT = (
    "io_link_id",
    "address",
    "io_link_type",
    "io_link_name",
    "doors",
    "db_gain",
    "occurred",
)
DAMAGED: list[Any] = [
    None,
    [],
    "half",
    {"doors": None, "endpoints": {}, "activity": []},
    {"doors": [{}, None, {"id": 1}], "endpoints": [{"address": "x"}], "activity": {}},
    {"doors": [{"id": [1], "name": "x"}], "activity": {"message": "x"}},
    {"endpoints": [dict.fromkeys(ENDPOINT) | {"address": ["x"]}]},
    {
        "doors": [
            {
                "id": 1,
                "name": "Front door",
                "type": "primaryReader",
                "icon": None,
                "primary_reader": None,
                "state": {"of_the_future": True},
                "shown": ["of_the_future"],
                "changed_by": None,
            }
        ],
        "activity": {"message": "x", "topic": None, "occurred": "yesterday"},
    },
]


@pytest.mark.parametrize("data", DAMAGED, ids=range(len(DAMAGED)))
@pytest.mark.parametrize("version", [1, 2])
async def test_a_damaged_memory(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_storage: dict[str, Json],
    data: Any,
    version: int,
) -> None:
    """What cannot be read is forgotten; the doors are set up all the same."""
    hass_storage[STORE] = {
        "version": version,
        "minor_version": 1,
        "key": STORE,
        "data": data,
    }
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    await pdk.sockets(PANEL, 1)
    await pdk.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    await hass.config_entries.async_unload(entry.entry_id)
    assert len(hass_storage[STORE]["data"]["doors"]) == 7
