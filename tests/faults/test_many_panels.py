"""Fifty panels on one account, under pdk.io's rate limits."""

import asyncio
from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.common import CREDENTIALS, wait_until
from tests.simulator_process import SimulatedPdk

PANELS = [f"10{number:02}ABC" for number in range(50)]
LIMITS = {"requests": 35, "writes": 10}
OUTAGE = 90


@pytest.mark.soak
@pytest.mark.timeout(400)
async def test_start_and_outage(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    unload_at_end: None,
    record_property: Callable[[str, object], None],
) -> None:
    """Test that fifty panels connect within 60 s of a start, 65 s of an outage's end."""
    panels = [
        {"id": panel, "name": f"Panel {panel}", "doors": [{"id": 1, "name": "Door"}]}
        for panel in PANELS
    ]
    await pdk.reset({"applications": [CREDENTIALS], "panels": panels})
    await pdk.faults(rate_limit=LIMITS)
    for panel in PANELS:
        MockConfigEntry(
            domain=DOMAIN,
            title=f"Panel {panel}",
            unique_id=panel,
            data={**CREDENTIALS, "panel_id": panel},
        ).add_to_hass(hass)

    def connected() -> int:
        states = hass.states.async_all("binary_sensor")
        return sum(
            state.entity_id.endswith("_connection") and state.state == "on"
            for state in states
        )

    async def wait_all_connected(after: str, seconds: float) -> None:
        began = hass.loop.time()
        await wait_until(lambda: connected() == len(PANELS), seconds)
        record_property(after, f"{hass.loop.time() - began:.0f} s")

    start = hass.async_create_task(async_setup_component(hass, DOMAIN, {}))
    await wait_all_connected("start", 60)
    assert await start
    for panel in PANELS:
        await pdk.set_online(panel, False)
    # the length of the outage
    await asyncio.sleep(OUTAGE)
    assert not connected()
    for panel in PANELS:
        await pdk.set_online(panel, True)
    await wait_all_connected("outage", 65)
