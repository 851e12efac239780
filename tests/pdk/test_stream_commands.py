"""Commands on the stream: carried out, refused, or nobody can tell."""

import asyncio
import time

import pytest

from custom_components.prodatakey.pdk.commands import ActuateOpen, TryDwellOpen, TryOpen
from custom_components.prodatakey.pdk.errors import (
    CommandRefusedError,
    CommandUnansweredError,
    NotConnectedError,
)
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import StreamStatus
from tests.simulator_process import SimulatedPdk

from .common import PANEL, Listening, doors_opened, listening, wait_for


@pytest.mark.parametrize("result_first", [True, False])
async def test_door_opens(
    access: PanelAccess, simulator: SimulatedPdk, result_first: bool
) -> None:
    """The command returns when the panel says so, before or after the door's events."""
    await simulator.faults(result_first=result_first)
    async with listening(access) as stream:
        await stream.stream.send(ActuateOpen(door_id=3))
        await wait_for(lambda: stream.topics == ["door.input.relay.on"])
    (command,) = await simulator.commands(PANEL)
    assert command["raw"] == (
        f'42["command",{{"id":"{command["id"]}","topic":"door.actuate.open",'
        '"body":{"doorId":3}}]'
    )


async def test_one_of_fifty_is_refused(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """All doors at once: exactly the refused one fails, with the panel's words."""
    for door in range(8, 51):
        await simulator.control("POST", f"panels/{PANEL}/doors", {"id": door})
    await simulator.faults(PANEL, commands={"refuse": "Not now.", "doors": [23]})
    async with listening(access) as stream:
        outcomes = await asyncio.gather(
            *(stream.stream.send(TryOpen(door_id=door)) for door in range(1, 51)),
            return_exceptions=True,
        )
    failed = {door: outcome for door, outcome in enumerate(outcomes, 1) if outcome}
    assert list(failed) == [23]
    assert isinstance(failed[23], CommandRefusedError)
    assert str(failed[23]) == "Not now."
    assert await doors_opened(simulator) == list(range(1, 51))


@pytest.mark.parametrize("door", [1, 99])
async def test_refusals_of_the_panel(
    access: PanelAccess, simulator: SimulatedPdk, door: int
) -> None:
    """Do not disturb is on; a door that does not exist."""
    async with listening(access) as stream:
        await simulator.control("POST", f"panels/{PANEL}/doors/1/force")
        await simulator.faults(PANEL, commands={"refuse": "No.", "doors": [1]})
        with pytest.raises(CommandRefusedError):
            await stream.stream.send(TryDwellOpen(door_id=door, dwell=10))
        assert stream.statuses == [StreamStatus.CONNECTED]


async def test_before_there_is_a_connection(access: PanelAccess) -> None:
    """Nothing is kept to be sent later: a door must not open by surprise."""
    stream = Listening(access).stream
    with pytest.raises(NotConnectedError):
        await stream.send(TryOpen(door_id=1))


async def test_connection_is_lost_before_the_answer(
    access: PanelAccess, simulator: SimulatedPdk, short_back_off: None
) -> None:
    """Told at once, not after ten seconds; and not sent again."""
    await simulator.faults(PANEL, commands="ignored")
    async with listening(access) as stream:
        sending = [
            asyncio.create_task(stream.stream.send(TryOpen(door_id=door)))
            for door in (1, 2)
        ]
        await wait_for(lambda: len(stream.stream._answers._under_way) == 2)
        assert await doors_opened(simulator, wait=5) != []
        await simulator.control("POST", f"panels/{PANEL}/kick")
        outcomes = await asyncio.gather(*sending, return_exceptions=True)
        assert [type(each) for each in outcomes] == [CommandUnansweredError] * 2
        await stream.connected(2)
        await simulator.faults(PANEL, commands=None)
        await stream.stream.send(TryOpen(door_id=3))
    assert await doors_opened(simulator) == [1, 2, 3]


async def test_panel_that_does_not_answer_but_lives(
    access: PanelAccess, simulator: SimulatedPdk, short_wait: None
) -> None:
    """It pongs, so it has the command: the connection is kept."""
    await simulator.faults(PANEL, commands="silent", ping_interval=0.1)
    async with listening(access) as stream:
        with pytest.raises(CommandUnansweredError):
            await stream.stream.send(TryOpen(door_id=1))
        assert stream.statuses == [StreamStatus.CONNECTED]
        await simulator.faults(PANEL, commands=None)
        await stream.stream.send(TryOpen(door_id=2))
    assert await doors_opened(simulator) == [1, 2]


async def test_caller_who_leaves(access: PanelAccess, simulator: SimulatedPdk) -> None:
    """Home Assistant cancels an action: the others' answers are not disturbed."""
    await simulator.faults(PANEL, command_delay=0.1)
    async with listening(access) as stream:
        leaving = asyncio.create_task(stream.stream.send(TryOpen(door_id=1)))
        staying = asyncio.create_task(stream.stream.send(TryOpen(door_id=2)))
        await doors_opened(simulator, wait=5)
        leaving.cancel()
        await staying
        assert leaving.cancelled()
        await wait_for(lambda: not stream.stream._answers.awaited)


async def test_a_refusal_of_one_whose_caller_has_left(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """It names no command, and is not taken for the answer to another's."""
    refusal = {"refuse": "Not 1.", "doors": [1]}
    await simulator.faults(PANEL, command_delay=0.2, commands=refusal)
    async with listening(access) as stream:
        leaving = asyncio.create_task(stream.stream.send(TryOpen(door_id=1)))
        await wait_for(lambda: stream.stream._answers.awaited)
        leaving.cancel()
        await asyncio.wait({leaving})
        await stream.stream.send(TryOpen(door_id=2))
    assert await doors_opened(simulator) == [1, 2]


async def test_an_answer_that_nobody_had_time_to_read(
    access: PanelAccess, simulator: SimulatedPdk, short_wait: None
) -> None:
    """Something else held Home Assistant up until the time was over."""
    await simulator.faults(PANEL, command_delay=0.1)
    async with listening(access) as stream:
        sending = asyncio.create_task(stream.stream.send(TryOpen(door_id=1)))
        await doors_opened(simulator, wait=5)
        time.sleep(0.5)  # noqa: ASYNC251 - that is what holds it up
        await sending
        assert stream.statuses == [StreamStatus.CONNECTED]
