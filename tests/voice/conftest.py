"""The panel, with its doors exposed to the assistants."""

from collections.abc import Callable

import pytest

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.simulator_process import SimulatedPdk

LOCKS = [
    f"lock.{door}"
    for door in (
        "front_door",
        "garage",
        "server_room",
        "meeting_room",
        "warehouse_gate",
    )
]

type Expose = Callable[[str], None]


@pytest.fixture
async def core(hass: HomeAssistant) -> None:
    """Set up what assistants need."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "conversation", {})


@pytest.fixture
def expose(hass: HomeAssistant, core: None) -> Expose:
    """Return a function that exposes an entity to Assist, as a user does."""

    def expose(entity_id: str) -> None:
        async_expose_entity(hass, "conversation", entity_id, True)

    return expose


@pytest.fixture
def doors(panel: SimulatedPdk, expose: Expose) -> SimulatedPdk:
    """Expose all locks to Assist; give the pdk.io that they hang on."""
    for lock in LOCKS:
        expose(lock)
    return panel
