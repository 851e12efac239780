"""Cloud nodes, devices and commands over REST, in every shape that is likely."""

import asyncio

import aiohttp
import pytest

from custom_components.prodatakey.pdk import commands
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    CommandUnansweredError,
    NotConnectedError,
    PermissionMissingError,
)
from custom_components.prodatakey.pdk.models import Aspect
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient, get_cloud_nodes
from tests.network import Proxy
from tests.pdk.common import account_client
from tests.simulator_process import SimulatedPdk

from .common import LOBBY, SERIAL, STOCK, SYSTEM, SimulatedSystem, cloud_node_client


@pytest.mark.parametrize(
    "switches",
    [
        {"organizations": "array", "connection": "object", "paged": True},
        {"organizations": "object", "connection": "id", "paged": False},
    ],
)
async def test_doors_in_every_shape(
    session: aiohttp.ClientSession,
    simulator: SimulatedPdk,
    system: SimulatedSystem,
    switches: dict[str, object],
) -> None:
    """The list of doors is the same, whatever shape it comes in."""
    await system.switch(**switches)
    client = await cloud_node_client(session, simulator)
    lobby, stock = await client.get_doors()
    assert (lobby.id, lobby.name, lobby.dwell) == (LOBBY, "Lobby", 1.0)
    assert lobby.reported == {Aspect.DPS}
    assert stock.id == STOCK
    assert await client.is_online() is True
    assert not client.unknown_keys


async def test_systems_are_named_by_either_list(
    session: aiohttp.ClientSession, simulator: SimulatedPdk, system: SimulatedSystem
) -> None:
    """Where the path of PDK 2.0 is another one, the list of PDK 1.0 names the system."""
    children = [{"id": "6512e8f4dd7de8191957fcc1", "systemId": SYSTEM}]
    await simulator.faults(
        organizations={"status": 404}, ous={"body": {"id": 1, "children": children}}
    )
    account = account_client(session, simulator.accounts_url)
    assert SERIAL in {node.id for node in await get_cloud_nodes(account)}


async def test_devices_on_several_pages(
    session: aiohttp.ClientSession, simulator: SimulatedPdk
) -> None:
    """More devices than fit on a page are all there, once."""
    doors = [{"id": number, "name": "Door"} for number in range(230)]
    await simulator.reset({"panels": [{"id": SERIAL, "generation": 2, "doors": doors}]})
    for paged in (True, False):
        await simulator.switches(SERIAL, paged=paged)
        client = await cloud_node_client(session, simulator)
        assert len(await client.get_doors()) == 230


async def test_a_system_without_permission_is_left_out(
    session: aiohttp.ClientSession, simulator: SimulatedPdk, node: CloudNodeClient
) -> None:
    """Other systems of the account must not be hidden by it."""
    await SimulatedSystem(simulator).switch(permission=False)
    account = account_client(session, simulator.accounts_url)
    assert await get_cloud_nodes(account) == []
    node.discard_token()
    with pytest.raises(PermissionMissingError):
        await node.get_token()


async def test_a_stale_token_is_renewed_once(
    node: CloudNodeClient, system: SimulatedSystem
) -> None:
    """A 401 is answered by a new token, for lists and for commands."""
    await system.expire()
    assert len(await node.get_doors()) == 2
    await system.expire()
    await node.send(LOBBY, "open", None)
    assert [each["action"] for each in await system.commands()] == ["open"]


@pytest.mark.parametrize("status", [200, 204])
async def test_any_2xx_is_the_answer(
    node: CloudNodeClient, system: SimulatedSystem, status: int
) -> None:
    """The body of the answer does not matter."""
    await system.switch(status=status)
    await node.send(LOBBY, "try-open", {"dwell": 25})
    assert await system.commands() == [
        {"device": LOBBY, "action": "try-open", "body": {"dwell": 25}}
    ]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, CommandRejectedError),
        (409, CommandRejectedError),
        (500, CommandUnansweredError),
        (504, CommandUnansweredError),
    ],
)
async def test_other_answers(
    node: CloudNodeClient, system: SimulatedSystem, status: int, error: type[Exception]
) -> None:
    """A gateway's error leaves it open whether the command was executed."""
    await system.switch(status=status)
    with pytest.raises(error):
        await node.send(LOBBY, "open", None)
    assert len(await system.commands()) == 1


async def test_no_answer_is_never_sent_again(
    node: CloudNodeClient, system: SimulatedSystem, short_answer_timeout: None
) -> None:
    """A command without an answer is sent once."""
    await system.switch(answers=False)
    with pytest.raises(CommandUnansweredError):
        await node.send(LOBBY, "open", None)
    assert len(await system.commands()) == 1


async def test_a_command_does_not_arrive_after_an_outage(
    session: aiohttp.ClientSession,
    simulator: SimulatedPdk,
    system: SimulatedSystem,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the network held back when it was given up is never executed."""
    port = int(simulator.accounts_url.rpartition(":")[2])
    async with Proxy(port) as proxy, aiohttp.ClientSession() as through_proxy:
        account = account_client(through_proxy, proxy.uri)
        info = (await get_cloud_nodes(account))[0]
        client = CloudNodeClient(through_proxy, account, info)
        await client.get_doors()
        monkeypatch.setattr(commands, "ANSWER_TIMEOUT", 0.5)
        proxy.blackhole()
        with pytest.raises(CommandUnansweredError):
            await client.send(LOBBY, "open", None)
        assert proxy.holds_data
        await proxy.restore()
        monkeypatch.setattr(commands, "ANSWER_TIMEOUT", 10)
        await client.send(STOCK, "close", None)
        devices = [each["device"] for each in await system.commands()]
        assert devices == [STOCK]


async def test_a_command_without_a_network_was_not_sent(
    simulator: SimulatedPdk, system: SimulatedSystem
) -> None:
    """A refused connection is told from a missing answer."""
    port = int(simulator.accounts_url.rpartition(":")[2])
    async with Proxy(port) as proxy, aiohttp.ClientSession() as through_proxy:
        account = account_client(through_proxy, proxy.uri)
        info = (await get_cloud_nodes(account))[0]
        client = CloudNodeClient(through_proxy, account, info)
        await client.get_token()
        proxy.refuse()
        proxy.cut()
        await asyncio.sleep(0)
        with pytest.raises((NotConnectedError, CommandUnansweredError)):
            await client.send(LOBBY, "open", None)
        assert await system.commands() == []
