"""A user turns do not disturb on and off, and what hangs on a relay."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from .common import PANEL, restart_with, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

QUIET = "switch.front_door_do_not_disturb"
FAN = "switch.ventilation"


async def turn(hass: HomeAssistant, how: str, entity_id: str = QUIET) -> None:
    """Turn a switch on or off."""
    await hass.services.async_call(
        "switch", f"turn_{how}", {"entity_id": entity_id}, blocking=True
    )


async def toggles(panel: SimulatedPdk) -> int:
    """Return how often the panel was told to toggle."""
    received = await panel.commands(PANEL, wait=0)
    assert {c["topic"] for c in received} <= {"door.actuate.dnd"}
    return len(received)


async def toggle_at_the_panel(panel: SimulatedPdk, on: bool) -> None:
    """Let the panel tell how it is."""
    topic = f"door.forceclose.{'on' if on else 'off'}"
    await panel.emit(PANEL, topic, {"body": {"doorId": 1}})


@pytest.fixture
def short_confirmation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait but a moment for the panel's word."""
    switch = "custom_components.prodatakey.switch"
    monkeypatch.setattr(f"{switch}.CONFIRMATION_TIMEOUT", 0.3)


async def test_on_and_off(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """One toggle each; turning on what is on sends nothing."""
    assert state_of(hass, QUIET).state == "unknown"
    for count, how in enumerate(("on", "off", "on"), start=1):
        await turn(hass, how)
        assert state_of(hass, QUIET).state == how
        assert await toggles(panel) == count
        assert (await panel.door(PANEL, 1))["dnd"] is (how == "on")
        await turn(hass, how)
        assert await toggles(panel) == count
    assert "assumed_state" not in state_of(hass, QUIET).attributes


@pytest.mark.parametrize("how", ["on", "off"])
async def test_the_panel_has_said_how_it_is(
    hass: HomeAssistant, panel: SimulatedPdk, how: str
) -> None:
    """Somebody has toggled at the panel: nothing is to be done."""
    await toggle_at_the_panel(panel, how == "on")
    await wait_for_state(hass, QUIET, how)
    await turn(hass, how)
    assert await toggles(panel) == 0


async def test_it_goes_the_wrong_way(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Nobody knew that it was off: the first toggle is put right by a second."""
    await turn(hass, "off")
    assert await toggles(panel) == 2
    assert state_of(hass, QUIET).state == "off"
    assert (await panel.door(PANEL, 1))["dnd"] is False


async def test_it_goes_the_wrong_way_twice(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """It is not toggled for ever; what is shown is what the panel has said last."""
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "on"))
    for sent in range(2):
        (command,) = await panel.commands(PANEL, after=sent)
        await toggle_at_the_panel(panel, on=False)
        await panel.carry_out(PANEL, command)
    with pytest.raises(HomeAssistantError) as unconfirmed:
        await turning
    assert unconfirmed.value.translation_key == "not_confirmed"
    assert await toggles(panel) == 2
    assert state_of(hass, QUIET).state == "off"


async def test_nothing_confirms(
    hass: HomeAssistant, panel: SimulatedPdk, short_confirmation: None
) -> None:
    """The panel carries it out and does not say how it is then: nobody can tell."""
    await turn(hass, "on")
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "off"))
    (command,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, command)
    with pytest.raises(HomeAssistantError) as unconfirmed:
        await turning
    assert unconfirmed.value.translation_key == "not_confirmed"
    assert unconfirmed.value.translation_placeholders == {"door": "Front door"}
    assert await toggles(panel) == 2
    doubted = state_of(hass, QUIET)
    assert (doubted.state, doubted.attributes["assumed_state"]) == ("on", True)
    await toggle_at_the_panel(panel, on=False)
    settled = await wait_for_state(hass, QUIET, "off")
    assert "assumed_state" not in settled.attributes


async def test_the_word_comes_before_the_result(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Which of the two comes first makes no difference."""
    await panel.faults(PANEL, result_first=False)
    await turn(hass, "on")
    assert state_of(hass, QUIET).state == "on"
    assert await toggles(panel) == 1


async def test_the_panel_refuses(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """It says why, and is not asked a second time."""
    await panel.faults(PANEL, commands={"refuse": "Command is not supported."})
    with pytest.raises(HomeAssistantError) as refused:
        await turn(hass, "on")
    assert refused.value.translation_key == "command_refused"
    assert await toggles(panel) == 1


async def test_two_users_at_once(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Both want it on: the second finds that it is."""
    await panel.faults(PANEL, command_delay=0.2)
    both = [hass.async_create_task(turn(hass, "on")) for _ in range(2)]
    for each in both:
        await each
    assert await toggles(panel) == 1
    assert state_of(hass, QUIET).state == "on"


async def test_the_user_leaves_on_the_wrong_way(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A script is stopped after the first toggle: what went wrong is put right."""
    await panel.faults(PANEL, command_delay=0.1)
    turning = hass.async_create_task(turn(hass, "off"))
    await panel.commands(PANEL)
    turning.cancel()
    await asyncio.wait({turning})
    await panel.commands(PANEL, after=1)
    assert (await wait_for_state(hass, QUIET, "off")).state == "off"
    assert await toggles(panel) == 2


async def test_the_user_leaves_before_his_turn(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Nothing was sent for him, and nothing is sent later."""
    await panel.faults(PANEL, command_delay=0.2)
    first = hass.async_create_task(turn(hass, "on"))
    await panel.commands(PANEL)
    second = hass.async_create_task(turn(hass, "off"))
    await asyncio.sleep(0)
    second.cancel()
    await first
    assert second.cancelled()
    assert await toggles(panel) == 1
    assert state_of(hass, QUIET).state == "on"


async def test_after_a_gap_it_is_not_taken_for_granted(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Turning on what is assumed to be on makes sure, and leaves it on."""
    await turn(hass, "on")
    await panel.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_until(lambda: not entry.runtime_data.connected)
    await wait_until(lambda: entry.runtime_data.connected)
    assert state_of(hass, QUIET).attributes["assumed_state"] is True
    await turn(hass, "on")
    assert (await panel.door(PANEL, 1))["dnd"] is True
    assert "assumed_state" not in state_of(hass, QUIET).attributes


@pytest.mark.parametrize(
    ("how", "topic"), [("on", "door.actuate.open"), ("off", "door.actuate.close")]
)
async def test_a_fan_on_a_relay(
    hass: HomeAssistant, panel: SimulatedPdk, how: str, topic: str
) -> None:
    """It is switched, and stays so; the relay tells the same."""
    await panel.act(PANEL, 6, "relay", on=how == "off")
    await wait_for_state(hass, FAN, "on" if how == "off" else "unknown")
    await turn(hass, how, FAN)
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 6})
    assert state_of(hass, FAN).state == how
    assert (await panel.door(PANEL, 6))["relay"] is (how == "on")
    assert hass.states.get("lock.ventilation") is None
    assert hass.states.get("switch.ventilation_do_not_disturb") is None


def keys(registry: er.EntityRegistry, entry: MockConfigEntry) -> dict[str, Any]:
    """Return the entities that could go round a code, by device."""
    entities = er.async_entries_for_config_entry(registry, entry.entry_id)
    return {
        e.unique_id: e.entity_id
        for e in entities
        if e.unique_id.endswith(("_open", "_output", "_force_toggle"))
    }


async def test_a_code_leaves_no_way_round_it(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """With one, nothing opens without it; without one, all is back as it was."""
    before = keys(entity_registry, entry)
    assert {f"{PANEL}_1_open", f"{PANEL}_1_force_toggle"} <= set(before)
    assert before[f"{PANEL}_6_output"] == FAN
    await restart_with(hass, entry, code="1234")
    new = {"body": {"doorId": 77}, "metadata": {"doorName": "Cellar"}}
    await panel.emit(PANEL, "door.input.relay.on", new)
    await wait_for_state(hass, "lock.cellar", "unlocked")
    assert keys(entity_registry, entry) == {}
    assert hass.states.get(FAN) is None
    assert hass.states.get(QUIET)
    await restart_with(hass, entry)
    assert before.items() <= keys(entity_registry, entry).items()
    assert hass.states.get(FAN)
