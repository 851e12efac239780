"""Each topic and each command of the Streaming API's documentation, from end to end."""

import asyncio
from collections.abc import Awaitable, Callable
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
    # So it is enabled from the start.
    er.async_get(hass).async_get_or_create(
        "button",
        "prodatakey",
        f"{PANEL}_1_force_toggle",
        suggested_object_id="postman_test_force_toggle",
    )
    await setup_integration(hass, entry)
    return pdk


async def emit_sample(pdk: SimulatedPdk, topic: str) -> None:
    """Let the panel emit the sample of a topic."""
    await pdk.emit(PANEL, topic, SAMPLES["events"][topic])


STATES = {
    "door.alarm.forced": ("binary_sensor.postman_test_forced_open", "on"),
    "door.alarm.forced.cleared": ("binary_sensor.postman_test_forced_open", "off"),
    "door.alarm.propped.off": ("binary_sensor.postman_test_propped_open", "off"),
    "door.alarm.propped.on": ("binary_sensor.postman_test_propped_open", "on"),
    "door.forceclose.off": (DND, "off"),
    "door.forceclose.on": (DND, "on"),
    "door.input.dps.closed": ("binary_sensor.postman_test_door_position", "off"),
    "door.input.dps.opened": ("binary_sensor.postman_test_door_position", "on"),
    "door.input.relay.off": (LOCK, "locked"),
    "door.input.relay.on": (LOCK, "unlocked"),
    "door.input.rex.off": ("binary_sensor.postman_test_request_to_exit", "off"),
    "door.input.rex.on": ("binary_sensor.postman_test_request_to_exit", "on"),
    "endpoint.discovered": ("sensor.endpoint_postman_test_signal", "unknown"),
    "liveEvent": (ACTIVITY, SENTENCE),
}


async def test_states(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """The panel emits a sample, and the state that it means is shown."""
    for topic, (entity_id, state) in STATES.items():
        await emit_sample(site, topic)
        await wait_for_state(hass, entity_id, state)
    topic = state_of(hass, ACTIVITY).attributes["topic"]
    assert topic == "door.request.allowed"


ACCESS: dict[str, list[Any]] = {
    "door.request.allowed": ["granted", "Postman Test", 1, "PIN_ONLY", None],
    "door.request.denied": ["denied", "Postman Test", 1, "PIN_ONLY", True],
    "door.request.unknown": ["unknown", None, None, None, None],
}


@pytest.mark.parametrize("topic", ACCESS)
async def test_access(hass: HomeAssistant, site: SimulatedPdk, topic: str) -> None:
    """The access event has what the sample says."""
    entity_id = "event.postman_test_access"
    await emit_sample(site, topic)
    await wait_until(lambda: state_of(hass, entity_id).state != "unknown")
    event = state_of(hass, entity_id).attributes
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    kind, *details = ACCESS[topic]
    assert [event[key] for key in keys] == [f"access_{kind}", *details]


ISSUES: dict[str, tuple[str, Json] | None] = {
    "migration.completed": (
        "panel_migrated",
        {"system_id": "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"},
    ),
    "migration.staged": None,
    "migration.started": None,
    "migration.task.completed": None,
    "migration.task.started": None,
}


@pytest.mark.parametrize("topic", ISSUES)
async def test_migration(hass: HomeAssistant, site: SimulatedPdk, topic: str) -> None:
    """Its end is an issue; nothing else asks for anything."""
    await emit_sample(site, topic)
    await emit(site, "door.input.relay.on", 6)
    await wait_for_state(hass, "lock.side_door", "unlocked")
    found = [
        (issue.translation_key, issue.translation_placeholders)
        for issue in ir.async_get(hass).issues.values()
    ]
    expected = ISSUES[topic]
    assert found == (
        [(expected[0], {"panel": "Headquarters", **expected[1]})] if expected else []
    )
    assert state_of(hass, LOCK).state == "unknown"


async def test_invalid_token(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """The panel gets a new token."""
    await site.emit(PANEL, "invalidToken")
    async with asyncio.timeout(5):
        while (await site.requests())["renewed"] != 1:
            pass


@pytest.mark.parametrize(
    "topic", ["command.result.succeed", "serverError", "endpoint.signal"]
)
async def test_answers(
    hass: HomeAssistant,
    site: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    topic: str,
) -> None:
    """The sample answers a command: it succeeds, fails or returns the signal."""
    answered = SAMPLES["events"]["command.result.succeed"]["body"]["commandId"]
    stream = "custom_components.prodatakey.pdk.stream"
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


type Call = Callable[[HomeAssistant], Awaitable[Any]]
BUTTON = "button.postman_test"
COMMANDS: dict[str, Call] = {
    "door.actuate.close": lambda hass: act(hass, "lock.lock", LOCK),
    "door.actuate.forcetoggle": lambda hass: act(
        hass, "button.press", f"{BUTTON}_force_toggle"
    ),
    "door.actuate.open": lambda hass: act(hass, "lock.unlock", LOCK),
    "door.alarm.forced.clear": lambda hass: act(
        hass, "button.press", f"{BUTTON}_clear_forced_alarm"
    ),
    "door.try.dwellopen": lambda hass: act(
        hass, "prodatakey.open_door", "lock.side_door", duration=3
    ),
    "door.try.open": lambda hass: act(hass, "lock.open", LOCK),
    "endpoint.discover": lambda hass: ask(hass, "discover_endpoints", wait=1),
    "endpoint.querysignal": lambda hass: ask(
        hass, "query_signal", io_link_id=1, address=ADDRESS
    ),
    # Last, as nothing opens while it is on.
    "door.actuate.dnd": lambda hass: act(hass, "switch.turn_on", DND),
}


async def test_commands(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """A user acts, and the panel receives the sample's own text: one frame, once."""
    for count, (topic, call) in enumerate(COMMANDS.items()):
        await call(hass)
        (received,) = await site.commands(PANEL, after=count)
        assert UUID(received["id"]).version == 4
        sample = SAMPLES["commands"][topic] | {"id": received["id"]}
        text = json.dumps(["command", sample], separators=(",", ":"))
        assert received["raw"] == f"42{text}"


def test_every_sample_is_tested() -> None:
    """No topic and no command of the documentation is left out."""
    answers = {"command.result.succeed", "serverError", "endpoint.signal"}
    topics = answers | STATES.keys() | ACCESS.keys() | ISSUES.keys()
    assert topics == SAMPLES["events"].keys()
    assert COMMANDS.keys() == SAMPLES["commands"].keys()


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
    assert isinstance(rejected := ends[22], HomeAssistantError)
    assert rejected.translation_key == "command_rejected"
    states = [state_of(hass, lock).state for lock in locks]
    assert states == ["unlocked"] * 22 + ["unknown"] + ["unlocked"] * 27
    assert len(await site.commands(PANEL)) == 50
