"""Fixtures: the simulator, and a client with nothing between it and the wire."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator_process import Json, SimulatedPdk

from .page import Page
from .wire import Wire


@pytest.fixture(autouse=True)
def use_custom_integrations() -> None:
    """Leave Home Assistant out: the simulator knows nothing of it."""


@pytest.fixture
async def simulator(
    simulator_ready: Json, socket_enabled: None
) -> AsyncIterator[SimulatedPdk]:
    """Return a fresh simulated pdk.io with its built-in scenario."""
    async with SimulatedPdk(simulator_ready) as pdk:
        await pdk.reset()
        yield pdk


@pytest.fixture
async def wire(simulator: SimulatedPdk) -> AsyncIterator[Wire]:
    """Return a bare HTTP and websocket client."""
    async with Wire(simulator) as client:
        yield client


@pytest.fixture
async def page(simulator: SimulatedPdk) -> AsyncIterator[Page]:
    """Return a page that has been opened."""
    async with Page(simulator) as opened:
        yield opened
