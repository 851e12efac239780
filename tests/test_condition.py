"""Automations that depend on the alarms of a door, or on its do not disturb."""

import pytest

from homeassistant.core import HomeAssistant

from .automation import OTHERS, TARGETS, automate, furnish
from .common import Json, act, emit, wait_for_state
from .simulator_process import SimulatedPdk

DO_NOT_DISTURB = "switch.front_door_do_not_disturb"
FORCED = "binary_sensor.front_door_forced_open"
PROPPED = "binary_sensor.front_door_propped_open"

CONDITIONS = {
    "is_do_not_disturb": DO_NOT_DISTURB,
    "is_forced": FORCED,
    "is_propped": PROPPED,
}


async def automate_test(hass: HomeAssistant, name: str, target: Json) -> list[Json]:
    """Set up an automation that runs at an event if the condition is true."""
    event = {"trigger": "event", "event_type": "test"}
    condition = {"condition": f"prodatakey.{name}", "target": target}
    return await automate(hass, event, conditions=[condition])


async def is_true(hass: HomeAssistant, runs: list[Json]) -> bool:
    """Return whether the automation runs now."""
    count = len(runs)
    hass.bus.async_fire("test")
    await hass.async_block_till_done()
    return len(runs) > count


async def turn_on(hass: HomeAssistant, panel: SimulatedPdk, entity_id: str) -> None:
    """Let the front door be what an entity shows."""
    if entity_id == DO_NOT_DISTURB:
        await act(hass, "switch.turn_on", entity_id)
    else:
        topic = "forced" if entity_id == FORCED else "propped.on"
        await emit(panel, f"door.alarm.{topic}")
    await wait_for_state(hass, entity_id, "on")


@pytest.mark.parametrize("name", CONDITIONS)
async def test_condition(hass: HomeAssistant, panel: SimulatedPdk, name: str) -> None:
    """It is true while the door is so; what is unknown is not."""
    runs = await automate_test(hass, name, {"entity_id": list(CONDITIONS.values())})
    for other in CONDITIONS.values():
        if other != CONDITIONS[name]:
            await turn_on(hass, panel, other)
    assert not await is_true(hass, runs)
    await turn_on(hass, panel, CONDITIONS[name])
    assert await is_true(hass, runs)


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("name", CONDITIONS)
async def test_targets(
    hass: HomeAssistant, panel: SimulatedPdk, name: str, kind: str
) -> None:
    """Every kind of target has the door's entities, and no others count."""
    runs = await automate_test(hass, name, {kind: furnish(hass)[kind]})
    for entity_id in OTHERS:
        hass.states.async_set(entity_id, "on")
    assert not await is_true(hass, runs)
    await turn_on(hass, panel, CONDITIONS[name])
    assert await is_true(hass, runs)
