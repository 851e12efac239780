"""Cloud nodes, devices and commands over REST, in every shape that is likely."""

import asyncio
from dataclasses import replace
import time

import aiohttp
import pytest

from custom_components.prodatakey.pdk.account import AccountClient
from custom_components.prodatakey.pdk.commands import ActuateDoNotDisturb
from custom_components.prodatakey.pdk.errors import (
    CommandError,
    CommandRateLimitedError,
    CommandRejectedError,
    NoPermissionError,
    NotConnectedError,
    PermissionMissingError,
    RoleTooSmallError,
    TokenRefusedError,
)
from custom_components.prodatakey.pdk.generations import get_sites
from custom_components.prodatakey.pdk.models import Aspect, CloudNodeInfo
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from custom_components.prodatakey.pdk.v2.commands import COMMANDS_AT_ONCE
from simulator.scenario import device_id
from tests.network import Proxy
from tests.pdk.common import account_client, set_constants, simulated_node_client
from tests.pdk.running_stream import RunningStream
from tests.simulator_process import (
    OTHER_PANEL,
    PANEL,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    SimulatedPdk,
)

DOOR = device_id(WORKSHOP, 1)


@pytest.mark.parametrize(
    "switches",
    [
        {"organizations": "array", "connection": "object", "paged": True},
        {"organizations": "object", "connection": "id", "paged": False},
    ],
)
async def test_doors_in_every_shape(
    session: aiohttp.ClientSession,
    accounts: AccountClient,
    simulator: SimulatedPdk,
    switches: dict[str, object],
) -> None:
    """The list of doors is the same, whatever shape it comes in."""
    await simulator.switches(WORKSHOP, **switches)
    info = (await get_sites(accounts)).found[-1]
    assert isinstance(info, CloudNodeInfo)
    client = CloudNodeClient(session, accounts, info)
    first, second, *others = await client.get_doors()
    assert (first.id, first.name, first.dwell) == (DOOR, "Side entrance", 3.0)
    assert first.configured >= {Aspect.DPS, Aspect.REX}
    assert second.configured == {Aspect.DPS}
    assert second.id == device_id(WORKSHOP, 2)
    assert len(others) == 2
    assert await client.is_online() is True
    assert not client.unknown_keys


async def test_systems_are_named_by_either_list(
    accounts: AccountClient, simulator: SimulatedPdk
) -> None:
    """A system is found in the list of PDK 1.0 if the path of PDK 2.0 does not exist."""
    children = [{"id": "6512e8f4dd7de8191957fcc1", "systemId": WORKSHOP_SYSTEM}]
    await simulator.faults(
        organizations={"status": 404}, ous={"body": {"id": 1, "children": children}}
    )
    assert [node.id for node in (await get_sites(accounts)).found] == [WORKSHOP]


async def test_system_without_permission_is_left_out(
    accounts: AccountClient, simulator: SimulatedPdk, node: CloudNodeClient
) -> None:
    """A system without permission hides no other system of the account."""
    await simulator.switches(WORKSHOP, permission=False)
    await simulator.faults(
        organizations={"body": {"children": [{"systemId": WORKSHOP_SYSTEM}]}}
    )
    sites = await get_sites(accounts)
    assert [site.id for site in sites.found] == [PANEL, OTHER_PANEL]
    assert sites.errors.keys() == {WORKSHOP_SYSTEM}
    node.discard_token()
    with pytest.raises(PermissionMissingError):
        await node.get_token()


async def test_command_that_pdk_2_does_not_have(
    node: CloudNodeClient, simulator: SimulatedPdk
) -> None:
    """A command that PDK 2.0 does not have is rejected without a request."""
    async with RunningStream(node) as stream:
        with pytest.raises(CommandRejectedError):
            await stream.send(ActuateDoNotDisturb(DOOR))
    assert await simulator.commands(WORKSHOP, wait=0) == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, NoPermissionError), (401, CommandRejectedError), (500, NotConnectedError)],
)
async def test_command_without_a_token_was_not_sent(
    node: CloudNodeClient,
    simulator: SimulatedPdk,
    status: int,
    error: type[CommandError],
) -> None:
    """A command without a token fails with the reason why there is none."""
    node.discard_token()
    await simulator.faults(system_token={"status": status})
    with pytest.raises(error):
        await node.send(DOOR, "open", None, asyncio.Future())
    assert await simulator.commands(WORKSHOP, wait=0) == []


