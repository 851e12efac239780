"""Fixtures: a simulated pdk.io, and clients of it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.prodatakey.pdk.account import AccountClient
from custom_components.prodatakey.pdk.v1.client import PanelClient
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from tests.simulator_process import Json, SimulatedPdk

from .common import (
    SimulatedSite,
    account_client,
    shorten_waits,
    simulated_node_client,
    simulated_panel_client,
)


@pytest.fixture(autouse=True)
def use_sockets(socket_enabled: None) -> None:
    """Allow connections to 127.0.0.1."""


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts to connect, and requests for tokens, follow each other quickly."""
    shorten_waits(monkeypatch)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return a session for all requests of a test."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def simulator(simulator_ready: Json) -> AsyncIterator[SimulatedPdk]:
    """Return a simulated pdk.io with its built-in scenario."""
    async with SimulatedPdk(simulator_ready) as pdk:
        await pdk.reset()
        yield pdk


@pytest.fixture
def accounts(session: aiohttp.ClientSession, simulator: SimulatedPdk) -> AccountClient:
    """Return a client of the simulated account."""
    return account_client(session, simulator.accounts_url)


@pytest.fixture
async def client(
    session: aiohttp.ClientSession, simulator: SimulatedPdk
) -> PanelClient:
    """Return a client of the simulated panel."""
    return await simulated_panel_client(session, simulator)


@pytest.fixture
async def node(
    session: aiohttp.ClientSession, accounts: AccountClient
) -> CloudNodeClient:
    """Return a client of the simulated cloud node."""
    return await simulated_node_client(session, accounts)


@pytest.fixture(params=["client", "node"], ids=["1.0", "2.0"])
def site(request: pytest.FixtureRequest, simulator: SimulatedPdk) -> SimulatedSite:
    """Return a simulated site of either generation."""
    return SimulatedSite(simulator, request.getfixturevalue(request.param))
