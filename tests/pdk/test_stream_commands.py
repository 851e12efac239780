"""Commands on the stream: done, rejected or unanswered; none arrives late."""

import asyncio
from collections.abc import AsyncIterator
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    CommandUnansweredError,
    NotConnectedError,
)
from custom_components.prodatakey.pdk.v1.client import PanelClient
from custom_components.prodatakey.pdk.v1.stream import PanelStream
from tests.network import Proxy
from tests.simulator_process import PANEL, SimulatedPdk
from tests.waiting import wait_until

from .common import (
    SimulatedSite,
    account_client,
    panel_client,
    set_constants,
    simulated_node_client,
    wait_for_requests,
)
from .running_stream import CONNECTED, DROPPED, RunningStream


@pytest.fixture
def panel(client: PanelClient, simulator: SimulatedPdk) -> SimulatedSite:
    """Return the simulated panel of PDK 1.0."""
    return SimulatedSite(simulator, client)


async def test_panel_does_not_answer(
    panel: SimulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that a connection is kept if pongs prove that the panel has the command."""
    set_constants(monkeypatch, answer_timeout=0.3)
    await panel.pdk.faults(PANEL, commands="silent", ping_interval=0.1)
    async with RunningStream(panel.client) as stream:
        with pytest.raises(CommandUnansweredError):
            await stream.send(TryOpen(door_id=1))
        assert stream.statuses == [CONNECTED]
        await panel.pdk.faults(PANEL, commands=None)
        await stream.send(TryOpen(door_id=2))
    assert await panel.doors_opened() == [1, 2]


async def test_end_that_is_not_noticed_yet(panel: SimulatedSite) -> None:
    """Test that no command is sent on a connection that is ending."""
    async with RunningStream(panel.client) as stream:
        assert isinstance(stream.stream, PanelStream)
        assert stream.stream._socket is not None
        transport = stream.stream._socket.eio
        transport.state = "disconnecting"
        with pytest.raises(NotConnectedError):
            await stream.send(TryOpen(door_id=1))
        assert not stream.has_pending_commands
        transport.state = "connected"
    assert await panel.doors_opened() == []


async def test_command_that_json_cannot_hold(panel: SimulatedSite) -> None:
    """Test that a command that JSON cannot hold is not pending."""
    await panel.pdk.faults(PANEL, commands={"refuse": "Not now."})
    async with RunningStream(panel.client) as stream:
        with pytest.raises(TypeError):
            await stream.send(TryOpen(door_id="\ud800"))
        with pytest.raises(CommandRejectedError, match="Not now"):
            await asyncio.wait_for(stream.send(TryOpen(door_id=1)), 5)


@pytest.mark.parametrize("rejected", [True, False])
async def test_caller_is_cancelled(panel: SimulatedSite, rejected: bool) -> None:
    """Test that the answer to a cancelled caller's command is not another command's."""
    rejection = {"refuse": "Not 1.", "doors": [1]} if rejected else None
    await panel.pdk.faults(PANEL, command_delay=0.2, commands=rejection)
    async with RunningStream(panel.client) as stream:
        cancelled = stream.sending(TryOpen(door_id=1))
        await wait_until(lambda: stream.has_pending_commands)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        assert cancelled.cancelled()
        await stream.send(TryOpen(door_id=2))
        await wait_until(lambda: not stream.has_pending_commands)
    assert await panel.doors_opened() == [1, 2]


async def test_answer_is_read_late(
    panel: SimulatedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that an answer counts that waited while the loop was blocked."""
    set_constants(monkeypatch, answer_timeout=0.3)
    await panel.pdk.faults(PANEL, command_delay=0.1)
    async with RunningStream(panel.client) as stream:
        sending = stream.sending(TryOpen(door_id=1))
        await panel.doors_opened(wait=5)
        time.sleep(0.5)  # noqa: ASYNC251 - this blocks the loop
        await sending
        assert stream.statuses == [CONNECTED]


@pytest.fixture
async def network(site: SimulatedSite) -> AsyncIterator[Proxy]:
    """Return the network to the site."""
    pdk = site.pdk
    url = pdk.panel_url(PANEL) if site.is_pdk1 else pdk.accounts_url
    async with Proxy(urlsplit(url).port or 0) as proxy:
        yield proxy


@pytest.fixture
async def remote(site: SimulatedSite, network: Proxy) -> SimulatedSite:
    """Return the site, with a client over that network."""
    session, account = site.client.session, site.client.account
    if site.is_pdk1:
        return SimulatedSite(site.pdk, panel_client(session, account, network.uri))
    account = account_client(session, network.uri)
    return SimulatedSite(site.pdk, await simulated_node_client(session, account))


@pytest.mark.parametrize(
    ("site", "dead", "cancelled"),
    [
        ("client", "both ways", True),
        ("client", "noticed by pings", False),
        ("client", "to the panel", False),
        ("node", "both ways", True),
        ("node", "both ways", False),
    ],
    indirect=["site"],
)
async def test_command_is_not_delivered_late(
    remote: SimulatedSite,
    network: Proxy,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
    dead: str,
    cancelled: bool,
) -> None:
    """Test that the door stays closed when the network is back.

    So it is if the caller has been cancelled; and an event that arrives does not prove
    that the command does.
    """
    # in PDK 2.0 that is also the time to open a connection for the command
    timeout = 0.3 if remote.is_pdk1 else 1.5
    set_constants(monkeypatch, answer_timeout=timeout, connect_timeout=1)
    if dead == "noticed by pings":
        set_constants(monkeypatch, answer_timeout=10)
        await remote.pdk.faults(ping_interval=0.2, ping_timeout=0.2)
    async with RunningStream(remote.client) as stream:
        if not remote.is_pdk1:
            # the network holds data of the command only, not of the reading of the status
            await wait_for_requests(remote.pdk, "cloud_nodes", 2)
            connector: Any = remote.client.session.connector
            await wait_until(lambda: len(connector._acquired) == 1)
        network.blackhole(to_server_only=dead == "to the panel")
        sending = stream.sending(TryOpen(remote.door(1)))
        await wait_until(lambda: network.holds_data)
        if dead == "to the panel":
            await remote.pdk.act(PANEL, 2, "relay", on=True)
            await stream.wait_for_events(1)
        if cancelled:
            sending.cancel()
            await asyncio.wait({sending})
            assert sending.cancelled()
        else:
            with pytest.raises(CommandUnansweredError):
                await sending
        # in PDK 2.0 a command has a connection of its own
        if remote.is_pdk1:
            await stream.wait_for_status(DROPPED)
        await wait_until(lambda: network.abandoned)
        await network.restore()
        await stream.wait_connected(2 if remote.is_pdk1 else 1)
        set_constants(monkeypatch, answer_timeout=10)
        await stream.send(TryOpen(remote.door(2)))
        await remote.pdk.sockets(remote.id, 1)
    assert await remote.doors_opened() == [remote.door(2)]


@pytest.mark.parametrize("end", ["unload", "caller", "loop", "session"])
async def test_command_does_not_outlive_its_end(
    remote: SimulatedSite, network: Proxy, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    """Test that no command that has ended while the network is dead arrives later.

    An entry is unloaded, also after the caller was cancelled; Home Assistant ends, and
    cancels all tasks or closes its session.
    """
    set_constants(monkeypatch, close_timeout=0.1)
    async with RunningStream(remote.client) as stream:
        if not remote.is_pdk1:
            # nothing else is on its way then
            await remote.subscribed()
            await wait_for_requests(remote.pdk, "cloud_nodes", 2)
        network.blackhole()
        before = asyncio.all_tasks()
        sending = stream.sending(TryOpen(remote.door(1)))
        await wait_until(lambda: network.holds_data)
        if end == "caller":
            sending.cancel()
            await asyncio.wait({sending})
        elif end == "loop":
            for task in asyncio.all_tasks() - before:
                task.cancel()
        elif end == "session":
            assert remote.client.session.connector
            await remote.client.session.connector.close()
            await wait_until(lambda: network.was_reset)
    await asyncio.wait({sending})
    assert sending.cancelled() or isinstance(
        sending.exception(), CommandUnansweredError
    )
    await wait_until(lambda: network.was_reset)
    await network.restore()
    await remote.pdk.sockets(remote.id, 0)
    assert await remote.doors_opened() == []