@pytest.mark.parametrize(
    ("reads", "error"),
    [
        (None, RoleTooSmallError),
        ({"status": 403, "count": 1}, TokenRefusedError),
        ({"status": 401, "count": 1}, TokenRefusedError),
        ({"status": 403}, NoPermissionError),
        ({"status": 500}, CommandRejectedError),
    ],
)
async def test_command_that_is_forbidden(
    node: CloudNodeClient,
    simulator: SimulatedPdk,
    reads: dict[str, object] | None,
    error: type[CommandError],
) -> None:
    """A forbidden command is not repeated; what its token may read tells why."""
    token = await node.get_shared_token()
    await simulator.switches(WORKSHOP, status=403)
    await simulator.faults(cloud_nodes=reads)
    with pytest.raises(CommandError) as raised:
        await node.send(DOOR, "open", None, asyncio.Future())
    assert type(raised.value) is error
    assert len(await simulator.commands(WORKSHOP, wait=0)) == 1
    replaced = error in (TokenRefusedError, NoPermissionError)
    assert (await node.get_shared_token() is not token) is replaced


async def test_command_beyond_the_limit(
    node: CloudNodeClient, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command beyond the limit was not executed, is not repeated, and says why.

    The next one waits for the reset, unless that takes longer than it is meant for.
    """

    async def send() -> None:
        await node.send(DOOR, "open", None, asyncio.Future())

    async def requests() -> int:
        count: int = (await simulator.requests())["system_command"]
        return count

    set_constants(monkeypatch, min_retry_after=0.2)
    limit: dict[str, object] = {"status": 429, "count": 1}
    await simulator.faults(system_command=limit)
    with pytest.raises(CommandRateLimitedError):
        await send()
    assert await simulator.commands(WORKSHOP, wait=0) == []
    loop = asyncio.get_running_loop()
    blocked_until = node._commands._pacer._next
    assert blocked_until > loop.time()
    await send()
    assert loop.time() >= blocked_until
    headers = {"X-RateLimit-Reset": str(time.time() + 60)}
    await simulator.faults(system_command=limit | {"headers": headers})
    sent = await requests()
    # more than may be sent at once: also those that wait already are not sent
    failed = await asyncio.gather(
        *(send() for _ in range(COMMANDS_AT_ONCE + 2)), return_exceptions=True
    )
    assert isinstance(failed[-1], CommandRateLimitedError)
    count = await requests()
    assert sent < count <= sent + COMMANDS_AT_ONCE + 1
    with pytest.raises(CommandRateLimitedError):
        await send()
    assert await requests() == count


async def test_systems_have_a_pace_of_their_own(node: CloudNodeClient) -> None:
    """Cloud nodes of one system share the pace of its commands."""
    account, info = node.account, node.info
    same = CloudNodeClient(node.session, account, replace(info, id="1"))
    other = CloudNodeClient(node.session, account, replace(info, system_id="2"))
    pacers = [each._commands._pacer for each in (node, same, other)]
    assert pacers[0] is pacers[1]
    assert pacers[0] is not pacers[2]


async def test_command_without_a_network_was_not_sent(simulator: SimulatedPdk) -> None:
    """A refused connection is told from a missing answer."""
    port = int(simulator.accounts_url.rpartition(":")[2])
    connector = aiohttp.TCPConnector(force_close=True)
    async with Proxy(port) as proxy, aiohttp.ClientSession(connector=connector) as http:
        client = await simulated_node_client(http, account_client(http, proxy.uri))
        proxy.refuse()
        with pytest.raises(NotConnectedError):
            await client.send(DOOR, "open", None, asyncio.Future())
    assert await simulator.commands(WORKSHOP, wait=0) == []
