"""Very many commands while everything fails at random: none lost silently, none twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
import os
import random
from urllib.parse import urlsplit

import aiohttp
import pytest

from custom_components.prodatakey.pdk.accounts import Accounts
from custom_components.prodatakey.pdk.commands import QuerySignal
from custom_components.prodatakey.pdk.errors import (
    CommandRefusedError,
    CommandUnansweredError,
    NotConnectedError,
)
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import PanelStream
from tests.common import CREDENTIALS, PANEL
from tests.simulator_process import Json, SimulatedPdk

from .figures import Record
from .front import Front

SEED = int(os.environ.get("FAULTS_SEED", "5"))
CALLERS = 8
HARDLY_EVER = 20.0
OUTCOMES = {
    CommandRefusedError: "refused",
    CommandUnansweredError: "no answer",
    NotConnectedError: "not connected",
}
HANDLING: list[Json] = [
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


class Callers:
    """Users who send commands, and note what they hear."""

    def __init__(self, stream: PanelStream, count: int, chance: random.Random) -> None:
        """Prepare that many commands."""
        self._stream = stream
        self._chance = chance
        self._numbers = iter(range(1, count + 1))
        self.heard: dict[int, list[str]] = {n: [] for n in range(1, count + 1)}

    async def call(self) -> None:
        """Send one command after the other, until all are sent."""
        for number in self._numbers:
            async with asyncio.timeout(HARDLY_EVER):
                outcome = await self._outcome(number)
            self.heard[number].append(outcome)
            if outcome == "not connected":
                await asyncio.sleep(0.03)
            await asyncio.sleep(self._chance.uniform(0, 0.01))

    async def _outcome(self, number: int) -> str:
        """Send one command, whose number the panel receives too."""
        try:
            await self._stream.send(QuerySignal(io_link_id=number, address="radio"))
        except (
            CommandRefusedError,
            CommandUnansweredError,
            NotConnectedError,
        ) as err:
            return OUTCOMES[type(err)]
        return "done"


class Trouble:
    """Whatever can go wrong, at random."""

    def __init__(self, pdk: SimulatedPdk, front: Front, chance: random.Random) -> None:
        """Take the chance as it comes: the same for the same seed."""
        self._pdk = pdk
        self._front = front
        self._chance = chance

    async def make(self) -> None:
        """Make trouble until cancelled."""
        while True:
            await asyncio.sleep(self._chance.uniform(0.02, 0.15))
            await self._chance.choice(
                (self._handle, self._handle, self._say, self._kick, self._network)
            )()

    async def _handle(self) -> None:
        await self._pdk.faults(PANEL, **self._chance.choice(HANDLING))

    async def _say(self) -> None:
        body = {"frame": self._chance.choice(FRAMES)}
        await self._pdk.control("POST", f"panels/{PANEL}/raw", body)

    async def _kick(self) -> None:
        body = {"how": self._chance.choice(("close", "abort"))}
        await self._pdk.control("POST", f"panels/{PANEL}/kick", body)

    async def _network(self) -> None:
        self._chance.choice(
            (
                self._front.cut,
                self._front.blackhole,
                self._front.blackhole,
                self._front.forget,
                self._front.refuse,
            )
        )()
        await asyncio.sleep(self._chance.uniform(0, 0.6))
        await self._front.mend()


@pytest.fixture
async def behind(
    simulator_ready: Json, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[SimulatedPdk, Front, PanelAccess]]:
    """Give a panel behind a network, without Home Assistant."""
    pdk_module = "custom_components.prodatakey.pdk"
    for name, value in (
        ("socketio2.CONNECT_TIMEOUT", 0.5),
        ("stream.ANSWER_TIMEOUT", 0.4),
        ("back_off.BACK_OFF", (0.05,)),
        ("back_off.LONGEST_BACK_OFF", 0.05),
        ("renewal.SHORTEST_TOKEN_LIFE", 0.2),
        ("answers.SETTLE", 0.1),
    ):
        monkeypatch.setattr(f"{pdk_module}.{name}", value)
    front = Front()
    async with SimulatedPdk(simulator_ready) as pdk, aiohttp.ClientSession() as session:
        await pdk.reset()
        await front.start(urlsplit(pdk.panel_url(PANEL)).port or 0)
        await pdk.faults(PANEL, uri=f"http://127.0.0.1:{front.port}/")
        await pdk.faults(ping_interval=0.2, ping_timeout=0.2)
        accounts = Accounts(
            session,
            CREDENTIALS["client_id"],
            CREDENTIALS["client_secret"],
            pdk.accounts_url,
        )
        yield pdk, front, PanelAccess(session, accounts, await accounts.panel(PANEL))
        await front.stop()


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
    behind: tuple[SimulatedPdk, Front, PanelAccess], figure: Record, count: int
) -> None:
    """Each caller hears one outcome, and the panel gets no command twice."""
    pdk, front, access = behind
    asyncio.get_running_loop().set_debug(False)
    stream = PanelStream(
        access, on_event=lambda _: None, on_status=lambda _status, _err: None
    )
    callers = Callers(stream, count, random.Random(SEED))
    trouble = Trouble(pdk, front, random.Random(SEED))
    lasting = [
        asyncio.create_task(stream.run()),
        asyncio.create_task(trouble.make()),
    ]
    try:
        await asyncio.gather(*(callers.call() for _ in range(CALLERS)))
        assert not any(task.done() for task in lasting)
    finally:
        for task in lasting:
            task.cancel()
        await asyncio.wait(lasting)
    await front.mend()
    received = Counter(
        int(command["body"]["ioLinkId"])
        for command in await pdk.commands(PANEL, wait=0)
    )
    check(callers.heard, received)
    outcomes = Counter(heard for (heard,) in callers.heard.values())
    # few commands meet few faults; what each of them met depends on the machine
    assert len(outcomes) == len(OUTCOMES) + 1 or count < 1000, outcomes
    row = f"{count:,} commands, seed {SEED}"
    for outcome in ("done", *OUTCOMES.values()):
        figure("commands", row, outcome, str(outcomes[outcome]))
    figure("commands", row, "lost silently", "0")
    figure("commands", row, "sent twice", "0")


def check(heard: dict[int, list[str]], received: Counter[int]) -> None:
    """Compare what callers heard with what the panel got."""
    assert max(received.values()) == 1, "sent twice"
    for number, outcomes in heard.items():
        assert len(outcomes) == 1, "not one outcome"
        if outcomes == ["done"]:
            assert received[number] == 1, "said to be done, never received"
        if outcomes == ["not connected"]:
            assert received[number] == 0, "said not to be sent, but received"
