"""What the recorder keeps, and what a user reads of it in the logbook."""

from datetime import datetime, timedelta
import logging
from pathlib import Path
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
from sqlalchemy import func, select

from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.db_schema import Events, StateAttributes, States
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import EVENT_STATE_CHANGED, MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import Context, Event, HomeAssistant, State
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.recorder import session_scope
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import parse_yaml

from .common import (
    CONNECTION,
    ENTRIES,
    FRONT,
    FRONT_ACCESS,
    PANEL,
    SIGNAL,
    TEXTS,
    Json,
    Site,
    access_granted,
    raises_error,
    wait_for_connection,
    wait_until,
)
from .test_activity import ACTIVITY, DOOR, PERSON, line

REFERENCE = Path(__file__).parents[1] / "docs" / "reference.md"
LAST_PERSON = "sensor.front_door_last_person"
POSITION = "binary_sensor.front_door_door_position"


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: Any) -> None:
    """Let the recorder's database be ready before Home Assistant is, and quiet."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


async def get_events(
    hass: HomeAssistant, client: Any, start: datetime, **filters: list[str]
) -> list[Any]:
    """Return all that the logbook shows since a time."""
    await async_wait_recording_done(hass)
    start_time = start.isoformat()
    await client.send_json_auto_id(
        {"type": "logbook/get_events", "start_time": start_time, **filters}
    )
    answer = await client.receive_json()
    assert answer["success"], answer
    return list(answer["result"])


async def read(hass: HomeAssistant, client: Any, **filters: list[str]) -> list[Any]:
    """Return names and messages that the logbook shows of ours."""
    start = dt_util.utcnow() - timedelta(hours=1)
    return [
        (entry["name"], entry["message"])
        for entry in await get_events(hass, client, start, **filters)
        if entry.get("domain") == "prodatakey"
    ]


async def test_logbook(
    recorder_mock: Recorder, site: Site, hass_ws_client: WebSocketGenerator
) -> None:
    """Each line of the log is listed under its door, else under the integration.

    A door has the name that the user gave it.
    """
    assert await async_setup_component(site.hass, "logbook", {})
    device = site.device(2)
    assert device
    dr.async_get(site.hass).async_update_device(device.id, name_by_user="Carport")
    garage = {"text": "Garage", "id": 2, "type": "door"}
    for sentence in (
        line("The panel has started."),
        line("%s at %s", PERSON, DOOR),
        line("%s at %s", PERSON, garage),
    ):
        await site.pdk.emit(PANEL, "liveEvent", sentence)
    await site.wait_for_state(ACTIVITY, "Amelia Hartmann at Garage")
    client = await hass_ws_client()
    front = ("Front door", "Amelia Hartmann at Front door")
    assert await read(site.hass, client) == [
        ("ProdataKey", "The panel has started."),
        front,
        ("Carport", "Amelia Hartmann at Garage"),
    ]
    device = site.device(1)
    assert device
    assert await read(site.hass, client, device_ids=[device.id]) == [front]


async def test_logbook_of_entities(
    recorder_mock: Recorder, site: Site, hass_ws_client: WebSocketGenerator
) -> None:
    """A card for locks shows each line of the log, also the same one again.

    A line about a second reader is shown at its door's lock, one about an output at its
    switch, and any other at the panel's connection.
    """
    assert await async_setup_component(site.hass, "logbook", {})
    second = {"text": "Front door, inside", "id": 7, "type": "door"}
    output = {"text": "Ventilation", "id": 6, "type": "door"}
    sentences = [
        *[line("Somebody knocks at %s", DOOR)] * 3,
        line("%s was used", second),
        line("%s was switched on", output),
        line("The panel has started."),
    ]
    for sentence in sentences:
        await site.pdk.emit(PANEL, "liveEvent", sentence)
    await site.wait_for_state(ACTIVITY, "The panel has started.")
    client = await hass_ws_client()
    for entity_id, expected in (
        (
            FRONT,
            [
                *[("Front door", "Somebody knocks at Front door")] * 3,
                ("Front door, inside", "Front door, inside was used"),
            ],
        ),
        ("switch.ventilation", [("Ventilation", "Ventilation was switched on")]),
        (CONNECTION, [("ProdataKey", "The panel has started.")]),
        (ACTIVITY, []),
    ):
        assert await read(site.hass, client, entity_ids=[entity_id]) == expected


async def test_who_tried(
    recorder_mock: Recorder,
    site: Site,
    hass_ws_client: WebSocketGenerator,
    hass_admin_user: MockUser,
) -> None:
    """A command that failed is one line at the door, with the reason and the user."""
    assert await async_setup_component(site.hass, "logbook", {})
    await site.set_up(code="1234")
    dnd = "switch.front_door_do_not_disturb"
    clear = "button.front_door_clear_forced_alarm"
    await site.emit("door.alarm.forced.off")
    await site.wait_for_state(clear, "unknown")
    start = dt_util.utcnow()
    user = Context(user_id=hass_admin_user.id)
    for _ in range(5):
        with raises_error("wrong_code"):
            await site.act("lock.open", context=user, code="4321")
    await site.faults(commands={"refuse": "Not now."})
    for action, entity_id in (("lock.lock", FRONT), ("switch.turn_on", dnd)):
        with raises_error("command_rejected"):
            await site.act(action, entity_id, user)
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    with raises_error("not_connected"):
        await site.act("button.press", clear, user)
    client = await hass_ws_client()
    lines = await get_events(site.hass, client, start, entity_ids=[FRONT, dnd, clear])
    assert [
        (line["name"], line["message"], line["entity_id"])
        for line in lines
        if line.get("context_user_id") == user.user_id and "message" in line
    ] == [
        *[("Front door", "Open failed: wrong code", FRONT)] * 5,
        ("Front door", f"Open failed: {failed('code_blocked')}", FRONT),
        ("Front door", f"Lock failed: {failed('command_rejected')}", FRONT),
        ("Front door", f"Do not disturb failed: {failed('command_rejected')}", dnd),
        ("Front door", f"Clear forced alarm failed: {failed('not_connected')}", clear),
    ]


def failed(reason: str) -> str:
    """Return why a command failed, in words."""
    text: str = TEXTS["common"][f"failed_{reason}"]
    return text


async def come_in(site: Site, person: int, *, walk: bool) -> None:
    """Let a person in at the front door, until it is locked and closed again."""
    await site.happen(1, "badge", person=person)
    await site.wait_for_state(FRONT, "unlocked")
    if walk:
        for happening, state in (("open", "on"), ("close", "off")):
            await site.happen(1, happening)
            await site.wait_for_state(POSITION, state)
    await site.wait_for_state(FRONT, "locked")


PAST = (
    FRONT_ACCESS,
    ACTIVITY,
    SIGNAL,
    LAST_PERSON,
    "event.garage_access",
)


async def test_reload_tells_of_nobody(
    recorder_mock: Recorder, site: Site, hass_ws_client: WebSocketGenerator
) -> None:
    """A reload shows no person in Activity, and fires no trigger.

    Nor does an entry that is disabled, enabled, and unloaded for a while.
    """
    hass, entries = site.hass, site.hass.config_entries
    assert await async_setup_component(hass, "logbook", {})
    client = await hass_ws_client()
    await site.emit("door.request.unknown", 2)
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(FRONT, "unlocked")
    await site.discover()
    await site.ask("query_signal")
    before = {entity_id: site.state(entity_id) for entity_id in PAST}
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    start = dt_util.utcnow()
    await entries.async_unload(site.entry.entry_id)
    assert site.state(FRONT).state == "unavailable"
    for entity_id, shown in before.items():
        assert site.state(entity_id).state == shown.state
    await site.set_up()
    lines = await get_events(hass, client, start)
    assert not {line["entity_id"] for line in lines} & {*PAST}
    assert {FRONT, POSITION} <= {line["entity_id"] for line in lines}
    for change in changes:
        if change.data["entity_id"] in PAST:
            old, new = change.data["old_state"], change.data["new_state"]
            assert (old and old.state) == (new and new.state)
    for entity_id, shown in before.items():
        after = site.state(entity_id)
        assert (after.state, after.attributes) == (shown.state, shown.attributes)
        assert after.last_changed == shown.last_changed

    changes.clear()
    await entries.async_set_disabled_by(site.entry.entry_id, ConfigEntryDisabler.USER)
    await entries.async_set_disabled_by(site.entry.entry_id, None)
    await wait_for_connection(hass, site.entry)
    last = before[FRONT_ACCESS].state
    # Home Assistant 2026.11 removes the states, and writes unavailable before it sets up
    removed = (MAJOR_VERSION, MINOR_VERSION) >= (2026, 11)
    assert [
        change.data["new_state"] and change.data["new_state"].state
        for change in changes
        if change.data["entity_id"] == FRONT_ACCESS
    ] == ([last, None, "unavailable", "unknown"] if removed else [last, last])


EXAMPLE = re.compile(r"```yaml\n(logbook:\n.*?)```", re.DOTALL)
(DOCUMENTED,) = map(parse_yaml, EXAMPLE.findall(REFERENCE.read_text("utf-8")))


@pytest.mark.parametrize(
    ("config", "walk", "others"),
    [
        ({}, False, [ACTIVITY, LAST_PERSON]),
        (DOCUMENTED, True, [POSITION, POSITION]),
    ],
    ids=["lets in", "walks in"],
)
async def test_badge_in_is_six_lines(
    recorder_mock: Recorder,
    site: Site,
    hass_ws_client: WebSocketGenerator,
    config: Json,
    walk: bool,
    others: list[str],
) -> None:
    """A person who comes in is six lines of Activity; a user can have fewer."""
    assert await async_setup_component(site.hass, "logbook", config)
    client = await hass_ws_client()
    await site.pdk.control("PATCH", f"panels/{PANEL}/doors/1", {"dwell": 5})
    await come_in(site, 1, walk=walk)
    start = dt_util.utcnow()
    await come_in(site, 2, walk=walk)
    lines = [
        line.get("message") or line["entity_id"]
        for line in await get_events(site.hass, client, start)
    ]
    (sentence,) = [line for line in lines if "Jonas Okafor" in line]
    expected = [sentence, "event.front_door_access", FRONT, FRONT, *others]
    assert sorted(lines) == sorted(expected)
    assert len(lines) == 6


async def count_rows(hass: HomeAssistant) -> list[int]:
    """Return how many states, attributes of states, and events the database has."""
    await async_wait_recording_done(hass)
    with session_scope(hass=hass, read_only=True) as session:
        return [
            session.scalar(select(func.count()).select_from(table)) or 0
            for table in (States, StateAttributes, Events)
        ]


WALK_IN = ("input.relay.on", "input.dps.opened", "input.dps.closed", "input.relay.off")
# These attributes are not in the database.
LEFT_OUT = {
    FRONT_ACCESS: {"event_types", "occurred"},
    LAST_PERSON: {"occurred"},
    ACTIVITY: {"message", "occurred"},
}


async def let_in(site: Site, changes: list[Event[Any]], *others: Json) -> None:
    """Let a person in, until that has changed four states, and one for each other event."""
    changes.clear()
    live = {"topic": "liveEvent", "payload": line("%s at %s", PERSON, DOOR)}
    await site.emit_all(access_granted("Amelia Hartmann"), live, *others)
    await wait_until(lambda: len(changes) >= 4 + len(others))


@pytest.mark.usefixtures("every_entry_shown")
async def test_rows_of_people_who_come_in(recorder_mock: Recorder, site: Site) -> None:
    """What is the same each time is stored once; states and automations have all of it."""
    hass, badges = site.hass, 20
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    walk_in = [
        {"topic": f"door.{name}", "payload": {"body": {"doorId": 1}}}
        for name in WALK_IN
    ]
    # its first closing also says that it is not propped open
    await site.emit("door.input.dps.closed")
    await site.wait_for_state(POSITION, "off")
    shown = set()
    for others in ([], walk_in):
        before = await count_rows(hass)
        for _ in range(badges):
            await let_in(site, changes, *others)
            shown |= {
                (each, site.state(each).attributes["occurred"]) for each in LEFT_OUT
            }
        after = await count_rows(hass)
        states, attributes, events = map(int.__sub__, after, before, strict=True)
        assert states <= badges * (4 + len(others))
        assert attributes <= 5
        assert events <= badges
    assert len(shown) == 2 * badges * len(LEFT_OUT)

    start = dt_util.utcnow() - timedelta(hours=1)
    for entity_id, left_out in LEFT_OUT.items():
        history = get_significant_states(
            hass, start, entity_ids=[entity_id], significant_changes_only=False
        )
        recorded = history[entity_id][-1]
        assert isinstance(recorded, State)
        attributes_shown = site.state(entity_id).attributes.keys()
        assert attributes_shown - recorded.attributes.keys() == left_out


@pytest.mark.usefixtures("every_entry_shown")
async def test_statistics_of_entries(recorder_mock: Recorder, site: Site) -> None:
    """The statistics card shows how many people came in, also over a reload."""
    hass = site.hass
    start = dt_util.utcnow().replace(second=0, microsecond=0)
    start -= timedelta(minutes=start.minute % 5)
    for count in (1, 2, 3):
        await site.emit_all(access_granted(f"person {count}"))
        await site.wait_for_state(ENTRIES, str(count))
        if count == 2:
            await site.set_up()
    for minutes in (0, 5):
        await async_wait_recording_done(hass)
        do_adhoc_statistics(hass, start=start + timedelta(minutes=minutes))
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        start,
        None,
        {ENTRIES},
        "5minute",
        None,
        {"change", "state"},
    )
    rows = found[ENTRIES]
    assert sum(row["change"] or 0 for row in rows) == 3
    assert rows[-1]["state"] == 3
