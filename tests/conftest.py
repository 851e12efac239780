"""A simulated pdk.io, and Home Assistant with its panel set up."""

from collections.abc import AsyncIterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant

from .common import (
    ENTRIES_SAVE_INTERVAL,
    PANEL,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    AccessEvents,
    Json,
    Site,
    add_entry,
)
from .pdk.common import shorten_waits
from .simulator_process import SimulatedPdk


@pytest.fixture
async def pdk(
    simulator_ready: Json, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SimulatedPdk]:
    """Return a fresh pdk.io with the built-in scenario, where the integration finds it."""
    async with SimulatedPdk(simulator_ready) as pdk:
        await pdk.reset()
        monkeypatch.setenv("PDK_ACCOUNTS_URL", pdk.accounts_url)
        yield pdk


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Return snapshots that leave out what differs from run to run."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture(autouse=True)
def use_custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load the integration, in tests that have one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def enable_event_loop_debug() -> None:
    """Leave asyncio's debug mode off: a set-up costs twice as much with it.

    The canary has it on.
    """


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts to connect, and requests for tokens, follow each other quickly."""
    shorten_waits(monkeypatch)


@pytest.fixture
def every_entry_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each person who is let in be shown at once, not only every few seconds."""
    monkeypatch.setattr(ENTRIES_SAVE_INTERVAL, 0)


@pytest.fixture
async def unload_at_end(hass: HomeAssistant) -> AsyncIterator[None]:
    """Unload all panels after the test."""
    yield
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
def entry(
    hass: HomeAssistant, short_waits: None, unload_at_end: None
) -> MockConfigEntry:
    """Return the entry of the panel, not set up yet."""
    return add_entry(hass, PANEL, "Headquarters")


@pytest.fixture
def workshop(hass: HomeAssistant, unload_at_end: None) -> MockConfigEntry:
    """Return the entry of the site of PDK 2.0, not set up yet."""
    return add_entry(hass, WORKSHOP, "Workshop", system_id=WORKSHOP_SYSTEM)


@pytest.fixture
async def workshop_site(
    hass: HomeAssistant, pdk: SimulatedPdk, workshop: MockConfigEntry
) -> Site:
    """Set up the site of PDK 2.0, and wait until it is subscribed."""
    site = Site(hass, workshop, pdk)
    await site.set_up()
    await pdk.subscriptions(WORKSHOP, 1)
    return site


@pytest.fixture
def new_site(hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry) -> Site:
    """Return the panel and its entry, not set up yet."""
    return Site(hass, entry, pdk)


@pytest.fixture
async def site(new_site: Site) -> Site:
    """Set up the panel; return it and its entry."""
    await new_site.set_up()
    return new_site


@pytest.fixture
async def panel(site: Site) -> SimulatedPdk:
    """Set up the panel; return the pdk.io that it is connected to."""
    return site.pdk


@pytest.fixture
def access_events(site: Site) -> AccessEvents:
    """Subscribe to the access events of the front door."""
    return AccessEvents(site)
