"""What the tests share."""

import asyncio
from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, State

type Json = dict[str, Any]

PANEL = "1070ABC"
CREDENTIALS = {"client_id": "demo", "client_secret": "demo-secret"}


async def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something to become true, for so long at the most."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def wait_for_state(
    hass: HomeAssistant, entity_id: str, state: str, seconds: float = 10
) -> State:
    """Wait until an entity has a state, and return it."""
    try:
        await wait_until(lambda: hass.states.is_state(entity_id, state), seconds)
    except TimeoutError:
        raise AssertionError(
            f"{entity_id} is {hass.states.get(entity_id)}, not {state}"
        ) from None
    return state_of(hass, entity_id)


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return an entity that must exist."""
    state = hass.states.get(entity_id)
    assert state, f"no {entity_id} among {sorted(hass.states.async_entity_ids())}"
    return state


async def restart_with(hass: HomeAssistant, entry: ConfigEntry, **options: Any) -> None:
    """Change the options, which starts the panel anew."""
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
