"""The stream's token: stale, refused, renewed, and renewed in vain."""

import asyncio
import time

import pytest

from custom_components.prodatakey.pdk import (
    accounts as accounts_module,
    renewal,
    tokens,
)
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    PermissionMissingError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import StreamStatus
from custom_components.prodatakey.pdk.tokens import Token, jwt_lifetime
from tests.simulator_process import SimulatedPdk

from .common import PANEL, Listening, listening, wait_for

CONNECTED, DROPPED, DOWN = (
    StreamStatus.CONNECTED,
    StreamStatus.DROPPED,
    StreamStatus.DOWN,
)


@pytest.fixture
def long_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe that tokens live for five minutes, whatever they say."""
    monkeypatch.setattr(accounts_module, "jwt_lifetime", lambda _: 300.0)


@pytest.fixture
def early_renewal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew tokens 0.3 s after they were made."""
    monkeypatch.setattr(tokens, "RENEW_AT", 0.001)
    monkeypatch.setattr(renewal, "SHORTEST_TOKEN_LIFE", 0.3)


def _stale_token(access: PanelAccess) -> None:
    """Let the panel have forgotten the token at hand."""
    access._token = Token(value="stale", received=time.monotonic(), lifetime=300)


@pytest.mark.parametrize(
    ("refusal", "statuses"),
    [
        ("error44", [DOWN, CONNECTED]),
        ("http", [DOWN, CONNECTED]),
        ("accept", [CONNECTED]),
    ],
)
async def test_stale_token_at_connect(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    refusal: str,
    statuses: list[StreamStatus],
) -> None:
    """Refused in words, by HTTP, or not at all: the next token works."""
    await simulator.faults(stale_token=refusal)
    _stale_token(access)
    async with listening(access) as panel:
        assert panel.statuses == statuses
        assert all(
            isinstance(error, StreamRefusedError)
            for error in panel.told[0][1:]
            if error
        )
        await simulator.act(PANEL, 1, "open")
        await wait_for(lambda: "door.input.dps.opened" in panel.topics)
    assert (await simulator.requests())["panel_token"] == 1


async def test_missed_events_come_after_the_renewal(
    access: PanelAccess, simulator: SimulatedPdk, long_believed: None
) -> None:
    """The token died on a quiet stream: nothing that happened then is lost."""
    await simulator.faults(panel_token_lifetime=0.2)
    async with listening(access) as panel:
        token = access._token
        assert token is not None
        await wait_for(lambda: time.monotonic() > token.received + 0.2)
        await simulator.faults(panel_token_lifetime=300)
        await simulator.act(PANEL, 1, "relay", on=True)
        await simulator.act(PANEL, 1, "open")
        await simulator.act(PANEL, 1, "close")
        await wait_for(lambda: len(panel.topics) == 3)
        assert panel.topics == [
            "door.input.relay.on",
            "door.input.dps.opened",
            "door.input.dps.closed",
        ]
        assert panel.statuses == [CONNECTED]
    assert (await simulator.requests())["renewed"] == 1


async def test_renewal_is_tried_again_while_the_token_lives(
    access: PanelAccess,
    simulator: SimulatedPdk,
    early_renewal: None,
    short_back_off: None,
) -> None:
    """The accounts service hiccups: the connection does not notice."""
    async with listening(access) as panel:
        await simulator.faults(PANEL, panel_token={"status": 500, "count": 2})

        async def renewed() -> None:
            while not (await simulator.requests())["renewed"]:
                await asyncio.sleep(0.02)

        await asyncio.wait_for(renewed(), 5)
        assert panel.statuses == [CONNECTED]
    assert (await simulator.requests())["panel_token"] >= 4


@pytest.mark.parametrize(
    ("status", "error"), [(403, PermissionMissingError), (500, CannotConnectError)]
)
async def test_renewal_fails_after_the_token_was_refused(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    status: int,
    error: type[Exception],
) -> None:
    """A stream that is told nothing is not connected; the status says why."""
    async with listening(access) as panel:
        await simulator.faults(PANEL, panel_token={"status": status})
        await simulator.emit(PANEL, "invalidToken")
        await panel.until(DOWN)
        assert panel.statuses[:3] == [CONNECTED, DROPPED, DOWN]
        assert type(panel.told[2][1]) is error
        await simulator.faults(PANEL, panel_token=None)
        await panel.connected(2)


@pytest.fixture
def short_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let complaints of the old token be over soon after a renewal."""
    monkeypatch.setattr(renewal, "RENEWAL_ECHO", 0.05)


async def refused_and_renewed(panel: Listening, simulator: SimulatedPdk) -> None:
    """Let the panel refuse the token, and wait until it has another."""
    renewals = panel.stream.history.renewals
    await simulator.emit(PANEL, "invalidToken")
    await wait_for(lambda: panel.stream.history.renewals > renewals)
    await wait_for(lambda: not panel.stream.holds_back)


@pytest.mark.usefixtures("short_back_off", "short_echo")
async def test_no_new_token_is_taken(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """The panel refuses one new token after the other: it tells nothing any more."""
    async with listening(access) as panel:
        for _ in range(renewal.MOST_IN_VAIN):
            await refused_and_renewed(panel, simulator)
        assert panel.statuses == [CONNECTED]
        await simulator.emit(PANEL, "invalidToken")
        await panel.until(DOWN)
        assert type(panel.told[2][1]) is StreamRefusedError
        await panel.connected(2)


@pytest.mark.usefixtures("short_back_off", "short_echo")
async def test_tokens_that_are_taken_for_a_while(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """They live shorter than they say, but events pass: the connection is kept."""
    async with listening(access) as panel:
        for times in range(2 * renewal.MOST_IN_VAIN):
            await refused_and_renewed(panel, simulator)
            await simulator.act(PANEL, 2, "relay", on=times % 2 == 0)
            await panel.heard_of_doors(times + 1)
        assert panel.statuses == [CONNECTED]


async def test_token_expires_while_renewals_fail(
    access: PanelAccess, simulator: SimulatedPdk, short_back_off: None
) -> None:
    """Trying again ends with the old token's life."""
    await simulator.faults(panel_token_lifetime=2)
    async with listening(access) as panel:
        await simulator.faults(PANEL, panel_token={"status": 500})
        await panel.until(DOWN)
        assert panel.statuses[:3] == [CONNECTED, DROPPED, DOWN]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not a token",
        "a.b.c",
        "a.e30.c",  # {}
        "a.eyJpYXQiOjEsImV4cCI6MX0.c",  # no life at all
        "a.eyJpYXQiOiIxIiwiZXhwIjoiMiJ9.c",  # strings
        "a.W10.c",  # []
        "a.ä.c",
    ],
)
def test_token_that_does_not_tell_its_life(token: str) -> None:
    """Five minutes, as documented."""
    assert jwt_lifetime(token) == 300


def test_token_tells_its_life() -> None:
    """`exp` less `iat`: the clocks need not agree."""
    assert jwt_lifetime("a.eyJpYXQiOjEwMCwiZXhwIjoxNjB9.c") == 60
