"""Very many commands while everything fails at random: none lost silently, none twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
import os
import random
from urllib.parse import urlsplit

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import QuerySignal
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    CommandUnansweredError,
    NotConnectedError,
)
from tests.common import PANEL
from tests.network import Proxy
from tests.pdk.common import (
    SHORT_TIMEOUTS,
    kick,
    send_frame,
    set_constants,
    simulated_panel_client,
)
from tests.pdk.running_stream import RunningStream
from tests.simulator_process import Json, SimulatedPdk

from .figures import Record

SEED = int(os.environ.get("FAULTS_SEED", "5"))
CALLERS = 8
MAX_WAIT = 20.0
OUTCOMES: dict[type[Exception], str] = {
    CommandRejectedError: "refused",
    CommandUnansweredError: "no answer",
    NotConnectedError: "not connected",
}
FAULTS: list[Json] = [
    {"commands": None, "command_delay": 0},
    {"commands": None, "command_delay": 0.05},
    {"commands": "ignored"},
    {"commands": "silent"},
    {"commands": {"refuse": "No.", "count": 3}},
    {"panel_token_lifetime": 0.5},
    {"panel_token_lifetime": 300},
    {"panel_token": {"status": 500, "count": 2}},
    {"handshake": {"mode": "error44", "count": 1}},
    {"handshake": {"mode": "kick", "count": 2}},
]
FRAMES = ("41", '44"Authorization has failed."', "1", "garbage", '42["serverError"]')


async def send_commands(
    stream: RunningStream,
    numbers: range,
    outcomes: dict[int, list[str]],
    chance: random.Random,
) -> None:
    """Send a command for each number, and record its outcome."""
    for number in numbers:
        outcome = "done"
        try:
            async with asyncio.timeout(MAX_WAIT):
                await stream.send(QuerySignal(io_link_id=number, address="radio"))
        except tuple(OUTCOMES) as err:
            outcome = OUTCOMES[type(err)]
        outcomes.setdefault(number, []).append(outcome)
        if outcome == "not connected":
            await asyncio.sleep(0.03)
        await asyncio.sleep(chance.uniform(0, 0.01))


async def cause_faults(pdk: SimulatedPdk, proxy: Proxy, chance: random.Random) -> None:
    """Let something fail at random until cancelled; the same for the same seed."""

    async def network() -> None:
        chance.choice((proxy.cut, proxy.blackhole, proxy.forget, proxy.refuse))()
        await asyncio.sleep(chance.uniform(0, 0.6))
        await proxy.restore()

    while True:
        await asyncio.sleep(chance.uniform(0.02, 0.15))
        match chance.choice(("fault", "fault", "frame", "kick", "network")):
            case "fault":
                await pdk.faults(PANEL, **chance.choice(FAULTS))
            case "frame":
                await send_frame(pdk, chance.choice(FRAMES))
            case "kick":
                await kick(pdk, chance.choice(("close", "abort")))
            case "network":
                await network()


@pytest.fixture
async def proxied(
    simulator_ready: Json, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[SimulatedPdk, Proxy, RunningStream]]:
    """Run a stream behind a proxy, without Home Assistant."""
    set_constants(monkeypatch, **SHORT_TIMEOUTS)
    set_constants(
        monkeypatch,
        answer_timeout=0.4,
        backoff_delays=(0.05,),
        max_backoff=0.05,
        rejection_grace=0.1,
    )
    async with SimulatedPdk(simulator_ready) as pdk, aiohttp.ClientSession() as session:
        await pdk.reset()
        async with Proxy(urlsplit(pdk.panel_url(PANEL)).port or 0) as proxy:
            await pdk.faults(PANEL, uri=proxy.uri)
            await pdk.faults(ping_interval=0.2, ping_timeout=0.2)
            client = await simulated_panel_client(session, pdk)
            async with RunningStream(client) as stream:
                yield pdk, proxy, stream


@pytest.mark.parametrize(
    "count",
    [
        300,
        pytest.param(
            10_000, marks=[pytest.mark.soak, pytest.mark.timeout(3600)], id="10000"
        ),
    ],
)
async def test_every_command_once(
    proxied: tuple[SimulatedPdk, Proxy, RunningStream], figure: Record, count: int
) -> None:
    """Test that each caller gets one outcome, and the panel no command twice."""
    pdk, proxy, stream = proxied
    outcomes: dict[int, list[str]] = {}
    chance = random.Random(SEED)
    faults = asyncio.create_task(cause_faults(pdk, proxy, random.Random(SEED)))
    try:
        await asyncio.gather(
            *(
                send_commands(
                    stream, range(first, count + 1, CALLERS), outcomes, chance
                )
                for first in range(1, CALLERS + 1)
            )
        )
        assert not faults.done()
    finally:
        faults.cancel()
        await asyncio.wait({faults})
    await proxy.restore()
    received = Counter(
        int(command["body"]["ioLinkId"])
        for command in await pdk.commands(PANEL, wait=0)
    )
    assert max(received.values()) == 1, "sent twice"
    for number in range(1, count + 1):
        (outcome,) = outcomes[number]
        if outcome == "done":
            assert received[number] == 1, "done, but never received"
        if outcome == "not connected":
            assert received[number] == 0, "not sent, but received"
    totals = Counter(outcome for (outcome,) in outcomes.values())
    # few commands meet few faults; which ones depends on the machine
    assert len(totals) == len(OUTCOMES) + 1 or count < 1000, totals
    row = f"{count:,} commands, seed {SEED}"
    for outcome in ("done", *OUTCOMES.values()):
        figure("commands", row, outcome, str(totals[outcome]))
    figure("commands", row, "lost silently", "0")
    figure("commands", row, "sent twice", "0")
