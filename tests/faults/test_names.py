"""Names that are longer than Home Assistant can hold."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from tests.common import PANEL, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

DOORS = (21, 22)


async def test_two_doors_with_the_same_long_name(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test that both have a lock that follows the panel, and that nothing fails."""
    for door in DOORS:
        body = {"id": door, "name": "x" * 300}
        await pdk.control("POST", f"panels/{PANEL}/doors", body)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    for door in DOORS:
        await pdk.act(PANEL, door, "hold")
        lock = er.async_get(hass).async_get_entity_id(
            "lock", DOMAIN, f"{PANEL}_{door}_lock"
        )
        assert lock, f"door {door} has no lock"
        await wait_for_state(hass, lock, "unlocked")
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, f"{PANEL}_{door}"), entry.entry_id
        )
        assert device and device.name and len(device.name) <= 255
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
