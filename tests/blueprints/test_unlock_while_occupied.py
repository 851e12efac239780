"""A door is unlocked while a room is in use, but not because a state was unknown."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from tests.common import setup_integration, wait_for_state

from .conftest import Home, notify

BLUEPRINT = "unlock_while_occupied"
ROOM = "binary_sensor.room"
DOOR = "lock.meeting_room"
UNLOCK = ("door.actuate.open", 4)
LOCK = ("door.actuate.close", 4)
INPUTS = {"in_use": ROOM, "door": DOOR, "empty_for": {"milliseconds": 50}}


async def room(home: Home, *states: str | None) -> list[tuple[str, int]]:
    """Let the room be in these states; return all commands once they are handled."""
    for state in states:
        if state:
            home.hass.states.async_set(ROOM, state)
        else:
            home.hass.states.async_remove(ROOM)
    # Home Assistant is done when the automation is, with its delays.
    await home.hass.async_block_till_done()
    return await home.commands()


async def occupy(home: Home, **inputs: object) -> None:
    """Set up the automation, and let somebody enter the empty room."""
    await room(home, "off")
    await home.automate(BLUEPRINT, **INPUTS, **inputs)
    assert await room(home, "on") == [UNLOCK]
    await wait_for_state(home.hass, DOOR, "unlocked")


async def test_unlocks_and_locks(hass: HomeAssistant, home: Home) -> None:
    """A short absence keeps the door unlocked."""
    await occupy(home)
    assert await room(home, "off", "on") == [UNLOCK, UNLOCK]
    assert await room(home, "off") == [UNLOCK, UNLOCK, LOCK]
    await wait_for_state(hass, DOOR, "locked")


async def test_only_after_a_while(hass: HomeAssistant, home: Home) -> None:
    """A short visit does not unlock the door."""
    await room(home, "off")
    await home.automate(BLUEPRINT, **INPUTS, in_use_for={"milliseconds": 50})
    await room(home, "on", "off", "on")
    await wait_for_state(hass, DOOR, "unlocked")
    assert (await home.commands()).count(UNLOCK) == 1


@pytest.mark.parametrize("before", ["unknown", "unavailable", None])
async def test_unknown_before(home: Home, before: str | None) -> None:
    """It is not known that somebody has entered."""
    if before:
        await room(home, before)
    await home.automate(BLUEPRINT, **INPUTS)
    assert await room(home, "on") == []


async def test_conditions_are_for_unlocking_only(home: Home) -> None:
    """Locking does not depend on them."""
    await room(home, "off")
    never = [{"condition": "template", "value_template": "{{ false }}"}]
    await home.automate(BLUEPRINT, **INPUTS, only_if=never)
    assert await room(home, "on") == []
    assert await room(home, "off") == [LOCK]


@pytest.mark.parametrize("after", ["unknown", "unavailable", None])
async def test_the_sensor_fails(home: Home, after: str | None) -> None:
    """The door is locked, unless the sensor is back at once; then it stays unlocked."""
    await occupy(home)
    assert await room(home, after, "on") == [UNLOCK]
    assert await room(home, after) == [UNLOCK, LOCK]
    assert await room(home, "on") == [UNLOCK, LOCK]


@pytest.mark.parametrize(("state", "commands"), [("off", [LOCK]), ("on", [])])
async def test_after_a_restart(
    hass: HomeAssistant, home: Home, state: str, commands: list[tuple[str, int]]
) -> None:
    """An empty room is locked; one that is still in use is not unlocked."""
    hass.set_state(CoreState.not_running)
    await home.automate(BLUEPRINT, **INPUTS)
    hass.states.async_set(ROOM, state)
    await hass.async_start()
    assert await room(home) == commands


@pytest.mark.parametrize(
    ("rejections", "messages"),
    [(99, ["Meeting room is not locked although the room is empty"]), (2, [])],
)
async def test_lock_is_rejected(
    home: Home, rejections: int, messages: list[str]
) -> None:
    """It is tried up to five times, and reported only then."""
    await occupy(home, not_locked=notify("{{ message }}"))
    await home.pdk.faults(commands={"refuse": "Not now.", "count": rejections})
    tries = min(rejections + 1, 5)
    assert await room(home, "off") == [UNLOCK, *[LOCK] * tries]
    assert home.messages == messages


async def test_code(
    hass: HomeAssistant,
    home: Home,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """The lock's default code is used; without one nothing is unlocked."""
    await setup_integration(hass, entry, code="2580")
    await room(home, "off")
    await home.automate(BLUEPRINT, **INPUTS)
    assert await room(home, "on") == []
    entity_registry.async_update_entity_options(DOOR, "lock", {"default_code": "2580"})
    await room(home, "off", "on")
    await wait_for_state(hass, DOOR, "unlocked")
