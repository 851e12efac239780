"""The doors through Assist, without an automation of ours."""

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.setup import async_setup_component
from tests.blueprints.test_voice import say
from tests.common import FRONT, Site


async def test_lock_and_unlock(site: Site) -> None:
    """It says what is known, and that a command has failed, though not why."""
    assert await async_setup_component(site.hass, "homeassistant", {})
    assert await async_setup_component(site.hass, "conversation", {})
    async_expose_entity(site.hass, "conversation", FRONT, True)
    assert await say(site.hass, "is the front door locked?") == "No, unknown"
    assert await say(site.hass, "lock the front door") == "Locking"
    assert await say(site.hass, "is the front door locked?") == "Yes"
    assert await say(site.hass, "unlock the front door") == "Unlocking"
    assert await say(site.hass, "is any door unlocked?") == "Yes, Front door"
    assert await site.sent() == ["door.actuate.close", "door.actuate.open"]
    await site.pdk.faults(commands={"refuse": "The door is in do not disturb."})
    assert await say(site.hass, "lock the front door") == "An unexpected error occurred"
