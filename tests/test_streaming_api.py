"""Each topic and each command of the Streaming API's documentation, from end to end."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir

from .common import (
    PANEL,
    Json,
    act,
    ask,
    emit,
    emit_all,
    raises_error,
    setup_integration,
    state_of,
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
UNSUPPORTED = "Command is not supported."


@pytest.fixture
async def site(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> SimulatedPdk:
    """Set up a panel with fifty doors, of which the samples speak of two."""
    names = {1: "Postman Test", 6: "Side door"}
    doors: list[Json] = [
        {"id": number, "name": names.get(number, f"Door {number}")}
        for number in range(1, 51)
    ]
    doors[0] |= {"dps": True, "rex": True, "forcedAlarm": True, "propAlarm": True}
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


async def test_endpoint_discovered(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """The endpoint is there, with a signal that is unknown yet."""
    await emit_sample(site, "endpoint.discovered")
    signal = "sensor.endpoint_postman_test_signal"
    await wait_for_state(hass, signal, "unknown")


ACCESS: dict[str, list[Any]] = {
    "door.request.allowed": ["access_granted", "Postman Test", 1, "PIN_ONLY", None],
    "door.request.denied": ["access_denied", "Postman Test", 1, "PIN_ONLY", True],
    "door.request.unknown": ["access_unknown", None, None, None, None],
}


@pytest.mark.parametrize("topic", ACCESS)
async def test_access(hass: HomeAssistant, site: SimulatedPdk, topic: str) -> None:
    """The access event has what the sample says."""
    entity_id = "event.postman_test_access"
    await emit_sample(site, topic)
    await wait_until(lambda: state_of(hass, entity_id).state != "unknown")
    event = state_of(hass, entity_id).attributes
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    assert [event[key] for key in keys] == ACCESS[topic]


SYSTEM = {"system_id": "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"}
ISSUES: dict[str, dict[str, Json]] = {
    "migration.task.completed": {},
    "migration.task.started": {},
    "migration.started": {},
    "migration.staged": {},
    "migration.completed": {"panel_migrated": SYSTEM},
}


async def test_migration(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """Its end is an issue; nothing else asks for anything."""
    for count, (topic, expected) in enumerate(ISSUES.items()):
        await emit_sample(site, topic)
        await emit(site, f"door.input.relay.{'off' if count % 2 else 'on'}", 6)
        state = "locked" if count % 2 else "unlocked"
        await wait_for_state(hass, "lock.side_door", state)
        issues = {
            issue.translation_key: issue.translation_placeholders
            for issue in ir.async_get(hass).issues.values()
        }
        assert issues == {
            key: {"panel": "Headquarters", **placeholders}
            for key, placeholders in expected.items()
        }
    assert state_of(hass, LOCK).state == "unknown"


async def test_invalid_token(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """The panel gets a new token."""
    await site.emit(PANEL, "invalidToken")
    async with asyncio.timeout(5):
        while (await site.requests())["renewed"] != 1:
            pass


ANSWERS = {"command.result.succeed", "serverError", "endpoint.signal"}


@pytest.mark.parametrize("topic", sorted(ANSWERS))
async def test_answers(
    hass: HomeAssistant,
    site: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    topic: str,
) -> None:
    """The sample answers a command: it succeeds, fails or returns the signal."""
    answered = SAMPLES["events"]["command.result.succeed"]["body"]["commandId"]
    stream = "custom_components.prodatakey.pdk.v1.stream"
    monkeypatch.setattr(f"{stream}.uuid4", lambda: UUID(answered))
    await site.faults(PANEL, commands="ignored")
    pending: asyncio.Task[Any] = hass.async_create_task(
        ask(hass, "query_signal", io_link_id=1, address=ADDRESS)
        if topic == "endpoint.signal"
        else act(hass, "lock.unlock", LOCK)
    )
    assert len(await site.commands(PANEL)) == 1
    await emit_sample(site, topic)
    if topic == "serverError":
        with raises_error("command_rejected", reason=UNSUPPORTED):
            await pending
    elif topic == "endpoint.signal":
        await emit_sample(site, "command.result.succeed")
        (signal,) = await pending
        assert (signal["address"], signal["db_gain"]) == (ADDRESS, 40)
    else:
        await pending
        assert state_of(hass, LOCK).state == "unlocked"


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
    topics = STATES.keys() | ACCESS.keys() | ISSUES.keys() | ANSWERS
    assert topics | {"endpoint.discovered"} == SAMPLES["events"].keys()
    assert COMMANDS.keys() | QUERIES.keys() == SAMPLES["commands"].keys()


async def test_fifty_commands_at_once(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """One is rejected: that one fails with the panel's reason, and no other."""
    locks = [LOCK, *(f"lock.door_{number}" for number in range(2, 51))]
    locks[5] = "lock.side_door"
    await site.faults(PANEL, commands="ignored")
    unlocking = [
        hass.async_create_task(act(hass, "lock.unlock", lock)) for lock in locks
    ]
    async with asyncio.timeout(10):
        while len(received := await site.commands(PANEL)) < 50:
            pass
    assert [command["body"]["doorId"] for command in received] == list(range(1, 51))
    answers: list[Json] = [
        {
            "topic": "command.result.succeed",
            "payload": {"body": {"commandId": command["id"]}},
        }
        for command in received
    ]
    # It names no command, and comes while older ones are pending too.
    del answers[22]
    rejection = {"topic": "serverError", "payload": SAMPLES["events"]["serverError"]}
    answers.insert(10, rejection)
    await emit_all(site, *answers)
    ends = await asyncio.gather(*unlocking, return_exceptions=True)
    assert [number for number, end in enumerate(ends) if end is not None] == [22]
    rejected = ends[22]
    assert isinstance(rejected, HomeAssistantError)
    assert (rejected.translation_placeholders or {})["reason"] == UNSUPPORTED
    states = [state_of(hass, lock).state for lock in locks]
    assert states == ["unlocked"] * 22 + ["unknown"] + ["unlocked"] * 27
    assert len(await site.commands(PANEL)) == 50
