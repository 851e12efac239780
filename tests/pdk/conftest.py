"""Fixtures: a simulated pdk.io, npm's genuine server, and a way to reach them."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from custom_components.prodatakey.pdk import stream
from custom_components.prodatakey.pdk.accounts import Accounts
from custom_components.prodatakey.pdk.panel import PanelAccess
from tests.simulator_process import Json, SimulatedPdk

from .common import CLIENT_ID, CLIENT_SECRET, PANEL


@pytest.fixture(autouse=True)
def use_custom_integrations() -> None:
    """Leave Home Assistant out: the library knows nothing of it."""


@pytest.fixture(autouse=True)
def use_sockets(socket_enabled: None) -> None:
    """Let the library reach 127.0.0.1."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Return the session that everything shares."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def simulator(simulator_ready: Json) -> AsyncIterator[SimulatedPdk]:
    """Return a fresh simulated pdk.io with its built-in scenario."""
    async with SimulatedPdk(simulator_ready) as pdk:
        await pdk.reset()
        yield pdk


@pytest.fixture
def accounts(session: aiohttp.ClientSession, simulator: SimulatedPdk) -> Accounts:
    """Return the simulated account."""
    return Accounts(session, CLIENT_ID, CLIENT_SECRET, simulator.accounts_url)


@pytest.fixture
async def access(session: aiohttp.ClientSession, accounts: Accounts) -> PanelAccess:
    """Return the way to the simulated panel."""
    return PanelAccess(session, accounts, await accounts.panel(PANEL))


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an unanswered command up soon."""
    assert stream.ANSWER_TIMEOUT == 10
    monkeypatch.setattr(stream, "ANSWER_TIMEOUT", 0.3)
