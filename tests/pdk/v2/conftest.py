"""Fixtures: a simulated system, and a client of one of its cloud nodes."""

import aiohttp
import pytest

from custom_components.prodatakey.pdk.v2 import stream
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from tests.simulator_process import SimulatedPdk

from .common import SimulatedSystem, cloud_node_client


@pytest.fixture
async def system(simulator: SimulatedPdk) -> SimulatedSystem:
    """Return a simulated system."""
    return await SimulatedSystem(simulator).create()


@pytest.fixture
async def node(
    session: aiohttp.ClientSession, simulator: SimulatedPdk, system: SimulatedSystem
) -> CloudNodeClient:
    """Return a client of the simulated cloud node that has read its devices."""
    client = await cloud_node_client(session, simulator)
    await client.get_doors()
    return client


@pytest.fixture
def short_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close the old connection soon."""
    monkeypatch.setattr(stream, "OVERLAP", 0.5)
