"""Commands while the network is dead: none may arrive when it is back."""

import asyncio

import pytest

from custom_components.prodatakey.pdk import socketio2, stream as stream_module
from custom_components.prodatakey.pdk.accounts import Accounts, Panel
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandUnansweredError
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import StreamStatus
from tests.simulator_process import SimulatedPdk

from .cable import Cable, CableCutOneWay
from .common import PANEL, Listening, doors_opened, listening, wait_for


def behind(accounts: Accounts, cable: Cable) -> PanelAccess:
    """Return the way to the panel through a cable."""
    panel = Panel(id=PANEL, name="Behind", uri=cable.uri)
    return PanelAccess(accounts._session, accounts, panel)


async def stuck_command(stream: Listening, cable: Cable) -> asyncio.Task[None]:
    """Open door 1 while the network is dead."""
    cable.cut()
    sending = asyncio.create_task(stream.stream.send(TryOpen(door_id=1)))
    await wait_for(lambda: cable.holds_back)
    return sending


async def leave(sending: asyncio.Task[None]) -> None:
    """Let the caller leave."""
    sending.cancel()
    await asyncio.wait({sending})
    assert sending.cancelled()


async def back_again(stream: Listening, cable: Cable) -> None:
    """Let the network come back once the stream has given up; then open door 2."""
    await wait_for(lambda: cable.was_reset)
    cable.mend()
    await stream.connected(2)
    await stream.stream.send(TryOpen(door_id=2))


@pytest.mark.parametrize("noticed_by", ["the command", "the pings"])
async def test_command_does_not_arrive_late(
    access: PanelAccess,
    accounts: Accounts,
    simulator: SimulatedPdk,
    short_wait: None,
    short_back_off: None,
    monkeypatch: pytest.MonkeyPatch,
    noticed_by: str,
) -> None:
    """The network dies, the user gives up, the network is back: the door stays shut."""
    monkeypatch.setattr(socketio2, "CONNECT_TIMEOUT", 1)
    if noticed_by == "the pings":
        monkeypatch.setattr(stream_module, "ANSWER_TIMEOUT", 10)
        await simulator.faults(ping_interval=0.2, ping_timeout=0.2)
    async with Cable(access.panel.uri) as cable:
        async with listening(behind(accounts, cable)) as stream:
            cable.cut()
            with pytest.raises(CommandUnansweredError):
                await stream.stream.send(TryOpen(door_id=1))
            await stream.until(StreamStatus.DROPPED)
            await back_again(stream, cable)
            await simulator.sockets(PANEL, 1)
        assert await doors_opened(simulator) == [2]


async def test_command_does_not_outlive_the_stream(
    access: PanelAccess, accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """The integration is unloaded while the network is dead and a command unsent."""
    async with Cable(access.panel.uri) as cable:
        async with listening(behind(accounts, cable)) as stream:
            sending = await stuck_command(stream, cable)
        with pytest.raises(CommandUnansweredError):
            await sending
        cable.mend()
        await simulator.sockets(PANEL, 0)
    assert await doors_opened(simulator) == []


async def test_an_event_is_no_proof_of_the_way_out(
    access: PanelAccess,
    accounts: Accounts,
    simulator: SimulatedPdk,
    short_wait: None,
    short_back_off: None,
) -> None:
    """The panel is heard, but does not hear: the door stays shut all the same."""
    async with CableCutOneWay(access.panel.uri) as cable:
        async with listening(behind(accounts, cable)) as stream:
            sending = await stuck_command(stream, cable)
            await simulator.act(PANEL, 2, "relay", on=True)
            await stream.heard(1)
            with pytest.raises(CommandUnansweredError):
                await sending
            await back_again(stream, cable)
        assert await doors_opened(simulator) == [2]


async def test_the_caller_leaves(
    access: PanelAccess,
    accounts: Accounts,
    simulator: SimulatedPdk,
    short_wait: None,
    short_back_off: None,
) -> None:
    """A script is stopped; the command is given up as if somebody waited for it."""
    async with Cable(access.panel.uri) as cable:
        async with listening(behind(accounts, cable)) as stream:
            sending = await stuck_command(stream, cable)
            await leave(sending)
            await back_again(stream, cable)
        assert await doors_opened(simulator) == [2]


async def test_the_caller_leaves_and_the_stream_ends(
    access: PanelAccess, accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """The integration is unloaded after that: the command does not outlive it."""
    async with Cable(access.panel.uri) as cable:
        async with listening(behind(accounts, cable)) as stream:
            sending = await stuck_command(stream, cable)
            await leave(sending)
        await wait_for(lambda: cable.was_reset)
        cable.mend()
        await simulator.sockets(PANEL, 0)
    assert await doors_opened(simulator) == []
