"""Home Assistant restarts, and finds the doors as they were."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.util import dt as dt_util

from .common import (
    CONNECTION,
    FRONT,
    FRONT_ACCESS,
    MIN_RETRY_AFTER,
    PANEL,
    SIGNAL,
    Json,
    Site,
    raises_error,
    wait_until,
)
from .test_activity import ACTIVITY

STORE = f"prodatakey.{PANEL}"

pytestmark = pytest.mark.usefixtures("hass_storage")


async def test_doors_as_they_were(site: Site) -> None:
    """After a restart states are assumed until reported; the past is kept."""
    position, forced = (
        f"binary_sensor.meeting_room_{name}"
        for name in ("door_position", "forced_open")
    )
    await site.happen(1, "badge", person=1)
    await site.happen(4, "open")
    await site.emit("door.alarm.forced", 4)
    await site.wait_for_state(forced, "on")
    await site.discover()
    await site.ask("query_signal")
    assert site.state(FRONT).state == "unlocked"
    past = (ACTIVITY, SIGNAL, FRONT_ACCESS)
    before = [site.state(entity_id) for entity_id in past]
    assert before[1].state == "40"
    await site.set_up()

    for entity_id, state in ((FRONT, "unlocked"), (position, "on"), (forced, "on")):
        shown = site.state(entity_id)
        assert (shown.state, shown.attributes["assumed_state"]) == (state, True)
    assert site.state(FRONT).attributes["changed_by"] == "Amelia Hartmann"
    assert site.state("lock.garage").state == "unknown"
    for shown in before:
        after = site.state(shown.entity_id)
        assert (after.state, after.attributes) == (shown.state, shown.attributes)

    await site.emit("door.input.relay.on")
    await site.wait_for_attribute(FRONT, "assumed_state", None)
    await site.act("lock.lock")
    assert site.state(FRONT).state == "locked"
    # the alarm was cleared meanwhile: the panel's answer settles that it is off
    await site.pdk.faults(commands="ignored")
    count = len(await site.sent())
    button = "button.meeting_room_clear_forced_alarm"
    clearing = site.hass.async_create_task(site.act("button.press", button))
    (command,) = await site.commands(after=count)
    await site.carry_out(command)
    await clearing
    cleared = site.state(forced)
    assert (cleared.state, cleared.attributes.get("assumed_state")) == ("off", None)


async def test_restart_while_the_panel_is_offline(site: Site) -> None:
    """A restart while the panel is offline keeps the states of its doors."""
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    await site.pdk.faults(handshake={"mode": "http", "status": 503})
    await site.hass.config_entries.async_setup(site.entry.entry_id)
    await site.wait_for_state(FRONT, "unavailable")
    await site.pdk.faults(handshake=None)
    front = await site.wait_for_state(FRONT, "unlocked")
    assert front.attributes["assumed_state"] is True


async def restart(site: Site) -> None:
    """Restart Home Assistant, as far as the panel can tell; return before it connects."""
    entries = site.hass.config_entries
    await entries.async_unload(site.entry.entry_id)
    for entity_id in site.hass.states.async_entity_ids():
        site.hass.states.async_remove(entity_id)
    await entries.async_setup(site.entry.entry_id)
    await site.hass.async_block_till_done()


AWAY: list[Json] = [
    {"token": {"abort": True}},
    {"panel": {"status": 429}},
    {"devices": {"status": 500}, "handshake": {"mode": "http", "status": 503}},
]


@pytest.mark.parametrize("faults", AWAY)
async def test_start_while_pdk_io_is_away(
    site: Site,
    hass_storage: Json,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    faults: Json,
) -> None:
    """Without pdk.io the past is shown, and the doors connect by themselves later.

    One line of the log says so, and one that they are back; the address is read again.
    """
    monkeypatch.setattr(MIN_RETRY_AFTER, 0.1)
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(FRONT, "unlocked")
    await site.wait_for_state("sensor.front_door_last_person", "Amelia Hartmann")
    past = (ACTIVITY, FRONT_ACCESS, "sensor.front_door_last_person")
    before = {entity_id: site.state(entity_id) for entity_id in past}
    device = site.device(1)
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    if "devices" not in faults:
        hass_storage[STORE]["data"]["site"]["uri"] = "http://127.0.0.1:1/"
    caplog.set_level("INFO", "custom_components.prodatakey")
    await site.pdk.faults(**faults)
    caplog.clear()
    await restart(site)
    assert site.entry.state is ConfigEntryState.LOADED
    for entity_id, shown in before.items():
        after = site.state(entity_id)
        assert (after.state, after.attributes) == (shown.state, shown.attributes)
    assert site.state(FRONT).state == "unavailable"
    assert site.state(CONNECTION).state == "off"
    assert site.device(1) == device
    with raises_error("not_connected", name="Front door"):
        await site.act("prodatakey.open_door", duration=1)

    await site.pdk.control("PATCH", f"panels/{PANEL}/doors/4", {"name": "Library"})
    await site.pdk.faults(**dict.fromkeys(faults))
    front = await site.wait_for_state(FRONT, "unlocked")
    assert front.attributes["assumed_state"] is True
    await site.wait_for_state(CONNECTION, "on")
    await wait_until(lambda: site.state("lock.meeting_room").name == "Library")
    await site.happen(1, "badge", person=2)
    await site.wait_for_attribute(FRONT_ACCESS, "person", "Jonas Okafor")
    lines = [r for r in caplog.records if "prodatakey" in r.name]
    assert [(line.levelname, line.getMessage().split(": ")[0]) for line in lines] == [
        ("INFO", "Headquarters is unavailable"),
        ("INFO", "Headquarters is available again"),
    ]


@pytest.mark.parametrize("stored", [None, {"system_id": "x"}, {"uri": 1}, {"id": "x"}])
async def test_first_start_while_pdk_io_is_away(
    site: Site, hass_storage: Json, stored: Json | None
) -> None:
    """Without pdk.io and a stored panel the set-up is retried."""
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    data = hass_storage[STORE]["data"]
    data["site"] = None if stored is None else {**data["site"], **stored}
    await site.pdk.faults(panel={"status": 503})
    await restart(site)
    assert site.entry.state is ConfigEntryState.SETUP_RETRY


def stored_relays(hass_storage: Json) -> dict[int, bool | None]:
    """Return the relays of the doors as they are saved."""
    doors = hass_storage.get(STORE, {"data": {"doors": []}})["data"]["doors"]
    return {door["id"]: door["state"].get("relay") for door in doors}


async def test_saved_within_a_minute(site: Site, hass_storage: Json) -> None:
    """A crash loses a minute at most, also where something happens all the time."""
    now = dt_util.utcnow()
    await site.happen(2, "hold")
    await site.wait_for_state("lock.garage", "unlocked")
    for seconds in (20, 40, 58):
        async_fire_time_changed(site.hass, now + timedelta(seconds=seconds))
        for happening in ("open", "close"):
            await site.happen(2, happening)
        await site.wait_for_state("binary_sensor.garage_door_position", "off")
    assert not stored_relays(hass_storage).get(2)
    async_fire_time_changed(site.hass, now + timedelta(seconds=62))
    await site.hass.async_block_till_done()
    assert stored_relays(hass_storage)[2] is True


async def test_saved_when_home_assistant_stops(site: Site, hass_storage: Json) -> None:
    """Nothing is lost when Home Assistant stops."""
    await site.happen(2, "hold")
    await site.wait_for_state("lock.garage", "unlocked")
    site.hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await site.hass.async_block_till_done()
    assert stored_relays(hass_storage)[2] is True


UNREADABLE: Json = {
    "id": 1,
    "name": "Front door",
    "type": "primaryReader",
    "icon": None,
    "primary_reader": None,
    "state": {"of_the_future": True},
    "aspects": ["of_the_future"],
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
    {"doors": [{"id": 1, "name": ["x"], "type": ["x"], "state": [], "aspects": {}}]},
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
    new_site: Site, hass_storage: Json, version: int, data: Any
) -> None:
    """Damaged records are left out, and the doors are set up all the same."""
    stored = {"version": version, "minor_version": 1, "key": STORE, "data": data}
    hass_storage[STORE] = stored
    await new_site.set_up()
    assert new_site.entry.state is ConfigEntryState.LOADED
    await new_site.happen(1, "hold")
    await new_site.wait_for_state(FRONT, "unlocked")
    await new_site.hass.config_entries.async_unload(new_site.entry.entry_id)
    assert len(hass_storage[STORE]["data"]["doors"]) == 7


async def test_options_that_were_edited(new_site: Site) -> None:
    """An unknown mode or a duration out of range counts as not set; a number is a code.

    With a code that cannot be one there is no lock: it would open without it.
    """
    edited: list[Json] = [
        {"unlock_mode": "for ever"},
        *({"unlock_mode": "momentary", "unlock_duration": each} for each in (0, 600)),
        {"code": 1234},
    ]
    for options in edited:
        await new_site.set_up(**options)
        await new_site.act("lock.unlock", code="1234")
    assert await new_site.sent() == [
        "door.actuate.open",
        "door.try.open",
        "door.try.open",
        "door.actuate.open",
    ]
    entries, entry = new_site.hass.config_entries, new_site.entry
    entries.async_update_entry(entry, options={"code": ["1234"]})
    await entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "invalid_code"
    assert new_site.state(FRONT).state == "unavailable"


async def test_data_without_a_secret(new_site: Site) -> None:
    """An entry without a client secret asks the user for it."""
    data = {
        key: value
        for key, value in new_site.entry.data.items()
        if key != "client_secret"
    }
    new_site.hass.config_entries.async_update_entry(new_site.entry, data=data)
    await new_site.hass.config_entries.async_setup(new_site.entry.entry_id)
    (flow,) = new_site.hass.config_entries.flow.async_progress_by_handler("prodatakey")
    assert flow["context"]["source"] == "reauth"
