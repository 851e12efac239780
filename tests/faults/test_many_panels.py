"""Fifty panels on one account, under pdk.io's rate limits."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.common import CREDENTIALS, wait_until
from tests.simulator_process import SimulatedPdk

from .figures import Record

PANELS = [f"10{number:02}ABC" for number in range(50)]
LIMITS = {"requests": 35, "writes": 10}
OUTAGE = 90

pytestmark = [pytest.mark.soak, pytest.mark.timeout(400)]


@pytest.fixture
async def entries(
    hass: HomeAssistant, pdk: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[MockConfigEntry]]:
    """Return the entries of fifty panels, not set up."""
    panels = [
        {"id": panel, "name": f"Panel {panel}", "doors": [{"id": 1, "name": "Door"}]}
        for panel in PANELS
    ]
    await pdk.reset({"applications": [CREDENTIALS], "panels": panels})
    monkeypatch.setenv("PDK_ACCOUNTS_URL", pdk.accounts_url)
    entries = []
    for panel in PANELS:
        data = {**CREDENTIALS, "panel_id": panel}
        entry = MockConfigEntry(
            domain=DOMAIN, title=f"Panel {panel}", unique_id=panel, data=data
        )
        entry.add_to_hass(hass)
        entries.append(entry)
    yield entries
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def wait_all_connected(
    hass: HomeAssistant, figure: Record, row: str, seconds: float
) -> None:
    """Wait until every panel is connected, and record how many were when."""
    now = hass.loop.time
    began = now()

    def connected() -> int:
        states = hass.states.async_all("binary_sensor")
        return sum(
            state.entity_id.endswith("_connection") and state.state == "on"
            for state in states
        )

    try:
        await wait_until(lambda: connected() == len(PANELS), seconds)
    except TimeoutError:
        raise AssertionError(f"{connected()} of {len(PANELS)}") from None
    figure("many panels", row, "all connected after", f"{now() - began:.0f} s")


async def test_start(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entries: list[MockConfigEntry],
    figure: Record,
) -> None:
    """Test that all are connected within 60 s of a start."""
    await pdk.faults(rate_limit=LIMITS)
    start = hass.async_create_task(async_setup_component(hass, DOMAIN, {}))
    await wait_all_connected(hass, figure, "start", 60)
    assert await start


async def test_outage(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entries: list[MockConfigEntry],
    figure: Record,
) -> None:
    """Test that all are connected within the longest wait after an outage of 90 s."""
    assert await async_setup_component(hass, DOMAIN, {})
    await wait_until(lambda: all(e.state is ConfigEntryState.LOADED for e in entries))
    await wait_all_connected(hass, figure, "start without limits", 60)
    await pdk.faults(rate_limit=LIMITS)
    for panel in PANELS:
        await pdk.control("POST", f"panels/{panel}/offline")
    # the length of the outage
    await asyncio.sleep(OUTAGE)
    for panel in PANELS:
        await pdk.control("POST", f"panels/{panel}/online")
    await wait_all_connected(hass, figure, f"outage of {OUTAGE} s", 65)
