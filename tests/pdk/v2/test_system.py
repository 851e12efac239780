"""One connection for a system, shared by the streams of its cloud nodes."""

import asyncio
from dataclasses import dataclass

import aiohttp
import pytest

from custom_components.prodatakey.pdk.account import AccountClient
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import (
    NotConnectedError,
    PermissionMissingError,
)
from custom_components.prodatakey.pdk.events import SiteConnection
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient, get_cloud_node
from custom_components.prodatakey.pdk.v2.node import validate_connection
from custom_components.prodatakey.pdk.v2.system import get_system
from simulator.scenario import device_id
from tests.pdk.common import account_client, set_constants
from tests.pdk.running_stream import CONNECTED, DOWN, DROPPED, SILENT, RunningStream
from tests.simulator_process import (
    CREDENTIALS,
    PANEL,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    Json,
    SimulatedPdk,
)
from tests.waiting import wait_until

OTHER_SITE = "4000XYZ"
OPENED, CLOSED = "device.input.dps.opened", "device.input.dps.closed"
ALLOWED = "device.request.allowed"


@dataclass(slots=True)
class Pair:
    """Two cloud nodes of one system with the same credentials."""

    pdk: SimulatedPdk
    first: CloudNodeClient
    second: CloudNodeClient

    async def opened(self) -> Json:
        """Return what clients did at the system."""
        return await self.pdk.system(WORKSHOP)


@pytest.fixture
async def pair(session: aiohttp.ClientSession, simulator: SimulatedPdk) -> Pair:
    """Return two cloud nodes of one system."""
    applications = [
        {**CREDENTIALS, "panels": [WORKSHOP, OTHER_SITE]},
        {"client_id": "new", "client_secret": "new", "panels": [WORKSHOP]},
        {"client_id": "no", "client_secret": "no", "panels": [PANEL]},
    ]
    panels = [
        {"id": PANEL},
        *(
            {
                "id": site,
                "generation": 2,
                "system": {"id": WORKSHOP_SYSTEM, "cloud_node": f"node-{site}"},
                "doors": [{"id": 1}, {"id": 2}],
            }
            for site in (WORKSHOP, OTHER_SITE)
        ),
    ]
    await simulator.reset({"applications": applications, "panels": panels})
    account = account_client(session, simulator.accounts_url)
    clients = []
    for site in (WORKSHOP, OTHER_SITE):
        info = await get_cloud_node(account, WORKSHOP_SYSTEM, site)
        client = CloudNodeClient(session, account, info)
        await client.get_doors()
        clients.append(client)
    return Pair(simulator, *clients)


def account_of(pair: Pair, name: str) -> AccountClient:
    """Return another account of the same service."""
    account = pair.first.account
    return account_client(account.session, account.service.accounts_url, name, name)


