"""The fault matrix: what a panel says that ends a connection, in each phase."""

from collections.abc import Awaitable
from itertools import product
from typing import Any

import pytest

from tests.common import state_of
from tests.pdk.common import kick, send_frame, wait_for_requests

from . import phases
from .figures import Record
from .phases import Fault, Phase, cells
from .site import LOCK, Site

FRAMES = {
    "`41`": "41",
    "`44`": '44"Authorization has failed."',
    "`1`": "1",
    "garbage": "garbage",
    "5 MB frame": f'42["liveEvent",{{"info":"{"x" * 5_000_000}"}}]',
}
KICKS = {"closed without goodbye": "close", "TCP reset by the panel": "abort"}
STREAM_PHASES: dict[str, tuple[Phase, str]] = {
    "before `40`": (phases.before_40, "unavailable"),
    "idle": (phases.idle, "assumed"),
    "command pending": (phases.command, "no_answer"),
    "renewal pending": (phases.interrupted_renewal, "unavailable"),
}


async def _nothing(_: Site) -> None:
    """Do nothing: the fault is over at once."""


@cells(product([*FRAMES, *KICKS], STREAM_PHASES))
async def test_stream(direct: Site, figure: Record, name: str, phase: str) -> None:
    """Test each way in which a panel ends a connection."""

    def begin(site: Site) -> Awaitable[Any]:
        if name in FRAMES:
            return send_frame(site.pdk, FRAMES[name])
        return kick(site.pdk, KICKS[name])

    run, sees = STREAM_PHASES[phase]
    if (name, phase) == ("garbage", "idle"):
        sees = "nothing"
    outcome = await run(direct, Fault(begin, _nothing), sees)
    figure("matrix", name, phase, outcome)


def _handshake_fault(mode: str) -> Fault:
    return Fault(
        lambda site: site.pdk.faults(handshake={"mode": mode}),
        lambda site: site.pdk.faults(handshake=None),
    )


@pytest.mark.parametrize(
    ("mode", "name"), [("error44", "`44`"), ("hang", "handshake hangs")]
)
async def test_handshake(direct: Site, figure: Record, mode: str, name: str) -> None:
    """Test new connections that are refused after the websocket has opened, or hang."""
    outcome = await phases.handshake(direct, _handshake_fault(mode), "unavailable")
    figure("matrix", name, "handshake", outcome)


async def test_connections_are_accepted_and_ended(direct: Site, figure: Record) -> None:
    """Test that states stay, assumed, while each connection is ended at once."""
    site, fault = direct, _handshake_fault("disconnect")
    await site.set_up()
    await fault.begin(site)
    await kick(site.pdk, "abort")
    await site.wait_disconnected()
    connects = (await site.pdk.requests())["connect"]
    await wait_for_requests(site.pdk, "connect", connects + 3)
    assert state_of(site.hass, LOCK).state == "locked"
    assert state_of(site.hass, LOCK).attributes["assumed_state"] is True
    # Once a later attempt is rejected, no accepted connection is about to be ended.
    await site.pdk.faults(handshake={"mode": "http", "status": 503})
    handshakes = (await site.pdk.requests())["handshake"]
    await wait_for_requests(site.pdk, "handshake", handshakes + 1)
    await fault.end(site)
    await site.wait_connected()
    await site.check_works(0)
    figure("matrix", "`41`", "handshake", "assumed")
