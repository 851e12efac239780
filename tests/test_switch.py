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


@pytest.mark.parametrize("result_first", [True, False])
async def test_on_and_off(
    hass: HomeAssistant, panel: SimulatedPdk, result_first: bool
) -> None:
    """One toggle each, whether result or report is first; on what is on, none."""
    await panel.faults(PANEL, result_first=result_first)
    assert state_of(hass, DND).state == "unknown"
    for count, state in enumerate(("on", "off", "on"), start=1):
        for _ in range(2):
            await turn(hass, state)
            assert state_of(hass, DND).state == state
            assert await toggles(panel) == count
        assert (await panel.door(PANEL, 1))["dnd"] is (state == "on")
    assert "assumed_state" not in state_of(hass, DND).attributes


@pytest.mark.parametrize("cancelled", [False, True])
async def test_toggled_the_wrong_way(
    hass: HomeAssistant, panel: SimulatedPdk, cancelled: bool
) -> None:
    """A second toggle corrects the first, also for a script that is stopped."""
    await panel.faults(PANEL, command_delay=0.1)
    turning = hass.async_create_task(turn(hass, "off"))
    await panel.commands(PANEL)
    if cancelled:
        turning.cancel()
    await asyncio.wait({turning})
    await panel.commands(PANEL, after=1)
    await wait_for_state(hass, DND, "off")
    assert await toggles(panel) == 2
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


@pytest.mark.parametrize("delayed", [False, True])
async def test_toggle_is_not_confirmed(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    delayed: bool,
) -> None:
    """No report follows, or one that a rejected token delayed: the state is assumed."""
    monkeypatch.setattr(CONFIRMATION_TIMEOUT, 0.3)
    await turn(hass, "on")
    await panel.faults(PANEL, commands="ignored")
    turning = hass.async_create_task(turn(hass, "off"))
    (command,) = await panel.commands(PANEL, after=1)
    if delayed:
        await panel.emit(PANEL, "invalidToken")
        await emit(panel, "door.forceclose.on")
    await panel.carry_out(PANEL, command)
    with raises_error("not_confirmed", door="Front door"):
        await turning
    assert await toggles(panel) == 2
    assumed = state_of(hass, DND)
    assert (assumed.state, assumed.attributes["assumed_state"]) == ("on", True)
    await emit(panel, "door.forceclose.off")
    reported = await wait_for_state(hass, DND, "off")
    assert "assumed_state" not in reported.attributes


async def test_somebody_else_toggles_meanwhile(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard turns it on before our toggle arrives, which turns it off: back on."""
    monkeypatch.setattr(SETTLE_TIME, 0.5)
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


async def test_toggle_is_rejected(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The user reads why, and it is not sent again."""
    await panel.faults(PANEL, commands={"refuse": "Command is not supported."})
    with raises_error("command_rejected"):
        await turn(hass, "on")
    assert await toggles(panel) == 1


async def test_several_calls_at_once(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Two users turn it on with one toggle; a call that is cancelled sends nothing."""
    await panel.faults(PANEL, command_delay=0.2)
    first = hass.async_create_task(turn(hass, "on"))
    await panel.commands(PANEL)
    second, cancelled = (
        hass.async_create_task(turn(hass, state)) for state in ("on", "off")
    )
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(first, second)
    assert cancelled.cancelled()
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
