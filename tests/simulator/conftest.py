"""A client of a simulated pdk.io, without Home Assistant."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.simulator_process import Json, SimulatedPdk

from .wire import Wire


@pytest.fixture
async def wire(simulator_ready: Json, socket_enabled: None) -> AsyncIterator[Wire]:
    """Return a client of a simulated pdk.io with the built-in scenario."""
    async with SimulatedPdk(simulator_ready) as pdk, aiohttp.ClientSession() as session:
        await pdk.reset()
        wire = Wire(pdk, session)
        yield wire
        await wire.close()
