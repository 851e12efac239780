"""Each topic and each command of the Streaming API's documentation, from end to end."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .common import (
    PANEL,
    Json,
    act,
    ask,
    emit,
    raises_error,
    setup_integration,
    state_of,
    wait_for_attribute,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk

SAMPLES: dict[str, Json] = json.loads(
    (Path(__file__).parent / "pdk" / "samples.json").read_text(encoding="utf-8")
)
ADDRESS = "0013a200400a393b"
LOCK = "lock.postman_test"
SENSOR = "binary_sensor.postman_test"
DND = "switch.postman_test_do_not_disturb"
ACTIVITY = "sensor.headquarters_last_activity"
SENTENCE = (
    'Person "Postman Test" has requested access to the device "Postman Test". '
    "Access allowed. Person used PIN for requesting access."
)


@pytest.fixture
async def site(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> SimulatedPdk:
    """Set up a panel with the two doors that the samples speak of."""
    doors: list[Json] = [
        {"id": 1, "name": "Postman Test", "dps": True, "rex": True},
        {"id": 6, "name": "Side door"},
    ]
    doors[0] |= {"forcedAlarm": True, "propAlarm": True}
    endpoints = [{"address": ADDRESS, "doors": [1]}]
    panel = {"id": PANEL, "name": "Headquarters"}
    await pdk.reset({"panels": [panel | {"doors": doors, "endpoints": endpoints}]})
    # So they are enabled from the start.
    for platform, key in (("button", "force_toggle"), ("binary_sensor", "force_close")):
        er.async_get(hass).async_get_or_create(
            platform,
            "prodatakey",
            f"{PANEL}_1_{key}",
            suggested_object_id=f"postman_test_{key}",
        )
    await setup_integration(hass, entry)
    return pdk


async def emit_sample(pdk: SimulatedPdk, topic: str) -> None:
    """Let the panel emit the sample of a topic."""
    await pdk.emit(PANEL, topic, SAMPLES["events"][topic])


STATES: dict[str, dict[str, str]] = {
    "door.alarm.forced": {f"{SENSOR}_forced_open": "on"},
    "door.alarm.forced.cleared": {f"{SENSOR}_forced_open": "off"},
    "door.alarm.propped.off": {f"{SENSOR}_propped_open": "off"},
    "door.alarm.propped.on": {f"{SENSOR}_propped_open": "on"},
    "door.forceclose.off": {DND: "off", f"{SENSOR}_force_close": "off"},
    "door.forceclose.on": {DND: "on", f"{SENSOR}_force_close": "on"},
    "door.input.dps.closed": {f"{SENSOR}_door_position": "off"},
    "door.input.dps.opened": {f"{SENSOR}_door_position": "on"},
    "door.input.relay.off": {LOCK: "locked"},
    "door.input.relay.on": {LOCK: "unlocked"},
    "door.input.rex.off": {f"{SENSOR}_request_to_exit": "off"},
    "door.input.rex.on": {f"{SENSOR}_request_to_exit": "on"},
    "liveEvent": {ACTIVITY: SENTENCE},
}


async def test_states(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """States are unknown until the panel emits a sample; then they are what it means."""
    for states in STATES.values():
        for entity_id in states:
            assert state_of(hass, entity_id).state == "unknown"
    for topic, states in STATES.items():
        await emit_sample(site, topic)
        for entity_id, state in states.items():
            await wait_for_state(hass, entity_id, state)
    topic = state_of(hass, ACTIVITY).attributes["topic"]
    assert topic == "door.request.allowed"


ACCESS: dict[str, list[Any]] = {
    "door.request.allowed": ["access_granted", "Postman Test", 1, "PIN_ONLY", None],
    "door.request.denied": ["access_denied", "Postman Test", 1, "PIN_ONLY", True],
    "door.request.unknown": ["access_unknown", None, None, None, None],
}


async def test_access(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """The access event has what the sample says."""
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    for topic, expected in ACCESS.items():
        await emit_sample(site, topic)
        event = await wait_for_attribute(
            hass, "event.postman_test_access", "event_type", expected[0]
        )
        assert [event.attributes[key] for key in keys] == expected


MIGRATION = (
    *("migration.started", "migration.task.started", "migration.task.completed"),
    *("migration.staged", "migration.completed"),
)


async def test_migration(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """Its end is an issue; nothing else asks for anything."""
    issues = ir.async_get(hass).issues
    *stages, end = MIGRATION
    for topic in stages:
        await emit_sample(site, topic)
    await emit(site, "door.input.relay.on", 6)
    await wait_for_state(hass, "lock.side_door", "unlocked")
    assert not issues
    await emit_sample(site, end)
    await wait_until(lambda: issues)
    (issue,) = issues.values()
    assert issue.translation_key == "panel_migrated"
    assert issue.translation_placeholders == {
        "panel": "Headquarters",
        "system_id": "ea5df7cb-8ea9-443d-9866-b5c44c05b46d",
    }
    assert state_of(hass, LOCK).state == "unknown"


ANSWERS = ("serverError", "command.result.succeed", "endpoint.signal")


async def test_answers(
    hass: HomeAssistant, site: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample answers a command: it fails, succeeds or returns the signal."""
    signal = "sensor.endpoint_postman_test_signal"
    await emit_sample(site, "endpoint.discovered")
    await wait_for_state(hass, signal, "unknown")
    answered = SAMPLES["events"]["command.result.succeed"]["body"]["commandId"]
    stream = "custom_components.prodatakey.pdk.v1.stream"
    monkeypatch.setattr(f"{stream}.uuid4", lambda: UUID(answered))
    await site.faults(PANEL, commands="ignored")
    unlocking = hass.async_create_task(act(hass, "lock.unlock", LOCK))
    await site.commands(PANEL)
    await emit_sample(site, "serverError")
    with raises_error("command_rejected", reason="Command is not supported."):
        await unlocking
    assert state_of(hass, LOCK).state == "unknown"
    unlocking = hass.async_create_task(act(hass, "lock.unlock", LOCK))
    await site.commands(PANEL, after=1)
    await emit_sample(site, "command.result.succeed")
    await unlocking
    assert state_of(hass, LOCK).state == "unlocked"
    querying = hass.async_create_task(ask(hass, "query_signal"))
    assert len(await site.commands(PANEL, after=2)) == 1
    for topic in ("endpoint.signal", "command.result.succeed"):
        await emit_sample(site, topic)
    (found,) = await querying
    assert (found["address"], found["db_gain"]) == (ADDRESS, 40)
    assert state_of(hass, signal).state == "40"


BUTTON = "button.postman_test"
SIDE_DOOR = "lock.side_door"
COMMANDS: dict[str, tuple[str, str, Json]] = {
    "door.actuate.close": ("lock.lock", LOCK, {}),
    "door.actuate.forcetoggle": ("button.press", f"{BUTTON}_force_toggle", {}),
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


async def test_commands(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """A user acts, and the panel receives the sample's own text: one frame, once."""
    for action, entity_id, data in COMMANDS.values():
        await act(hass, action, entity_id, **data)
    for query, data in QUERIES.values():
        await ask(hass, query, **data)
    received = await site.commands(PANEL)
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