async def test_one_leaves_the_other_stays(pair: Pair) -> None:
    """Two cloud nodes have one connection and one token, until the last one leaves."""
    before, tokens = asyncio.all_tasks(), (await pair.opened())["tokens"]
    async with RunningStream(pair.second) as second:
        async with RunningStream(pair.first) as first:
            await pair.pdk.subscriptions(WORKSHOP, 1)
            await validate_connection(pair.first)
            # of both, so of none
            device = {"body": {"deviceId": device_id(WORKSHOP, 1)}}
            named = {"cloudNodeId": f"node-{WORKSHOP}", "cloudNodeSN": OTHER_SITE}
            await pair.pdk.emit(WORKSHOP, CLOSED, {**device, **named})
            await pair.pdk.report(WORKSHOP, OPENED, 1)
            await pair.pdk.report(OTHER_SITE, ALLOWED, 1)
            # without a cloud node it is about the one whose list has the device
            device = {"body": {"deviceId": device_id(OTHER_SITE, 2)}}
            await pair.pdk.emit(WORKSHOP, CLOSED, device)
            await pair.pdk.set_online(WORKSHOP, online=False)
            await first.wait_for_events(2)
            await second.wait_for_events(2)
            assert first.topics == [OPENED]
            assert first.events[1] == SiteConnection(connected=False)
            assert second.topics == [ALLOWED, CLOSED]
            with pytest.raises(NotConnectedError):
                await first.send(TryOpen(device_id(WORKSHOP, 1)))
            await second.send(TryOpen(device_id(OTHER_SITE, 1)))
        assert first.statuses == [CONNECTED, DROPPED]
        await pair.pdk.report(OTHER_SITE, OPENED, 1)
        await wait_until(lambda: second.topics[-1] == OPENED)
        assert second.statuses == [CONNECTED]
        await pair.pdk.sockets(WORKSHOP, 1)
        # whoever comes later is connected at once
        async with RunningStream(pair.first) as first:
            assert first.stream.stats.connects == 1
    assert second.statuses == [CONNECTED, DROPPED]
    await pair.pdk.sockets(WORKSHOP, 0)
    opened = await pair.opened()
    assert (opened["most_clients"], len(opened["subscriptions"])) == (1, 1)
    assert opened["tokens"] == tokens
    await wait_until(lambda: asyncio.all_tasks() == before)
    # the next one begins anew
    async with RunningStream(pair.first) as first:
        assert first.statuses == [CONNECTED]
        assert first.stream.stats.connects == 1


