"""The doors through Assist."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from tests.common import FRONT, sent, setup_integration
from tests.simulator_process import SimulatedPdk


@pytest.fixture
async def exposed(hass: HomeAssistant, panel: SimulatedPdk) -> SimulatedPdk:
    """Expose the front door to Assist; return the pdk.io that it belongs to."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})
    async_expose_entity(hass, "conversation", FRONT, True)
    return panel


async def say(hass: HomeAssistant, sentence: str, language: str = "en") -> str:
    """Say something to Assist; return its answer."""
    result = await conversation.async_converse(
        hass,
        sentence,
        None,
        Context(),
        language=language,
        agent_id=conversation.HOME_ASSISTANT_AGENT,
    )
    answer: str = result.response.speech["plain"]["speech"]
    return answer


async def test_lock_and_unlock(hass: HomeAssistant, exposed: SimulatedPdk) -> None:
    """It says what is known; before the panel has reported that is nothing."""
    assert await say(hass, "is the front door locked?") == "No, unknown"
    assert await say(hass, "lock the front door") == "Locking"
    assert await say(hass, "is the front door locked?") == "Yes"
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await say(hass, "is any door unlocked?") == "Yes, Front door"
    assert await sent(exposed) == ["door.actuate.close", "door.actuate.open"]


async def test_unlock_is_rejected(hass: HomeAssistant, exposed: SimulatedPdk) -> None:
    """Assist says that it failed, though not why."""
    await exposed.faults(commands={"refuse": "The door is in do not disturb."})
    assert await say(hass, "unlock the front door") == "An unexpected error occurred"


async def test_code(
    hass: HomeAssistant,
    exposed: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """Unlocking needs the code, which only the lock's settings can give."""
    await setup_integration(hass, entry, code="2580")
    assert await say(hass, "unlock the front door") == "An unexpected error occurred"
    assert await say(hass, "lock the front door") == "Locking"
    entity_registry.async_update_entity_options(FRONT, "lock", {"default_code": "2580"})
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await sent(exposed) == ["door.actuate.close", "door.actuate.open"]
