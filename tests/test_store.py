"""Home Assistant restarts, and finds the doors as they were."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .common import (
    FRONT,
    FRONT_ACCESS,
    PANEL,
    SIGNAL,
    Json,
    act,
    ask,
    emit,
    sent,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk
from .test_activity import ACTIVITY

STORE = f"prodatakey.{PANEL}"

pytestmark = pytest.mark.usefixtures("hass_storage")


async def live(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """Let things happen that are stored."""
    await pdk.act(PANEL, 1, "badge", person=1)
    await pdk.act(PANEL, 4, "open")
    await wait_for_state(hass, "binary_sensor.meeting_room_door_position", "on")
    await emit(pdk, "door.alarm.forced", 4)
    await wait_for_state(hass, "binary_sensor.meeting_room_forced_open", "on")
    await ask(hass, "discover_endpoints", wait=1)
    await ask(hass, "query_signal")
    await wait_for_state(hass, SIGNAL, "40")
    await wait_for_state(hass, FRONT, "unlocked")


async def test_doors_as_they_were(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """States are assumed until the panel reports them; what is in the past stays."""
    await live(hass, panel)
    sentence = state_of(hass, ACTIVITY)
    await setup_integration(hass, entry)

    front = state_of(hass, FRONT)
    assert (front.state, front.attributes["assumed_state"]) == ("unlocked", True)
    assert front.attributes["changed_by"] == "Amelia Hartmann"
    position = state_of(hass, "binary_sensor.meeting_room_door_position")
    assert (position.state, position.attributes["assumed_state"]) == ("on", True)
    forced = state_of(hass, "binary_sensor.meeting_room_forced_open")
    assert (forced.state, forced.attributes["assumed_state"]) == ("on", True)
    assert state_of(hass, "button.meeting_room_clear_forced_alarm")
    assert state_of(hass, "lock.garage").state == "unknown"
    assert state_of(hass, SIGNAL).state == "40"
    assert state_of(hass, ACTIVITY).state == sentence.state
    assert state_of(hass, ACTIVITY).attributes == sentence.attributes
    access = state_of(hass, FRONT_ACCESS)
    assert access.attributes.get("event_type") in (None, "access_granted")

    await emit(panel, "door.input.relay.on")
    await wait_until(lambda: "assumed_state" not in state_of(hass, FRONT).attributes)
    await act(hass, "lock.lock")
    front = state_of(hass, FRONT)
    assert (front.state, front.attributes.get("assumed_state")) == ("locked", None)
    # the alarm was cleared meanwhile: the panel's answer settles that it is off
    await panel.faults(commands="ignored")
    before = len(await panel.commands(PANEL, wait=0))
    button = "button.meeting_room_clear_forced_alarm"
    clearing = hass.async_create_task(act(hass, "button.press", button))
    (command,) = await panel.commands(PANEL, after=before)
    await panel.carry_out(PANEL, command)
    await clearing
    forced = state_of(hass, "binary_sensor.meeting_room_forced_open")
    assert (forced.state, forced.attributes.get("assumed_state")) == ("off", None)


async def test_restart_while_the_panel_is_offline(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    short_backoff: None,
) -> None:
    """There is a list of doors but no stream: they are as they were once there is."""
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    await hass.config_entries.async_unload(entry.entry_id)
    await panel.faults(handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_state(hass, FRONT, "unavailable")
    await panel.faults(handshake=None)
    front = await wait_for_state(hass, FRONT, "unlocked")
    assert front.attributes["assumed_state"] is True


async def test_saved_within_a_minute(
    hass: HomeAssistant, panel: SimulatedPdk, hass_storage: Json
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
        for happening in ("open", "close"):
            await panel.act(PANEL, 2, happening)
        await wait_for_state(hass, "binary_sensor.garage_door_position", "off")
    assert relay_of_garage() is None
    async_fire_time_changed(hass, now + timedelta(seconds=62))
    await hass.async_block_till_done()
    assert relay_of_garage() is True


async def test_saved_when_home_assistant_stops(
    hass: HomeAssistant, panel: SimulatedPdk, hass_storage: Json
) -> None:
    """Nothing is lost then."""
    await panel.act(PANEL, 2, "hold")
    await wait_for_state(hass, "lock.garage", "unlocked")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    doors = {door["id"]: door for door in hass_storage[STORE]["data"]["doors"]}
    assert doors[2]["state"] == {"relay": True}


UNREADABLE: Json = {
    "id": 1,
    "name": "Front door",
    "type": "primaryReader",
    "icon": None,
    "primary_reader": None,
    "state": {"of_the_future": True},
    "reported": ["of_the_future"],
    "changed_by": None,
}
ENDPOINT_KEYS = (
    *("io_link_id", "address", "io_link_type", "io_link_name"),
    *("doors", "db_gain", "occurred"),
)
DAMAGED: list[Any] = [
    None,
    [],
    "half",
    {"doors": None, "endpoints": {}, "activity": []},
    {"doors": [{}, None, {"id": 1}], "endpoints": [{"address": "x"}], "activity": {}},
    {"doors": [{"id": [1], "name": "x"}], "activity": {"message": "x"}},
    {"doors": [{"id": 1, "name": ["x"], "type": ["x"], "state": [], "reported": {}}]},
    {"doors": [{"id": 1, "last_grant": {"person": "x", "occurred": "yesterday"}}]},
    {"endpoints": [dict.fromkeys(ENDPOINT_KEYS) | {"address": ["x"]}]},
    {
        "doors": [UNREADABLE],
        "activity": {"message": "x", "topic": None, "occurred": "yesterday"},
    },
]


@pytest.mark.parametrize(
    ("version", "data"), [*((1, each) for each in DAMAGED), (2, DAMAGED[-1])]
)
async def test_damaged_file(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_storage: Json,
    version: int,
    data: Any,
) -> None:
    """What cannot be read is left out; the doors are set up all the same."""
    stored = {"version": version, "minor_version": 1, "key": STORE, "data": data}
    hass_storage[STORE] = stored
    await setup_integration(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    await pdk.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    await hass.config_entries.async_unload(entry.entry_id)
    assert len(hass_storage[STORE]["data"]["doors"]) == 7


async def test_options_that_were_edited(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """A duration out of range counts as not set; a numeric code is a code."""
    edited: list[Json] = [
        *({"unlock_mode": "momentary", "unlock_duration": each} for each in (0, 600)),
        {"code": 1234},
    ]
    for options in edited:
        await setup_integration(hass, entry, **options)
        await act(hass, "lock.unlock", code="1234")
    assert await sent(pdk) == ["door.try.open", "door.try.open", "door.actuate.open"]


async def test_data_without_a_secret(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """The user is asked for it."""
    data = {key: value for key, value in entry.data.items() if key != "client_secret"}
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_setup(entry.entry_id)
    (flow,) = hass.config_entries.flow.async_progress_by_handler("prodatakey")
    assert flow["context"]["source"] == "reauth"
