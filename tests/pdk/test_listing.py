"""An account with several organizations and systems, of which some cannot be read."""

import asyncio
from typing import Any

import aiohttp
import pytest

from custom_components.prodatakey.pdk.account import AccountClient
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from custom_components.prodatakey.pdk.generations import find_moved_site, get_sites
from custom_components.prodatakey.pdk.listing import AT_A_TIME, read_each
from tests.simulator_process import SimulatedPdk

from .common import account_client, set_constants

SYSTEMS = {"4": "system-of-4", "5": "system-of-5"}
SCENARIO: dict[str, Any] = {
    "ous": [{"name": "North"}, {"name": "South"}],
    "panels": [
        {"id": "1", "name": "Office"},
        {"id": "2", "name": "Depot", "ou": "North"},
        {"id": "3", "name": "Harbour", "ou": "South"},
        *(
            {
                "id": key,
                "generation": 2,
                "name": f"Site {key}",
                "system": {"id": system},
            }
            for key, system in SYSTEMS.items()
        ),
    ],
}
# The simulator numbers organizations: 1 is the account's own, 2 and 3 are those above.
NORTH, FOURTH = {"paths": ["/api/ous/2"]}, {"paths": [SYSTEMS["4"]]}


async def test_what_cannot_be_read_hides_only_itself(
    session: aiohttp.ClientSession,
    simulator: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An organization or a system that fails is named, and all others are listed."""
    set_constants(monkeypatch, min_retry_after=0.01, writes_per_second=200)
    accounts = account_client(session, simulator.accounts_url)
    await simulator.reset(SCENARIO)
    owners = {"1": "Demo Integrator", "2": "North", "3": "South", "4": "Site 4"}
    sites = await get_sites(accounts)
    assert {site.id: site.organization for site in sites.found} == {
        **owners,
        "5": "Site 5",
    }
    assert not sites.errors
    cases: list[tuple[str, dict[str, Any], str, str, type[PdkError]]] = [
        ("ous", NORTH | {"status": 403}, "2", "North", PermissionMissingError),
        ("ous", NORTH | {"status": 500}, "2", "North", CannotConnectError),
        ("ous", NORTH | {"status": 429}, "2", "North", RateLimitedError),
        (
            "system_token",
            FOURTH | {"status": 403},
            "4",
            "Site 4",
            PermissionMissingError,
        ),
        ("cloud_nodes", FOURTH | {"status": 401}, "4", "Site 4", CannotConnectError),
        ("cloud_nodes", FOURTH | {"status": 429}, "4", "Site 4", RateLimitedError),
        (
            "cloud_nodes",
            FOURTH | {"body": "truncated"},
            "4",
            "Site 4",
            CannotConnectError,
        ),
    ]
    for request, fault, hidden, name, error in cases:
        await simulator.faults(**{request: fault})
        sites = await get_sites(accounts)
        assert sorted(site.id for site in sites.found) == sorted({*"12345"} - {hidden})
        assert sites.errors.keys() == {name}
        assert isinstance(sites.errors[name], error)
        await simulator.faults(**{request: None})
    # one that failed may have the panel; one without permission has it not for us
    await simulator.faults(cloud_nodes=FOURTH | {"status": 500})
    moved = await find_moved_site(accounts, "5", None)
    assert moved
    assert moved.system_id == SYSTEMS["5"]
    with pytest.raises(CannotConnectError):
        await find_moved_site(accounts, "9", None)
    await simulator.faults(cloud_nodes=None, system_token=FOURTH | {"status": 403})
    assert await find_moved_site(accounts, "9", None) is None


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"ous": NORTH | {"status": 401}}, InvalidAuthError),
        ({"system_token": FOURTH | {"status": 401}}, InvalidAuthError),
        (
            {"ous": {"status": 403}, "organizations": {"status": 404}},
            PermissionMissingError,
        ),
        (
            {"ous": {"status": 403}, "organizations": {"status": 500}},
            CannotConnectError,
        ),
        ({"ous": {"status": 403}, "cloud_nodes": {"status": 500}}, CannotConnectError),
    ],
)
async def test_the_whole_account_fails(
    accounts: AccountClient,
    simulator: SimulatedPdk,
    faults: dict[str, Any],
    error: type[PdkError],
) -> None:
    """Listing fails if the credentials are rejected, or if nothing can be read."""
    await simulator.reset(SCENARIO)
    await simulator.faults(**faults)
    with pytest.raises(error):
        await get_sites(accounts)


async def test_some_at_a_time() -> None:
    """Sixty systems are read a few at a time, in order; one that hangs is given up."""
    reading: set[int] = set()
    most = 0

    async def read(number: int) -> int:
        nonlocal most
        reading.add(number)
        most = max(most, len(reading))
        await (asyncio.Event().wait() if number == 7 else asyncio.sleep(0))
        reading.remove(number)
        return number

    listing = await read_each({n: f"System {n}" for n in range(60)}, read, timeout=0.1)
    assert listing.found == [number for number in range(60) if number != 7]
    assert list(listing.errors) == ["System 7"]
    assert most == AT_A_TIME
