"""Each topic and each command of the Streaming API page, from one end to the other."""

import asyncio
from collections.abc import AsyncIterator
import json
from uuid import UUID

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from .common import PANEL, Json, state_of, wait_until
from .page import (
    ADDRESS,
    PAGE,
    Act,
    Expectation,
    Scene,
    access,
    call,
    fails,
    issue,
    no_change,
    renewal,
    sensor,
    signal,
    state,
    succeeds,
)
from .simulator_process import SimulatedPdk

LOCK = "lock.postman_test"
QUIET = "switch.postman_test_do_not_disturb"
SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"
SENTENCE = (
    'Person "Postman Test" has requested access to the device "Postman Test". '
    "Access allowed. Person used PIN for requesting access."
)
SOMEBODY = ("Postman Test", 1, "PIN_ONLY")

TOPICS: dict[str, Expectation] = {
    "command.result.succeed": succeeds(state(LOCK, "unlocked")),
    "door.alarm.forced": sensor("forced_open", "on"),
    "door.alarm.forced.cleared": sensor("forced_open", "off"),
    "door.alarm.propped.off": sensor("propped_open", "off"),
    "door.alarm.propped.on": sensor("propped_open", "on"),
    "door.forceclose.off": state(QUIET, "off"),
    "door.forceclose.on": state(QUIET, "on"),
    "door.input.dps.closed": sensor("door_position", "off"),
    "door.input.dps.opened": sensor("door_position", "on"),
    "door.input.relay.off": state(LOCK, "locked"),
    "door.input.relay.on": state(LOCK, "unlocked"),
    "door.input.rex.off": sensor("request_to_exit", "off"),
    "door.input.rex.on": sensor("request_to_exit", "on"),
    "door.request.allowed": access("granted", *SOMEBODY, None),
    "door.request.denied": access("denied", *SOMEBODY, True),
    "door.request.unknown": access("unknown", None, None, None, None),
    "endpoint.discovered": state(f"sensor.endpoint_{ADDRESS}_signal", "unknown"),
    "endpoint.signal": signal(40),
    "invalidToken": renewal,
    "liveEvent": state(
        "sensor.headquarters_last_activity", SENTENCE, topic="door.request.allowed"
    ),
    "migration.completed": issue("panel_migrated", system_id=SYSTEM),
    "migration.staged": issue("panel_migrating"),
    "migration.started": issue("panel_migrating"),
    "migration.task.completed": no_change,
    "migration.task.started": no_change,
    "serverError": fails("Command is not supported."),
}

UNLOCK: Act = ("lock.unlock", {"entity_id": LOCK})
QUERY: Act = ("prodatakey.query_signal", {"io_link_id": 1, "address": ADDRESS})
# What the panel was told before it says this.
ANSWERS: dict[str, Act] = {
    "command.result.succeed": UNLOCK,
    "serverError": UNLOCK,
    "endpoint.signal": QUERY,
}

BUTTON = "button.postman_test"
COMMANDS: dict[str, Act] = {
    "door.actuate.close": ("lock.lock", {"entity_id": LOCK}),
    "door.actuate.dnd": ("switch.turn_on", {"entity_id": QUIET}),
    "door.actuate.forcetoggle": (
        "button.press",
        {"entity_id": f"{BUTTON}_force_toggle"},
    ),
    "door.actuate.open": UNLOCK,
    "door.alarm.forced.clear": (
        "button.press",
        {"entity_id": f"{BUTTON}_clear_forced_alarm"},
    ),
    "door.try.dwellopen": (
        "prodatakey.open_door",
        {"entity_id": "lock.side_door", "duration": 3},
    ),
    "door.try.open": ("lock.open", {"entity_id": LOCK}),
    "endpoint.discover": ("prodatakey.discover_endpoints", {"wait": 1}),
    "endpoint.querysignal": QUERY,
}


