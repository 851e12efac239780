"""The doors through Assist, without an automation of ours."""

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.blueprints.test_voice import say
from tests.common import FRONT, sent
from tests.simulator_process import SimulatedPdk


async def test_lock_and_unlock(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """It says what is known, and that a command has failed, though not why."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    async_expose_entity(hass, "conversation", FRONT, True)
    assert await say(hass, "is the front door locked?") == "No, unknown"
    assert await say(hass, "lock the front door") == "Locking"
    assert await say(hass, "is the front door locked?") == "Yes"
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await say(hass, "is any door unlocked?") == "Yes, Front door"
    assert await sent(panel) == ["door.actuate.close", "door.actuate.open"]
    await panel.faults(commands={"refuse": "The door is in do not disturb."})
    assert await say(hass, "lock the front door") == "An unexpected error occurred"
