"""How soon and how often it connects: outages of an hour, in virtual time."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from tests.pdk.running_stream import DOWN, DROPPED

from .figures import Record
from .virtual_time import PATHS, Outage, in_virtual_time

FIVE_MINUTES = 300.0
MAX_REQUESTS = 8
MINUTE = 59.99
HOUR = 3600.0
# What the simulator's open packet says
PING_INTERVAL, PING_TIMEOUT = 25.0, 20.0

OUTAGES: dict[str, Callable[[Outage], None]] = {
    "everything refused": lambda outage: outage.refuse(accounts=True, panel=True),
    "accounts refused": lambda outage: outage.refuse(accounts=True),
    "panel refused": lambda outage: outage.refuse(panel=True),
    "accounts: HTTP 500": lambda outage: outage.faults(
        token={"status": 500}, panel_token={"status": 500}
    ),
    "accounts: HTTP 429": lambda outage: outage.faults(
        token={"status": 429}, panel_token={"status": 429}
    ),
    "accounts hang": lambda outage: outage.faults(
        token={"hang": True}, panel_token={"hang": True}
    ),
    "credentials refused": lambda outage: outage.faults(
        token={"status": 401}, panel_token={"status": 401}
    ),
    "ID token refused": lambda outage: outage.faults(panel_token={"status": 401}),
    "permission missing": lambda outage: outage.faults(panel_token={"status": 403}),
    "handshake: HTTP 403": lambda outage: outage.faults(
        handshake={"mode": "http", "status": 403}
    ),
    "handshake: TCP reset": lambda outage: outage.faults(handshake={"mode": "abort"}),
    "handshake hangs": lambda outage: outage.faults(handshake={"mode": "hang"}),
    "never `40`": lambda outage: outage.faults(handshake={"mode": "no_connect"}),
    "`44`": lambda outage: outage.faults(handshake={"mode": "error44"}),
    "accept, then `41`": lambda outage: outage.faults(handshake={"mode": "disconnect"}),
    "accept, then kick": lambda outage: outage.faults(handshake={"mode": "kick"}),
}


# The default run has those of them that differ most.
DEFAULT = {
    ("everything refused", False),
    ("accounts: HTTP 429", True),
    ("permission missing", False),
    ("handshake hangs", False),
    ("`44`", False),
    ("accept, then kick", False),
}
SOAK = pytest.mark.soak


@pytest.fixture(autouse=True)
def use_sockets(socket_enabled: None) -> None:
    """Allow connections to 127.0.0.1."""


@pytest.mark.parametrize(
    ("name", "from_renewal"),
    [
        pytest.param(name, renewal, marks=() if (name, renewal) in DEFAULT else SOAK)
        for name in OUTAGES
        for renewal in (False, True)
        if not renewal or "accounts" in name or "refused" in name
    ],
)
def test_pace(
    monkeypatch: pytest.MonkeyPatch, figure: Record, name: str, from_renewal: bool
) -> None:
    """Test an hour in which nothing works, from a lost connection or from a renewal on."""

    async def test(outage: Outage) -> None:
        if from_renewal:
            # the token is renewed after 270 s
            await asyncio.sleep(200)
            OUTAGES[name](outage)
            await asyncio.sleep(69)
            outage.restart()
        else:
            await asyncio.sleep(100)
            outage.restart()
            OUTAGES[name](outage)
            await outage.kick()
        await asyncio.sleep(HOUR)
        row = f"{name}, from a renewal on" if from_renewal else name
        for kind in PATHS:
            times = outage.times(kind)
            first = [at for at in times if at < FIVE_MINUTES]
            later = [at for at in times if at >= FIVE_MINUTES]
            figure("pace", row, f"{kind} in 5 min", str(len(first)))
            figure("pace", row, f"{kind} in the hour", str(len(times)))
            assert len(first) <= MAX_REQUESTS, (kind, first)
            gaps = [after - at for at, after in pairwise(later)]
            assert all(gap >= MINUTE for gap in gaps), (kind, later)

    in_virtual_time(monkeypatch, test)


@pytest.mark.parametrize("name", ["accept, then kick", "accept, then `41`"])
def test_connections_are_accepted_and_ended(
    monkeypatch: pytest.MonkeyPatch, figure: Record, name: str
) -> None:
    """Test that after ten minutes the next attempt is enough."""

    async def test(outage: Outage) -> None:
        await asyncio.sleep(100)
        outage.restart()
        OUTAGES[name](outage)
        await outage.kick()
        await asyncio.sleep(600)
        assert DOWN not in outage.stream.statuses
        attempts = len(outage.times("connections"))
        outage.faults(handshake=None)
        outage.restart()
        await outage.wait_connected()
        assert len(outage.times("connections")) == 1
        await asyncio.sleep(100)
        assert outage.connected
        # that connection has lasted: the next outage begins with the shortest wait
        outage.restart()
        await outage.kick()
        await outage.wait_connected()
        assert outage.seconds <= 2
        text = f"assumed; {attempts} attempts, back at the next"
        figure("matrix", f"{name}, for 10 min", "handshake", text)

    in_virtual_time(monkeypatch, test)


@pytest.mark.parametrize("reconnected", [False, True])
def test_dead_connection(
    monkeypatch: pytest.MonkeyPatch, figure: Record, reconnected: bool
) -> None:
    """Test that silence is noticed by the panel's own ping times, and then replaced."""

    async def test(outage: Outage) -> None:
        if reconnected:
            outage.restart()
            await outage.kick()
            await outage.wait_connected()
        outage.proxy.blackhole()
        outage.restart()
        while DROPPED not in outage.stream.statuses:
            await asyncio.sleep(0.1)
        noticed = outage.seconds
        assert PING_TIMEOUT <= noticed <= PING_INTERVAL + PING_TIMEOUT + 1
        while DOWN not in outage.stream.statuses:
            await asyncio.sleep(0.1)
        await outage.proxy.restore()
        outage.restart()
        await outage.wait_connected()
        connected = outage.seconds - outage.times("connections")[0]
        assert connected <= 2
        row = "after a reconnect" if reconnected else "at first"
        limit = f"at most {PING_INTERVAL + PING_TIMEOUT + 1:.0f} s"
        column = f"dead connection noticed after ({limit})"
        figure("noticed", row, column, f"{noticed:.2f} s")
        column = "connected after the first attempt that can succeed (at most 2 s)"
        figure("noticed", row, column, f"{connected:.2f} s")

    in_virtual_time(monkeypatch, test)


def test_site_that_drops_every_50_seconds(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that it is connected again within seconds each time."""

    async def test(outage: Outage) -> None:
        waits = []
        for _ in range(8):
            await asyncio.sleep(50)
            outage.restart()
            await outage.kick()
            await outage.wait_connected()
            waits.append(outage.seconds)
        # in virtual time: the second attempt of an outage comes after 4 to 5 s
        assert max(waits) < 6, waits

    in_virtual_time(monkeypatch, test)
