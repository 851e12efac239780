"""Commands on the stream: done, rejected or unanswered; none arrives late."""

import asyncio
from collections.abc import AsyncIterator
import time
from urllib.parse import urlsplit

import pytest

from custom_components.prodatakey.pdk.client import AccountClient
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandUnansweredError
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.common import PANEL, wait_until
from tests.network import Proxy
from tests.simulator_process import SimulatedPdk

from .common import doors_opened, panel_client, set_constants
from .running_stream import CONNECTED, DROPPED, RunningStream


async def test_panel_does_not_answer(
    client: PanelClient, simulator: SimulatedPdk, short_answer_timeout: None
) -> None:
    """Test that pongs prove that it has the command: the connection is kept."""
    await simulator.faults(PANEL, commands="silent", ping_interval=0.1)
    async with RunningStream(client) as stream:
        with pytest.raises(CommandUnansweredError):
            await stream.send(TryOpen(door_id=1))
        assert stream.statuses == [CONNECTED]
        await simulator.faults(PANEL, commands=None)
        await stream.send(TryOpen(door_id=2))
    assert await doors_opened(simulator) == [1, 2]


@pytest.mark.parametrize("rejected", [True, False])
async def test_caller_is_cancelled(
    client: PanelClient, simulator: SimulatedPdk, rejected: bool
) -> None:
    """Test that the answer to its command is not taken for another's."""
    rejection = {"refuse": "Not 1.", "doors": [1]} if rejected else None
    await simulator.faults(PANEL, command_delay=0.2, commands=rejection)
    async with RunningStream(client) as stream:
        cancelled = stream.sending(TryOpen(door_id=1))
        await wait_until(lambda: stream.has_pending_commands)
        cancelled.cancel()
        await asyncio.wait({cancelled})
        assert cancelled.cancelled()
        await stream.send(TryOpen(door_id=2))
        await wait_until(lambda: not stream.has_pending_commands)
    assert await doors_opened(simulator) == [1, 2]


async def test_answer_is_read_late(
    client: PanelClient, simulator: SimulatedPdk, short_answer_timeout: None
) -> None:
    """Test an answer that waits in the socket while the loop is blocked."""
    await simulator.faults(PANEL, command_delay=0.1)
    async with RunningStream(client) as stream:
        sending = stream.sending(TryOpen(door_id=1))
        await doors_opened(simulator, wait=5)
        time.sleep(0.5)  # noqa: ASYNC251 - this blocks the loop
        await sending
        assert stream.statuses == [CONNECTED]


@pytest.fixture
async def network(simulator: SimulatedPdk) -> AsyncIterator[Proxy]:
    """Return the network to the panel."""
    async with Proxy(urlsplit(simulator.panel_url(PANEL)).port or 0) as proxy:
        yield proxy


@pytest.fixture
def client(client: PanelClient, accounts: AccountClient, network: Proxy) -> PanelClient:
    """Return a client of the panel over that network."""
    return panel_client(client.session, accounts, network.uri)


@pytest.mark.parametrize("dead", ["both ways", "noticed by pings", "to the panel"])
@pytest.mark.parametrize("cancelled", [False, True])
async def test_command_is_not_delivered_late(
    client: PanelClient,
    simulator: SimulatedPdk,
    network: Proxy,
    short_backoff: None,
    monkeypatch: pytest.MonkeyPatch,
    dead: str,
    cancelled: bool,
) -> None:
    """Test that the door stays closed when the network is back.

    So it is if the caller has been cancelled; and an event that arrives does not prove
    that the command does.
    """
    set_constants(monkeypatch, answer_timeout=0.3, connect_timeout=1)
    if dead == "noticed by pings":
        set_constants(monkeypatch, answer_timeout=10)
        await simulator.faults(ping_interval=0.2, ping_timeout=0.2)
    async with RunningStream(client) as stream:
        network.blackhole(to_server_only=dead == "to the panel")
        sending = stream.sending(TryOpen(door_id=1))
        await wait_until(lambda: network.holds_data)
        if dead == "to the panel":
            await simulator.act(PANEL, 2, "relay", on=True)
            await stream.wait_for_events(1)
        if cancelled:
            sending.cancel()
            await asyncio.wait({sending})
            assert sending.cancelled()
        else:
            with pytest.raises(CommandUnansweredError):
                await sending
        await stream.wait_for_status(DROPPED)
        await wait_until(lambda: network.abandoned)
        await network.restore()
        await stream.wait_connected(2)
        await stream.send(TryOpen(door_id=2))
        await simulator.sockets(PANEL, 1)
    assert await doors_opened(simulator) == [2]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_command_does_not_outlive_the_stream(
    client: PanelClient, simulator: SimulatedPdk, network: Proxy, cancelled: bool
) -> None:
    """Test an entry that is unloaded while the network is dead."""
    async with RunningStream(client) as stream:
        network.blackhole()
        sending = stream.sending(TryOpen(door_id=1))
        await wait_until(lambda: network.holds_data)
        if cancelled:
            sending.cancel()
            await asyncio.wait({sending})
    if not cancelled:
        with pytest.raises(CommandUnansweredError):
            await sending
    await wait_until(lambda: network.abandoned)
    await network.restore()
    await simulator.sockets(PANEL, 0)
    assert await doors_opened(simulator) == []