@pytest.fixture
async def site(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> AsyncIterator[SimulatedPdk]:
    """Set up a panel with fifty doors, of which the page speaks of two."""
    names = {1: "Postman Test", 6: "Side door"}
    doors: list[Json] = [
        {"id": number, "name": names.get(number, f"Door {number}")}
        for number in range(1, 51)
    ]
    doors[0] |= {"dps": True, "rex": True}
    endpoint = {"address": ADDRESS, "doors": [1]}
    panel = {
        "id": PANEL,
        "name": "Headquarters",
        "doors": doors,
        "endpoints": [endpoint],
    }
    await pdk.reset({"panels": [panel]})
    er.async_get(hass).async_get_or_create(
        "button",
        "prodatakey",
        f"{PANEL}_1_force_toggle",
        suggested_object_id="postman_test_force_toggle",
    )
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    yield pdk
    await hass.config_entries.async_unload(entry.entry_id)


def test_nothing_of_the_page_is_left_out() -> None:
    """Its two lists, and invalidToken of its section on tokens."""
    assert TOPICS.keys() == PAGE["events"].keys() | {"invalidToken"}
    assert COMMANDS.keys() == PAGE["commands"].keys()


@pytest.mark.parametrize("topic", TOPICS)
async def test_topic(
    hass: HomeAssistant,
    site: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    topic: str,
) -> None:
    """The panel emits the page's own sample, and a user sees what it means."""
    scene = Scene(hass, site)
    if topic in ANSWERS:
        answered = PAGE["events"]["command.result.succeed"]["body"]["commandId"]
        stream = "custom_components.prodatakey.pdk.stream"
        monkeypatch.setattr(f"{stream}.uuid4", lambda: UUID(answered))
        await site.faults(PANEL, commands="ignored")
        under_way = hass.async_create_task(call(hass, *ANSWERS[topic]))
        assert len(await site.commands(PANEL)) == 1
        scene = Scene(hass, site, under_way)
    sample = PAGE["events"].get(topic)
    await site.emit(PANEL, topic, *([] if sample is None else [sample]))
    await TOPICS[topic](scene)


@pytest.mark.parametrize("topic", COMMANDS)
async def test_command(hass: HomeAssistant, site: SimulatedPdk, topic: str) -> None:
    """A user acts, and the panel receives the page's own text: one frame, once."""
    await call(hass, *COMMANDS[topic])
    (received,) = await site.commands(PANEL)
    assert UUID(received["id"]).version == 4
    sample = PAGE["commands"][topic] | {"id": received["id"]}
    text = json.dumps(["command", sample], separators=(",", ":"))
    assert received["raw"] == f"42{text}"


async def test_fifty_commands_at_once(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """One is refused: that one fails with the panel's words, and no other."""
    locks = ["lock.postman_test", *(f"lock.door_{number}" for number in range(2, 51))]
    locks[5] = "lock.side_door"
    await site.faults(PANEL, commands="ignored")
    unlocking = [
        hass.async_create_task(call(hass, "lock.unlock", {"entity_id": lock}))
        for lock in locks
    ]
    async with asyncio.timeout(10):
        while len(received := await site.commands(PANEL)) < 50:
            pass
    assert [command["body"]["doorId"] for command in received] == list(range(1, 51))
    refusal = {"topic": "serverError", "payload": PAGE["events"]["serverError"]}
    answers: list[Json] = [
        {
            "topic": "command.result.succeed",
            "payload": {"body": {"commandId": command["id"]}},
        }
        for command in received
    ]
    # it names no command, and comes while older ones are unanswered too
    del answers[22]
    answers.insert(10, refusal)
    await site.control("POST", f"panels/{PANEL}/emit", {"events": answers})
    ends = await asyncio.gather(*unlocking, return_exceptions=True)
    failed = [number for number, end in enumerate(ends) if end is not None]
    assert failed == [22]
    assert isinstance(ends[22], HomeAssistantError)
    assert ends[22].translation_key == "command_refused"
    assert ends[22].translation_placeholders
    assert ends[22].translation_placeholders["reason"] == "Command is not supported."
    shown = [state_of(hass, lock).state for lock in locks]
    assert shown == ["unlocked"] * 22 + ["unknown"] + ["unlocked"] * 27
    assert len(await site.commands(PANEL)) == 50
