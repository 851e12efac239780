"""A door is unlocked while a room is in use."""

import asyncio

import pytest

from homeassistant.core import CoreState, ServiceCall
from tests.common import CONNECTION, Json, Site, wait_until

from .conftest import Automate

ROOM = "binary_sensor.room"
DOOR = "lock.meeting_room"
UNLOCK = "door.actuate.open"
LOCK = "door.actuate.close"
INPUTS = {"in_use": ROOM, "door": DOOR, "empty_for": {"milliseconds": 100}}
# Longer than the room has to be empty.
MEANWHILE = 0.3


async def topics(site: Site) -> list[str]:
    """Return the commands that the panel has received after a while."""
    await asyncio.sleep(MEANWHILE)
    commands: list[Json] = await site.commands(wait=0)
    assert all(command["body"] == {"doorId": 4} for command in commands)
    return [command["topic"] for command in commands]


async def test_unlocks_and_locks(site: Site, automate: Automate) -> None:
    """The door stays unlocked if the room is in use again at once."""
    site.hass.states.async_set(ROOM, "off")
    await automate("unlock_while_occupied", **INPUTS)
    site.hass.states.async_set(ROOM, "on")
    await site.wait_for_state(DOOR, "unlocked")
    for state in ("off", "on"):
        site.hass.states.async_set(ROOM, state)
    assert await topics(site) == [UNLOCK, UNLOCK]
    for state in ("unavailable", "on"):
        site.hass.states.async_set(ROOM, state)
    assert await topics(site) == [UNLOCK, UNLOCK]
    site.hass.states.async_set(ROOM, "off")
    await site.wait_for_state(DOOR, "locked")
    assert await topics(site) == [UNLOCK, UNLOCK, LOCK]


async def test_conditions_are_for_unlocking_only(
    site: Site, automate: Automate
) -> None:
    """The door is locked whatever the conditions and the minimum use of the room say."""
    condition = {"condition": "state", "entity_id": "input_boolean.on", "state": "on"}
    site.hass.states.async_set(ROOM, "off")
    await automate(
        "unlock_while_occupied",
        **INPUTS,
        only_if=[condition],
        in_use_for={"milliseconds": 50},
    )
    site.hass.states.async_set("input_boolean.on", "off")
    site.hass.states.async_set(ROOM, "on")
    assert await topics(site) == []
    site.hass.states.async_set("input_boolean.on", "on")
    for state in ("off", "on", "off"):
        site.hass.states.async_set(ROOM, state)
    await site.wait_for_state(DOOR, "locked")
    site.hass.states.async_set(ROOM, "on")
    await site.wait_for_state(DOOR, "unlocked")
    assert await topics(site) == [LOCK, UNLOCK]


async def test_first_person_in(site: Site, automate: Automate) -> None:
    """During opening hours the door is unlocked once somebody was let in, and not before."""
    access = "event.meeting_room_access"
    site.hass.states.async_set(ROOM, "off")
    await automate("unlock_while_occupied", **INPUTS, first_person=[access])
    await site.emit("door.request.allowed", 4)
    await wait_until(lambda: site.state(access).state != "unknown")
    site.hass.states.async_set(ROOM, "on")
    await site.emit("door.request.denied", 4)
    assert await topics(site) == []
    # a restart in the middle does not unlock it
    await site.set_up()
    assert await topics(site) == []
    await site.emit("door.request.allowed", 4)
    await site.wait_for_state(DOOR, "unlocked")
    site.hass.states.async_set(ROOM, "off")
    await site.wait_for_state(DOOR, "locked")
    assert await topics(site) == [UNLOCK, LOCK]


async def test_sensor_fails(site: Site, automate: Automate) -> None:
    """The door is locked, and not unlocked without a change from off to on."""

    def fail(state: str) -> None:
        if state == "removed":
            site.hass.states.async_remove(ROOM)
        else:
            site.hass.states.async_set(ROOM, state)

    fail("unknown")
    await automate("unlock_while_occupied", **INPUTS)
    for count, state in enumerate(("unknown", "unavailable", "removed"), start=1):
        site.hass.states.async_set(ROOM, "on")
        fail(state)
        await site.wait_for_state(DOOR, "locked")
        await site.wait_for_attribute("automation.ours", "current", 0)
        await site.happen(4, "hold")
        await site.wait_for_state(DOOR, "unlocked")
        site.hass.states.async_set(ROOM, "on")
        assert await topics(site) == [LOCK] * count


@pytest.mark.parametrize(("room", "commands"), [("off", [LOCK]), ("on", [])])
async def test_after_a_restart(
    site: Site, automate: Automate, room: str, commands: list[str]
) -> None:
    """The door is locked if the room is empty, and not unlocked if it is in use."""
    site.hass.set_state(CoreState.not_running)
    await automate("unlock_while_occupied", **INPUTS)
    site.hass.states.async_set(ROOM, room)
    await site.hass.async_start()
    assert await topics(site) == commands


async def test_door_does_not_lock(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """A door that does not lock is tried five times, then the actions run.

    Other actions run although one fails.
    """
    site.hass.states.async_set(ROOM, "off")
    tell = [
        {"action": "notify.everybody", "data": {"message": "{{ message }}"}},
        {"action": "notify.nobody"},
    ]
    await automate("unlock_while_occupied", **INPUTS, not_locked=tell)
    for refused in (2, 5):
        site.hass.states.async_set(ROOM, "on")
        await site.wait_for_state(DOOR, "unlocked")
        assert not notifications
        fault = {"refuse": "Not now.", "count": refused}
        await site.faults(commands=fault)
        site.hass.states.async_set(ROOM, "off")
        await site.wait_for_state(DOOR, "locked")
    assert await topics(site) == [UNLOCK, *[LOCK] * 3, UNLOCK, *[LOCK] * 6]
    (call,) = notifications
    assert call.data["message"] == (
        "Meeting room is not locked although the room is empty. Home Assistant tries"
        " again until it is"
    )


@pytest.mark.parametrize(("room", "commands"), [("off", [LOCK]), ("on", [])])
async def test_panel_is_away(
    site: Site, automate: Automate, room: str, commands: list[str]
) -> None:
    """The door is locked once the panel is there again, unless the room is in use."""

    def notification() -> bool:
        """Return whether Home Assistant shows that the door is not locked."""
        return f"prodatakey_{DOOR}" in site.hass.data["persistent_notification"]

    site.hass.states.async_set(ROOM, "off")
    await automate("unlock_while_occupied", **INPUTS)
    site.hass.states.async_set(ROOM, "on")
    await site.wait_for_state(DOOR, "unlocked")
    await site.set_online(False)
    await site.wait_for_state(DOOR, "unavailable")
    site.hass.states.async_set(ROOM, "off")
    await wait_until(notification)
    site.hass.states.async_set(ROOM, room)
    await wait_until(lambda: room == "off" or not notification())
    await site.set_online(True)
    await site.wait_for_state(CONNECTION, "on")
    assert await topics(site) == [UNLOCK, *commands]
    assert not notification()
