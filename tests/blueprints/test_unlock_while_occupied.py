"""A door is unlocked while a room is in use."""

import asyncio

import pytest

from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from tests.common import PANEL, Json, wait_for_attribute, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate

ROOM = "binary_sensor.room"
DOOR = "lock.meeting_room"
UNLOCK = "door.actuate.open"
LOCK = "door.actuate.close"
INPUTS = {"in_use": ROOM, "door": DOOR, "empty_for": {"milliseconds": 100}}
# Longer than the room has to be empty.
MEANWHILE = 0.3


async def topics(panel: SimulatedPdk) -> list[str]:
    """Return the commands that the panel has received after a while."""
    await asyncio.sleep(MEANWHILE)
    commands: list[Json] = await panel.commands(PANEL, wait=0)
    assert all(command["body"] == {"doorId": 4} for command in commands)
    return [command["topic"] for command in commands]


async def test_unlocks_and_locks(
    hass: HomeAssistant, panel: SimulatedPdk, automate: Automate
) -> None:
    """The door stays unlocked if the room is in use again at once."""
    hass.states.async_set(ROOM, "off")
    await automate("unlock_while_occupied", **INPUTS)
    hass.states.async_set(ROOM, "on")
    await wait_for_state(hass, DOOR, "unlocked")
    for state in ("off", "on"):
        hass.states.async_set(ROOM, state)
    assert await topics(panel) == [UNLOCK, UNLOCK]
    for state in ("unavailable", "on"):
        hass.states.async_set(ROOM, state)
    assert await topics(panel) == [UNLOCK, UNLOCK]
    hass.states.async_set(ROOM, "off")
    await wait_for_state(hass, DOOR, "locked")
    assert await topics(panel) == [UNLOCK, UNLOCK, LOCK]


async def test_conditions_are_for_unlocking_only(
    hass: HomeAssistant, panel: SimulatedPdk, automate: Automate
) -> None:
    """Neither they nor a minimum use of the room keep the door from being locked."""
    condition = {"condition": "state", "entity_id": "input_boolean.on", "state": "on"}
    hass.states.async_set(ROOM, "off")
    await automate(
        "unlock_while_occupied",
        **INPUTS,
        only_if=[condition],
        in_use_for={"milliseconds": 50},
    )
    hass.states.async_set("input_boolean.on", "off")
    hass.states.async_set(ROOM, "on")
    assert await topics(panel) == []
    hass.states.async_set("input_boolean.on", "on")
    for state in ("off", "on", "off"):
        hass.states.async_set(ROOM, state)
    await wait_for_state(hass, DOOR, "locked")
    hass.states.async_set(ROOM, "on")
    await wait_for_state(hass, DOOR, "unlocked")
    assert await topics(panel) == [LOCK, UNLOCK]


async def test_sensor_fails(
    hass: HomeAssistant, panel: SimulatedPdk, automate: Automate
) -> None:
    """The door is locked, and not unlocked without a change from off to on."""

    def fail(state: str) -> None:
        if state == "removed":
            hass.states.async_remove(ROOM)
        else:
            hass.states.async_set(ROOM, state)

    fail("unknown")
    await automate("unlock_while_occupied", **INPUTS)
    for count, state in enumerate(("unknown", "unavailable", "removed"), start=1):
        hass.states.async_set(ROOM, "on")
        fail(state)
        await wait_for_state(hass, DOOR, "locked")
        await wait_for_attribute(hass, "automation.ours", "current", 0)
        await panel.act(PANEL, 4, "hold")
        await wait_for_state(hass, DOOR, "unlocked")
        hass.states.async_set(ROOM, "on")
        assert await topics(panel) == [LOCK] * count


@pytest.mark.parametrize(("room", "commands"), [("off", [LOCK]), ("on", [])])
async def test_after_a_restart(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    room: str,
    commands: list[str],
) -> None:
    """The door is locked if the room is empty, and not unlocked if it is in use."""
    hass.set_state(CoreState.not_running)
    await automate("unlock_while_occupied", **INPUTS)
    hass.states.async_set(ROOM, room)
    await hass.async_start()
    assert await topics(panel) == commands


async def test_door_does_not_lock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """Five attempts are made before the actions run; a later one can be enough."""
    hass.states.async_set(ROOM, "off")
    tell = [{"action": "notify.everybody", "data": {"message": "{{ message }}"}}]
    await automate("unlock_while_occupied", **INPUTS, not_locked=tell)
    for refused in (2, 5):
        hass.states.async_set(ROOM, "on")
        await wait_for_state(hass, DOOR, "unlocked")
        assert not notifications
        fault = {"refuse": "Not now.", "count": refused}
        await panel.faults(PANEL, commands=fault)
        hass.states.async_set(ROOM, "off")
        if refused == 2:
            await wait_for_state(hass, DOOR, "locked")
    await wait_until(lambda: notifications)
    assert await topics(panel) == [UNLOCK, *[LOCK] * 3, UNLOCK, *[LOCK] * 5]
    message = "Meeting room is not locked although the room is empty"
    assert notifications[0].data["message"] == message
