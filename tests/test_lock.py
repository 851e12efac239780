"""A user locks, unlocks and opens doors."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .common import (
    ANSWER_TIMEOUT,
    CONNECTION,
    FRONT,
    PANEL,
    Json,
    act,
    drop_connection,
    emit,
    raises_error,
    sent,
    setup_integration,
    state_of,
    wait_for_state,
)
from .simulator_process import SimulatedPdk


async def test_unknown_until_the_panel_reports(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The API has no snapshot of states, and nothing is guessed."""
    assert state_of(hass, FRONT).state == "unknown"
    await panel.act(PANEL, 1, "hold")
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert not unlocked.attributes.get("assumed_state")
    await panel.act(PANEL, 1, "lock")
    await wait_for_state(hass, FRONT, "locked")


@pytest.mark.parametrize(
    ("action", "topic", "states"),
    [
        ("unlock", "door.actuate.open", ["unlocking", "unlocked"]),
        ("lock", "door.actuate.close", ["locking", "locked"]),
        ("open", "door.try.open", ["opening", "unlocked"]),
    ],
)
async def test_actions(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    action: str,
    topic: str,
    states: list[str],
) -> None:
    """The panel gets one command, and the lock shows that it is pending."""
    changes = async_capture_events(hass, "state_changed")
    await act(hass, f"lock.{action}")
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1})
    await wait_for_state(hass, FRONT, states[-1])
    shown = [c.data["new_state"].state for c in changes if c.data["entity_id"] == FRONT]
    assert [shown[0], shown[-1]] == states


@pytest.mark.parametrize(
    ("options", "topic", "body"),
    [
        ({"unlock_duration": 2.5}, "door.try.dwellopen", {"dwell": 25}),
        ({"unlock_duration": 0.1}, "door.try.dwellopen", {"dwell": 1}),
        ({"unlock_duration": 540}, "door.try.dwellopen", {"dwell": 5400}),
        ({}, "door.try.open", {}),
    ],
)
async def test_momentary_unlock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    options: Json,
    topic: str,
    body: Json,
) -> None:
    """Unlocking opens for a while, and nothing ever holds the door open."""
    await setup_integration(hass, entry, unlock_mode="momentary", **options)
    await act(hass, "lock.unlock")
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1, **body})
    await wait_for_state(hass, FRONT, "unlocked")
    await act(hass, "lock.lock")
    await act(hass, "lock.open")
    assert await sent(panel) == [topic, "door.actuate.close", "door.try.open"]


@pytest.mark.parametrize(
    ("action", "data"),
    [("lock.open", {}), ("prodatakey.open_door", {"duration": 0.2})],
)
async def test_door_locks_again(
    hass: HomeAssistant, panel: SimulatedPdk, action: str, data: Json
) -> None:
    """A door that is opened for a while locks by itself."""
    await panel.control("PATCH", f"panels/{PANEL}/doors/1", {"dwell": 2})
    await act(hass, action, **data)
    await wait_for_state(hass, FRONT, "unlocked")
    await wait_for_state(hass, FRONT, "locked")


@pytest.mark.parametrize(
    ("action", "data"),
    [("lock.unlock", {}), ("prodatakey.open_door", {"duration": 1})],
)
async def test_command_is_rejected(
    hass: HomeAssistant, panel: SimulatedPdk, action: str, data: Json
) -> None:
    """The user reads why, and the lock shows what it showed before."""
    reason = "The door is in do not disturb."
    await panel.faults(commands={"refuse": reason})
    with raises_error("command_refused", panel="Headquarters", reason=reason):
        await act(hass, action, **data)
    assert state_of(hass, FRONT).state == "unknown"


async def test_unlock_is_not_answered(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The door may be open or not: the user reads that."""
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.2)
    await panel.faults(commands="ignored")
    with raises_error("no_answer"):
        await act(hass, "lock.unlock")
    assert state_of(hass, FRONT).state == "unknown"


async def test_unlock_while_not_connected(
    hass: HomeAssistant, panel: SimulatedPdk, short_back_off: None
) -> None:
    """A command fails at once while the stream is down, and is not kept for later."""
    await panel.faults(handshake={"mode": "http", "status": 503})
    await drop_connection(panel)
    await wait_for_state(hass, CONNECTION, "off")
    with raises_error("not_connected"):
        await act(hass, "lock.unlock")
    await panel.faults(handshake=None)
    await wait_for_state(hass, CONNECTION, "on")
    assert await sent(panel) == []


async def test_a_newer_event_counts_more_than_the_answer(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A door is locked at the panel while the answer to an unlock is on its way."""
    await panel.faults(commands="ignored")
    unlocking = hass.async_create_task(act(hass, "lock.unlock"))
    (command,) = await panel.commands(PANEL)
    await emit(panel, "door.input.relay.off")
    await panel.carry_out(PANEL, command)
    await unlocking
    assert state_of(hass, FRONT).state == "locked"


@pytest.mark.parametrize("answered", [True, False])
async def test_stopped_script(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    answered: bool,
) -> None:
    """Its command is pending all the same; without an answer the state is assumed."""
    if not answered:
        monkeypatch.setattr(ANSWER_TIMEOUT, 0.5)
    await emit(panel, "door.input.relay.off")
    await wait_for_state(hass, FRONT, "locked")
    await panel.faults(commands="ignored")
    step = {"action": "lock.unlock", "target": {"entity_id": FRONT}}
    script: Json = {"script": {"unlock": {"sequence": [step]}}}
    assert await async_setup_component(hass, "script", script)
    await act(hass, "script.turn_on", "script.unlock")
    (command,) = await panel.commands(PANEL)
    await act(hass, "script.turn_off", "script.unlock")
    assert state_of(hass, "script.unlock").state == "off"
    assert state_of(hass, FRONT).state == "unlocking"
    if answered:
        await panel.carry_out(PANEL, command)
    shown = await wait_for_state(hass, FRONT, "unlocked" if answered else "locked")
    assert shown.attributes.get("assumed_state", False) is not answered


async def test_several_pending_commands(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The lock shows the last one that has no answer."""
    await panel.faults(commands="ignored")
    pending: list[Any] = []
    for count, action in enumerate(("unlock", "lock", "unlock")):
        pending.append(hass.async_create_task(act(hass, f"lock.{action}")))
        await panel.commands(PANEL, after=count)
    commands = await panel.commands(PANEL, wait=0)
    for which, state in ((2, "locking"), (1, "unlocking"), (0, "unlocked")):
        await panel.carry_out(PANEL, commands[which])
        await pending[which]
        assert state_of(hass, FRONT).state == state
