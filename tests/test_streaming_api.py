"""Each topic and each command of the Streaming API's documentation, from end to end."""

import json
from pathlib import Path
import time
from typing import Any
from uuid import UUID

import pytest

from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .common import PANEL, Json, Site, raises_error, wait_until

SAMPLES: dict[str, Json] = json.loads(
    (Path(__file__).parent / "pdk" / "samples.json").read_text(encoding="utf-8")
)
ADDRESS = "0013a200400a393b"
LOCK = "lock.postman_test"
SENSOR = "binary_sensor.postman_test"
OBJECT_IDS = {"force_toggle": "force_toggle_latches", "force_close": "do_not_disturb"}
DND = "switch.postman_test_do_not_disturb"
ACTIVITY = "sensor.headquarters_last_activity"
SENTENCE = (
    'Person "Postman Test" has requested access to the device "Postman Test". '
    "Access allowed. Person used PIN for requesting access."
)


@pytest.fixture
async def site(new_site: Site) -> Site:
    """Set up a panel with the two doors that the samples speak of."""
    doors: list[Json] = [
        {"id": 1, "name": "Postman Test", "dps": True, "rex": True},
        {"id": 6, "name": "Side door"},
    ]
    doors[0] |= {"forcedAlarm": True, "propAlarm": True}
    endpoints = [{"address": ADDRESS, "doors": [1]}]
    panel = {"id": PANEL, "name": "Headquarters"}
    await new_site.pdk.reset(
        {"panels": [panel | {"doors": doors, "endpoints": endpoints}]}
    )
    # So they are enabled from the start.
    for platform, key in (("button", "force_toggle"), ("binary_sensor", "force_close")):
        er.async_get(new_site.hass).async_get_or_create(
            platform,
            "prodatakey",
            f"{PANEL}_1_{key}",
            suggested_object_id=f"postman_test_{OBJECT_IDS[key]}",
        )
    await new_site.set_up()
    return new_site


async def emit_sample(site: Site, topic: str) -> None:
    """Let the panel emit the sample of a topic."""
    event = SAMPLES["events"][topic]
    if topic in ACCESS:
        # now, not years ago
        occurred = {"occurred": round(time.time() * 1000)}
        event = event | {"metadata": event["metadata"] | occurred}
    await site.pdk.emit(PANEL, topic, event)


STATES: dict[str, dict[str, str]] = {
    "door.alarm.forced": {f"{SENSOR}_forced_open": "on"},
    "door.alarm.forced.cleared": {f"{SENSOR}_forced_open": "off"},
    "door.alarm.propped.off": {f"{SENSOR}_propped_open": "off"},
    "door.alarm.propped.on": {f"{SENSOR}_propped_open": "on"},
    "door.forceclose.off": {DND: "off", f"{SENSOR}_do_not_disturb": "off"},
    "door.forceclose.on": {DND: "on", f"{SENSOR}_do_not_disturb": "on"},
    "door.input.dps.closed": {f"{SENSOR}_door_position": "off"},
    "door.input.dps.opened": {f"{SENSOR}_door_position": "on"},
    "door.input.relay.off": {LOCK: "locked"},
    "door.input.relay.on": {LOCK: "unlocked"},
    "door.input.rex.off": {f"{SENSOR}_request_to_exit": "off"},
    "door.input.rex.on": {f"{SENSOR}_request_to_exit": "on"},
    "liveEvent": {ACTIVITY: SENTENCE},
}


async def test_states(site: Site) -> None:
    """A state is unknown until the panel emits a sample, then it is what that means."""
    for states in STATES.values():
        for entity_id in states:
            assert site.state(entity_id).state == "unknown"
    for topic, states in STATES.items():
        await emit_sample(site, topic)
        for entity_id, state in states.items():
            await site.wait_for_state(entity_id, state)
    topic = site.state(ACTIVITY).attributes["topic"]
    assert topic == "door.request.allowed"


ACCESS: dict[str, list[Any]] = {
    "door.request.allowed": ["access_granted", "Postman Test", 1, "PIN_ONLY", None],
    "door.request.denied": ["access_denied", "Postman Test", 1, "PIN_ONLY", True],
    "door.request.unknown": ["access_unknown", None, None, None, None],
}


async def test_access(site: Site) -> None:
    """The access event has the values of the sample."""
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    for topic, expected in ACCESS.items():
        await emit_sample(site, topic)
        event = await site.wait_for_attribute(
            "event.postman_test_access", "event_type", expected[0]
        )
        assert [event.attributes[key] for key in keys] == expected