async def test_renewal_and_outage(
    pair: Pair, short_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One new token and one attempt to reconnect serve both, and repeats are known."""
    set_constants(monkeypatch, overlap=0.3, renewal_grace=0.3)
    await pair.pdk.switches(WORKSHOP, renewal="event")
    seen: list[str] = []
    pair.first.on_token = lambda: seen.append("first")
    pair.second.on_token = lambda: seen.append("second")
    async with RunningStream(pair.first) as first, RunningStream(pair.second) as second:
        await pair.pdk.subscriptions(WORKSHOP, 1)
        tokens = (await pair.opened())["tokens"]
        await pair.pdk.revoke(WORKSHOP)
        await pair.pdk.report(WORKSHOP, OPENED, 1)
        await pair.pdk.subscriptions(WORKSHOP, 2)
        await pair.pdk.sockets(WORKSHOP, 2)
        await pair.pdk.report(OTHER_SITE, ALLOWED, 1)
        await second.wait_for_events(1)
        await first.wait_for_renewals(1)
        await pair.pdk.sockets(WORKSHOP, 1)
        assert first.stream.stats is second.stream.stats
        assert (await pair.opened())["tokens"] == tokens + 1
        assert sorted(seen) == ["first", "second"]
        assert second.topics == [ALLOWED]
        assert first.statuses == second.statuses == [CONNECTED]
        await pair.pdk.kick(WORKSHOP)
        for stream in (first, second):
            await stream.wait_connected(2)
            assert stream.statuses == [CONNECTED, DROPPED, CONNECTED]
        await pair.pdk.subscriptions(WORKSHOP, 3)
        await pair.pdk.sockets(WORKSHOP, 1)


async def test_no_valid_token(
    pair: Pair, short_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are silent while the system has no valid token, and who joins is told."""
    set_constants(monkeypatch, overlap=0.1, renewal_grace=0.1, silent_after=0.1)
    await pair.pdk.switches(WORKSHOP, renewal="event")
    async with RunningStream(pair.first) as first:
        await pair.pdk.subscriptions(WORKSHOP, 1)
        await pair.pdk.faults(system_token={"status": 503})
        await pair.pdk.revoke(WORKSHOP)
        await pair.pdk.report(WORKSHOP, OPENED, 1)
        await first.wait_for_status(SILENT)
        async with RunningStream(pair.second, connect=False) as second:
            await second.wait_for_status(SILENT)
            with pytest.raises(NotConnectedError):
                await second.send(TryOpen(device_id(OTHER_SITE, 1)))
            await pair.pdk.faults(system_token=None)
            second.stream.retry()
            await second.wait_connected()
            await first.wait_connected(2)
            await second.send(TryOpen(device_id(OTHER_SITE, 1)))
        assert second.statuses[-1] is DROPPED


@pytest.mark.parametrize("all_follow", [False, True])
async def test_new_credentials(pair: Pair, short_waits: None, all_follow: bool) -> None:
    """The connection stays if all get the new credentials, else for those that do not."""
    new = account_of(pair, "new")
    async with RunningStream(pair.first) as first, RunningStream(pair.second) as second:
        await pair.pdk.subscriptions(WORKSHOP, 1)
        pair.first.set_account(new)
        first.stream.retry()
        if all_follow:
            pair.second.set_account(new)
            second.stream.retry()
        if not all_follow:
            await first.wait_connected(2)
            await pair.pdk.subscriptions(WORKSHOP, 2)
        await wait_until(lambda: first.connection._client.account is new)
        for site in (WORKSHOP, OTHER_SITE):
            await pair.pdk.report(site, OPENED, 1)
        for stream in (first, second):
            await stream.wait_for_events(1)
        assert second.statuses == [CONNECTED]
        assert first.stream.stats.connects == second.stream.stats.connects == 1
        await pair.pdk.sockets(WORKSHOP, 1 if all_follow else 2)
        assert pair.first.system.account is new
        assert (pair.second.system is pair.first.system) is all_follow
    await pair.pdk.sockets(WORKSHOP, 0)


async def test_one_without_permission(pair: Pair, short_waits: None) -> None:
    """Credentials without permission for the system end the connection of one only."""
    async with RunningStream(pair.first) as first, RunningStream(pair.second) as second:
        await pair.pdk.subscriptions(WORKSHOP, 1)
        pair.first.set_account(account_of(pair, "no"))
        first.stream.retry()
        await first.wait_for_status(DOWN)
        assert isinstance(first.errors[0], PermissionMissingError)
        await pair.pdk.report(OTHER_SITE, OPENED, 1)
        await second.wait_for_events(1)
        assert second.statuses == [CONNECTED]
        # and it comes back to the others
        pair.first.set_account(pair.second.account)
        first.stream.retry()
        await first.wait_connected(2)
        await pair.pdk.sockets(WORKSHOP, 1)
    assert (await pair.opened())["most_clients"] == 1


async def test_next_begins_while_the_last_ends(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection is opened once the one before has ended, whenever it is cancelled."""
    before = asyncio.all_tasks()
    async with RunningStream(pair.first) as first:
        await pair.pdk.subscriptions(WORKSHOP, 1)
        (socket,) = first.connection._sockets
        close, closing, may_close = socket.close, asyncio.Event(), asyncio.Event()

        async def wait_and_close() -> None:
            closing.set()
            await may_close.wait()
            await close()

        monkeypatch.setattr(socket, "close", wait_and_close)
        first.task.cancel()
        await closing.wait()
        # while it is cancelled once more, one waits and is cancelled, and one waits
        first.task.cancel()
        async with RunningStream(pair.second, connect=False):
            await asyncio.sleep(0)
        async with RunningStream(pair.second, connect=False) as second:
            await asyncio.wait({first.task})
            assert get_system(pair.second)._running is None
            may_close.set()
            await second.wait_connected()
    await pair.pdk.sockets(WORKSHOP, 0)
    assert (await pair.opened())["most_clients"] == 1
    await wait_until(lambda: asyncio.all_tasks() == before)


async def test_cancelled_at_any_step(pair: Pair) -> None:
    """Wherever both are cancelled, no connection and no task is left."""
    before = asyncio.all_tasks()
    for steps in range(0, 60, 4):
        async with RunningStream(pair.first, connect=False) as first:
            async with RunningStream(pair.second, connect=False):
                for _ in range(steps):
                    await asyncio.sleep(0.001 if steps > 20 else 0)
            first.task.cancel()
    await pair.pdk.sockets(WORKSHOP, 0)
    assert (await pair.opened())["most_clients"] == 1
    await wait_until(lambda: asyncio.all_tasks() == before)
