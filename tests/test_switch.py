"""A user turns do not disturb and outputs on and off."""

import asyncio

import pytest

from homeassistant.core import HomeAssistant

from .common import (
    CONFIRMATION_TIMEOUT,
    CONNECTION,
    PANEL,
    SETTLE_TIME,
    act,
    emit,
    raises_error,
    sent,
    state_of,
    wait_for_state,
)
from .simulator_process import SimulatedPdk

DND = "switch.front_door_do_not_disturb"
FAN = "switch.ventilation"


async def turn(hass: HomeAssistant, state: str, entity_id: str = DND) -> None:
    """Turn a switch on or off."""
    await act(hass, f"switch.turn_{state}", entity_id)


async def toggles(panel: SimulatedPdk) -> int:
    """Return how many toggles the panel has received."""
    topics = await sent(panel)
    assert set(topics) <= {"door.actuate.dnd"}
    return len(topics)


async def test_on_and_off(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """One toggle each; turning on what is on sends nothing."""
    assert state_of(hass, DND).state == "unknown"
    for count, state in enumerate(("on", "off", "on"), start=1):
        await turn(hass, state)
        assert state_of(hass, DND).state == state
        assert await toggles(panel) == count
        assert (await panel.door(PANEL, 1))["dnd"] is (state == "on")
        await turn(hass, state)
        assert await toggles(panel) == count
    assert "assumed_state" not in state_of(hass, DND).attributes


async def test_toggled_the_wrong_way(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """It was off, which was unknown: a second toggle corrects the first."""
    await turn(hass, "off")
    assert await toggles(panel) == 2
    assert state_of(hass, DND).state == "off"
    assert (await panel.door(PANEL, 1))["dnd"] is False


async def test_toggled_the_wrong_way_twice(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """It is not toggled for ever; the state is what the panel reported last."""
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "on"))
    for count in range(2):
        (command,) = await panel.commands(PANEL, after=count)
        await emit(panel, "door.forceclose.off")
        await panel.carry_out(PANEL, command)
    with raises_error("not_confirmed"):
        await turning
    assert await toggles(panel) == 2
    assert state_of(hass, DND).state == "off"


async def test_toggle_is_not_confirmed(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The panel succeeds but does not report the state, which is assumed then."""
    monkeypatch.setattr(CONFIRMATION_TIMEOUT, 0.3)
    await turn(hass, "on")
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "off"))
    (command,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, command)
    with raises_error("not_confirmed", door="Front door"):
        await turning
    assert await toggles(panel) == 2
    assumed = state_of(hass, DND)
    assert (assumed.state, assumed.attributes["assumed_state"]) == ("on", True)
    await emit(panel, "door.forceclose.off")
    reported = await wait_for_state(hass, DND, "off")
    assert "assumed_state" not in reported.attributes


async def test_report_comes_before_the_result(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Which of the two comes first makes no difference."""
    await panel.faults(PANEL, result_first=False)
    await turn(hass, "on")
    assert state_of(hass, DND).state == "on"
    assert await toggles(panel) == 1


async def test_somebody_else_toggles_meanwhile(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A guard turns it on before our toggle arrives, which turns it off: back on."""
    await emit(panel, "door.forceclose.off")
    await wait_for_state(hass, DND, "off")
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "on"))
    (first,) = await panel.commands(PANEL)
    await emit(panel, "door.forceclose.on")
    await wait_for_state(hass, DND, "on")
    await panel.carry_out(PANEL, first)
    await emit(panel, "door.forceclose.off")
    (second,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, second)
    await emit(panel, "door.forceclose.on")
    await turning
    assert state_of(hass, DND).state == "on"


async def test_report_was_held_back(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that a rejected token held back tells how it was before: it is an error."""
    monkeypatch.setattr(CONFIRMATION_TIMEOUT, 0.3)
    await emit(panel, "door.forceclose.off")
    await wait_for_state(hass, DND, "off")
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "on"))
    (command,) = await panel.commands(PANEL)
    await panel.emit(PANEL, "invalidToken")
    await emit(panel, "door.forceclose.on")
    await panel.carry_out(PANEL, command)
    with raises_error("not_confirmed"):
        await turning


async def test_toggle_is_rejected(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The user reads why, and it is not sent again."""
    await panel.faults(PANEL, commands={"refuse": "Command is not supported."})
    with raises_error("command_rejected"):
        await turn(hass, "on")
    assert await toggles(panel) == 1


async def test_two_users_at_once(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Both turn it on: the second finds that it is."""
    await panel.faults(PANEL, command_delay=0.2)
    await asyncio.gather(turn(hass, "on"), turn(hass, "on"))
    assert await toggles(panel) == 1
    assert state_of(hass, DND).state == "on"


async def test_cancelled_after_a_wrong_toggle(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script is stopped after the first toggle: the second is sent all the same."""
    monkeypatch.setattr(SETTLE_TIME, 0)
    await panel.faults(PANEL, command_delay=0.1)
    turning = hass.async_create_task(turn(hass, "off"))
    await panel.commands(PANEL)
    turning.cancel()
    await asyncio.wait({turning})
    await panel.commands(PANEL, after=1)
    await wait_for_state(hass, DND, "off")
    assert await toggles(panel) == 2


async def test_cancelled_before_its_turn(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A call that waits for another sends nothing, now or later."""
    await panel.faults(PANEL, command_delay=0.2)
    first = hass.async_create_task(turn(hass, "on"))
    await panel.commands(PANEL)
    second = hass.async_create_task(turn(hass, "off"))
    await asyncio.sleep(0)
    second.cancel()
    await first
    assert second.cancelled()
    assert await toggles(panel) == 1
    assert state_of(hass, DND).state == "on"


async def test_after_a_gap(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Turning on what is assumed to be on makes sure, and leaves it on."""
    await turn(hass, "on")
    await panel.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_for_state(hass, CONNECTION, "off")
    await wait_for_state(hass, CONNECTION, "on")
    assert state_of(hass, DND).attributes["assumed_state"] is True
    await turn(hass, "on")
    assert (await panel.door(PANEL, 1))["dnd"] is True
    assert "assumed_state" not in state_of(hass, DND).attributes


@pytest.mark.parametrize(
    ("state", "topic"), [("on", "door.actuate.open"), ("off", "door.actuate.close")]
)
async def test_output(
    hass: HomeAssistant, panel: SimulatedPdk, state: str, topic: str
) -> None:
    """A fan on a relay is switched, and stays so; the relay reports the same."""
    await panel.act(PANEL, 6, "relay", on=state == "off")
    await wait_for_state(hass, FAN, "on" if state == "off" else "unknown")
    await turn(hass, state, FAN)
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 6})
    assert state_of(hass, FAN).state == state
    assert (await panel.door(PANEL, 6))["relay"] is (state == "on")
