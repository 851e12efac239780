"""A client of a simulated pdk.io, without Home Assistant."""

from collections.abc import AsyncIterator

import pytest

from tests.simulator_process import Json, SimulatedPdk

from .wire import Wire, client


@pytest.fixture
async def wire(simulator_ready: Json, socket_enabled: None) -> AsyncIterator[Wire]:
    """Return a client of a simulated pdk.io with the built-in scenario."""
    async with SimulatedPdk(simulator_ready) as pdk, client(pdk) as wire:
        await pdk.reset()
        yield wire
