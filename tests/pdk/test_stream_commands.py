"""Commands on the stream: done, rejected or unanswered."""

import asyncio
import time

import pytest

from custom_components.prodatakey.pdk.client import PanelClient
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandUnansweredError
from tests.common import PANEL, wait_until
from tests.simulator_process import SimulatedPdk

from .common import doors_opened
from .running_stream import CONNECTED, RunningStream


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