MIGRATION = (
    *("migration.started", "migration.task.started", "migration.task.completed"),
    *("migration.staged", "migration.completed"),
)


async def test_migration(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Each stage of a migration is a line of the log, and its end is an issue."""
    issues = ir.async_get(site.hass).issues
    *stages, end = MIGRATION
    for topic in stages:
        await emit_sample(site, topic)
    await site.emit("door.input.relay.on", 6)
    await site.wait_for_state("lock.side_door", "unlocked")
    assert not issues
    await emit_sample(site, end)
    await wait_until(lambda: issues)
    (issue,) = issues.values()
    assert issue.translation_key == "panel_moved"
    assert issue.translation_placeholders == {
        "panel": "Headquarters",
        "generation": "2.0",
    }
    assert site.state(LOCK).state == "unknown"
    assert [line for line in caplog.messages if line.startswith("The migration")] == [
        f"The migration of Headquarters to PDK 2.0 has {stage}"
        for stage in ("started", "staged", "completed")
    ]


ANSWERS = ("serverError", "command.result.succeed", "endpoint.signal")


async def test_answers(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample of an answer lets a command fail, succeed or return the signal."""
    signal = "sensor.endpoint_postman_test_signal"
    await emit_sample(site, "endpoint.discovered")
    await site.wait_for_state(signal, "unknown")
    answered = SAMPLES["events"]["command.result.succeed"]["body"]["commandId"]
    stream = "custom_components.prodatakey.pdk.v1.stream"
    monkeypatch.setattr(f"{stream}.uuid4", lambda: UUID(answered))
    await site.faults(commands="ignored")
    unlocking = site.hass.async_create_task(site.act("lock.unlock", LOCK))
    await site.commands()
    await emit_sample(site, "serverError")
    with raises_error("command_rejected", reason="Command is not supported."):
        await unlocking
    assert site.state(LOCK).state == "unknown"
    unlocking = site.hass.async_create_task(site.act("lock.unlock", LOCK))
    await site.commands(after=1)
    await emit_sample(site, "command.result.succeed")
    await unlocking
    assert site.state(LOCK).state == "unlocked"
    querying = site.hass.async_create_task(site.ask("query_signal"))
    assert len(await site.commands(after=2)) == 1
    for topic in ("endpoint.signal", "command.result.succeed"):
        await emit_sample(site, topic)
    (found,) = await querying
    assert (found["address"], found["db_gain"]) == (ADDRESS, 40)
    assert site.state(signal).state == "40"


BUTTON = "button.postman_test"
SIDE_DOOR = "lock.side_door"
COMMANDS: dict[str, tuple[str, str, Json]] = {
    "door.actuate.close": ("lock.lock", LOCK, {}),
    "door.actuate.forcetoggle": ("button.press", f"{BUTTON}_force_toggle_latches", {}),
    "door.actuate.open": ("lock.unlock", LOCK, {}),
    "door.alarm.forced.clear": ("button.press", f"{BUTTON}_clear_forced_alarm", {}),
    "door.try.dwellopen": ("prodatakey.open_door", SIDE_DOOR, {"duration": 3}),
    "door.try.open": ("lock.open", LOCK, {}),
    # After the others, as nothing opens while it is on.
    "door.actuate.dnd": ("switch.turn_on", DND, {}),
}
QUERIES: dict[str, tuple[str, Json]] = {
    "endpoint.discover": ("discover_endpoints", {"wait": 1}),
    "endpoint.querysignal": ("query_signal", {"io_link_id": 1, "address": ADDRESS}),
}


async def test_commands(site: Site) -> None:
    """A user acts, and the panel receives the sample's own text: one frame, once."""
    for action, entity_id, data in COMMANDS.values():
        await site.act(action, entity_id, **data)
    for query, data in QUERIES.values():
        await site.ask(query, **data)
    received = await site.commands()
    for command, topic in zip(received, [*COMMANDS, *QUERIES], strict=True):
        assert UUID(command["id"]).version == 4
        sample = SAMPLES["commands"][topic] | {"id": command["id"]}
        text = json.dumps(["command", sample], separators=(",", ":"))
        assert command["raw"] == f"42{text}"


def test_every_sample_is_tested() -> None:
    """No topic and no command of the documentation is left out."""
    topics = STATES.keys() | ACCESS.keys() | set(MIGRATION) | set(ANSWERS)
    assert topics | {"endpoint.discovered"} == SAMPLES["events"].keys()
    assert COMMANDS.keys() | QUERIES.keys() == SAMPLES["commands"].keys()
