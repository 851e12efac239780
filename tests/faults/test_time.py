"""Tokens die early, clocks jump, and the whole process sleeps."""

import asyncio
from collections.abc import Callable
import os
import subprocess
import time

import pytest

from . import phases
from .figures import Record
from .phases import Outcome
from .site import LOCK, PANEL, Site, Stopwatch, state_of

SLEEP = 1.2
EARLY = 2.0
_STREAM = "custom_components.prodatakey.pdk.stream"


# Tokens


async def test_token_expires_under_a_command(
    direct: Site, figure: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is held back until the token is renewed, and then counts."""
    monkeypatch.setattr(f"{_STREAM}.ANSWER_TIMEOUT", 5)
    await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFE)
    await direct.set_up()
    late = phases.TOKEN_LIFE + 0.3
    await direct.pdk.faults(
        PANEL, command_delay=late, panel_token={"delay": 0.5, "count": 1}
    )
    await asyncio.wait_for(direct.unlocking(), 5)
    assert state_of(direct.hass, LOCK).state == "unlocked"
    await direct.pdk.faults(PANEL, command_delay=0)
    await direct.works(1)
    figure("matrix", "token expires", "command under way", "action: done; no outage")


@pytest.mark.parametrize("stale", ["error44", "http", "disconnect", "accept"])
async def test_token_dies_early(
    direct: Site, figure: Record, monkeypatch: pytest.MonkeyPatch, stale: str
) -> None:
    """A token that looks fresh is refused, in any of the known ways: another is got.

    So it is after a computer has slept: its monotonic clock has slept too.
    """
    monkeypatch.setattr(
        "custom_components.prodatakey.pdk.accounts.jwt_lifetime", lambda _: 300.0
    )
    await direct.pdk.faults(PANEL, panel_token_lifetime=EARLY, stale_token=stale)
    await direct.set_up()
    await asyncio.sleep(EARLY)
    await direct.pdk.faults(PANEL, panel_token_lifetime=300)
    tokens = (await direct.pdk.requests())["panel_token"]
    await direct.pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    watch = Stopwatch.start()
    await direct.is_disconnected()
    await direct.pdk.emit(PANEL, "door.input.dps.opened", {"body": {"doorId": 1}})
    while (await direct.pdk.requests())["panel_token"] == tokens:
        await asyncio.sleep(0.01)
        # an event is what tells that an accepted token is dead
        await direct.pdk.emit(PANEL, "door.input.rex.on", {"body": {"doorId": 1}})
        assert watch.seconds < phases.SOON
    await asyncio.sleep(0.3)
    await direct.is_connected()
    seconds = watch.seconds
    await direct.works(0)
    column = "idle" if stale == "accept" else "handshake"
    names = {
        "error44": "dead token: `44`",
        "http": "dead token: HTTP 403",
        "disconnect": "dead token: `41`",
        "accept": "dead token: `invalidToken`",
    }
    figure("matrix", names[stale], column, f"assumed; {seconds:.1f} s")


# Clocks


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("whose", ["own", "the panel's"])
async def test_clock_jumps(
    direct: Site,
    figure: Record,
    monkeypatch: pytest.MonkeyPatch,
    whose: str,
    hours: int,
) -> None:
    """Renewals, commands and events do not ask what time it is."""
    await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFE)
    await direct.set_up()
    if whose == "own":
        monkeypatch.setattr("time.time", _later(time.time, hours * 3600))
    else:
        await direct.pdk.faults(PANEL, clock_offset=hours * 3600)
    renewed = (await direct.pdk.requests())["renewed"]
    await asyncio.sleep(2.5 * phases.TOKEN_LIFE)
    after = await direct.pdk.requests()
    assert renewed + 1 <= after["renewed"] <= renewed + 5
    assert after["connect"] == 1
    await direct.works(0)
    name = f"{whose} clock jumps by {hours:+d} h"
    for phase in ("idle", "renewal under way"):
        figure("matrix", name, phase, "nothing; no outage")


def _later(clock: Callable[[], float], seconds: float) -> Callable[[], float]:
    return lambda: clock() + seconds


# Sleep


def _sleep() -> None:
    """Let this very process be stopped for a while, as a busy machine or a VM does."""
    pid = os.getpid()
    with subprocess.Popen(
        ["sh", "-c", f"kill -STOP {pid}; sleep {SLEEP}; kill -CONT {pid}"]
    ) as stopper:
        stopper.wait()


@pytest.mark.parametrize("phase", ["idle", "command under way", "renewal under way"])
async def test_suspended(direct: Site, figure: Record, phase: str) -> None:
    """The process sleeps longer than the panel waits for its pings."""
    if phase == "renewal under way":
        await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFE)
    await direct.set_up()
    sees = "assumed"
    if phase == "command under way":
        await direct.pdk.faults(commands="ignored")
        action = direct.unlocking()
        assert len(await direct.pdk.commands(PANEL)) == 1
        _sleep()
        assert await direct.error_of(action) == "no_answer"
        sees = "action: `no_answer`"
    else:
        _sleep()
    watch = Stopwatch.start()
    await direct.is_disconnected()
    await direct.is_connected(phases.SOON)
    outcome = Outcome(sees, watch.seconds)
    await direct.works(1 if phase == "command under way" else 0)
    figure("matrix", "suspended process", phase, str(outcome))
