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
    discover,
    emit,
    sent,
    setup_integration,
    state_of,
    wait_for_attribute,
    wait_for_state,
)
from .simulator_process import SimulatedPdk
from .test_activity import ACTIVITY

STORE = f"prodatakey.{PANEL}"

pytestmark = pytest.mark.usefixtures("hass_storage")


async def test_doors_as_they_were(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """States are assumed until the panel reports them; what is in the past stays."""
    position, forced = (
        f"binary_sensor.meeting_room_{name}"
        for name in ("door_position", "forced_open")
    )
    await panel.act(PANEL, 1, "badge", person=1)
    await panel.act(PANEL, 4, "open")
    await emit(panel, "door.alarm.forced", 4)
    await wait_for_state(hass, forced, "on")
    await discover(hass, entry)
    await ask(hass, "query_signal")
    assert state_of(hass, FRONT).state == "unlocked"
    past = (ACTIVITY, SIGNAL, FRONT_ACCESS)
    before = [state_of(hass, entity_id) for entity_id in past]
    assert before[1].state == "40"
    await setup_integration(hass, entry)

    for entity_id, state in ((FRONT, "unlocked"), (position, "on"), (forced, "on")):
        shown = state_of(hass, entity_id)
        assert (shown.state, shown.attributes["assumed_state"]) == (state, True)
    assert state_of(hass, FRONT).attributes["changed_by"] == "Amelia Hartmann"
    assert state_of(hass, "lock.garage").state == "unknown"
    for shown in before:
        after = state_of(hass, shown.entity_id)
        assert (after.state, after.attributes) == (shown.state, shown.attributes)

    await emit(panel, "door.input.relay.on")
    await wait_for_attribute(hass, FRONT, "assumed_state", None)
    await act(hass, "lock.lock")
    assert state_of(hass, FRONT).state == "locked"
    # the alarm was cleared meanwhile: the panel's answer settles that it is off
    await panel.faults(commands="ignored")
    count = len(await sent(panel))
    button = "button.meeting_room_clear_forced_alarm"
    clearing = hass.async_create_task(act(hass, "button.press", button))
    (command,) = await panel.commands(PANEL, after=count)
    await panel.carry_out(PANEL, command)
    await clearing
    cleared = state_of(hass, forced)
    assert (cleared.state, cleared.attributes.get("assumed_state")) == ("off", None)


async def test_restart_while_the_panel_is_offline(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
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
    """A crash loses a minute at most, also where something happens all the time.

    Nothing is lost when Home Assistant stops.
    """

    def relays() -> dict[int, bool | None]:
        doors = hass_storage.get(STORE, {"data": {"doors": []}})["data"]["doors"]
        return {door["id"]: door["state"].get("relay") for door in doors}

    now = dt_util.utcnow()
    await panel.act(PANEL, 2, "hold")
    await wait_for_state(hass, "lock.garage", "unlocked")
    for seconds in (20, 40, 58):
        async_fire_time_changed(hass, now + timedelta(seconds=seconds))
        for happening in ("open", "close"):
            await panel.act(PANEL, 2, happening)
        await wait_for_state(hass, "binary_sensor.garage_door_position", "off")
    assert not relays().get(2)
    async_fire_time_changed(hass, now + timedelta(seconds=62))
    await hass.async_block_till_done()
    assert relays()[2] is True
    await panel.act(PANEL, 2, "lock")
    await wait_for_state(hass, "lock.garage", "locked")
    hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await hass.async_block_till_done()
    assert relays()[2] is False


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
