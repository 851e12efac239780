"""Options, data and states that another version has stored, or somebody has edited."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from tests.common import wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

LOCK = "lock.front_door"


@pytest.mark.parametrize(
    "options",
    [
        {"unlock_mode": "momentary", "unlock_duration": 0},
        {"unlock_mode": "momentary", "unlock_duration": 600},
        {"code": 1234},
    ],
    ids=str,
)
async def test_options(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    options: dict[str, Any],
) -> None:
    """Test that the lock works or says why not, and that a numeric code is a code."""
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    assert hass.states.get(LOCK), "there is no lock"
    target: dict[str, Any] = {"entity_id": LOCK}
    if "code" in options:
        target["code"] = "1234"
    error: HomeAssistantError | None = None
    try:
        await hass.services.async_call("lock", "unlock", target, blocking=True)
    except HomeAssistantError as err:
        error = err
    if error is None:
        await wait_for_state(hass, LOCK, "unlocked")
    else:
        assert error.translation_key, "the user is not told why"


async def test_data_without_a_secret(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Test that the user is asked for it."""
    data = {key: value for key, value in entry.data.items() if key != "client_secret"}
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
