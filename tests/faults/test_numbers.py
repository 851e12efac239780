"""How soon, and how often: outages of an hour, in virtual time."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from custom_components.prodatakey.pdk.stream import StreamStatus

from .figures import Record
from .site import CONNECTION, PING_INTERVAL, PING_TIMEOUT, Site, Stopwatch, state_of
from .virtual_time import PATHS, Outage, in_virtual_time, streaming

FIVE_MINUTES = 300.0
MOST = 8
MINUTE = 59.99
HOUR = 3600.0

type Begin = Callable[[Outage], None]


def _refuse(outage: Outage, *ports: int) -> None:
    outage.connector.refused_ports.update(ports)


OUTAGES: dict[str, Begin] = {
    "everything refused": lambda outage: _refuse(
        outage, outage.accounts_port, outage.panel_port
    ),
    "accounts refused": lambda outage: _refuse(outage, outage.accounts_port),
    "panel refused": lambda outage: _refuse(outage, outage.panel_port),
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


def check_pace(outage: Outage, name: str, figure: Record) -> None:
    """See that nothing was asked too often."""
    for kind in PATHS:
        times = outage.times(kind)
        early = [at for at in times if at < FIVE_MINUTES]
        late = [at for at in times if at >= FIVE_MINUTES]
        gaps = [after - at for at, after in pairwise(late)]
        figure("pace", name, f"{kind} in 5 min", str(len(early)))
        figure("pace", name, f"{kind} in the hour", str(len(times)))
        assert len(early) <= MOST, (kind, early)
        assert all(gap >= MINUTE for gap in gaps), (kind, late)


@pytest.mark.parametrize("name", OUTAGES)
def test_pace(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch, figure: Record, name: str
) -> None:
    """The stream ends, and for an hour nothing works."""

    async def main() -> None:
        async with streaming() as outage:
            await asyncio.sleep(100)
            outage.begin()
            OUTAGES[name](outage)
            await outage.cut()
            await asyncio.sleep(HOUR)
            check_pace(outage, name, figure)

    in_virtual_time(monkeypatch, main)


@pytest.mark.parametrize(
    "name", [name for name in OUTAGES if "accounts" in name or "refused" in name]
)
def test_pace_from_a_renewal_on(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch, figure: Record, name: str
) -> None:
    """The stream works on while its token lives, and then nothing works."""

    async def main() -> None:
        async with streaming() as outage:
            await asyncio.sleep(200)
            OUTAGES[name](outage)
            await asyncio.sleep(69)
            outage.begin()
            await asyncio.sleep(HOUR)
            check_pace(outage, f"{name}, from a renewal on", figure)

    in_virtual_time(monkeypatch, main)


@pytest.mark.parametrize("name", ["accept, then kick", "accept, then `41`"])
def test_kicked_for_ten_minutes(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch, figure: Record, name: str
) -> None:
    """Each connection is accepted and ended at once; then they are left alone."""

    async def main() -> None:
        async with streaming() as outage:
            await asyncio.sleep(100)
            outage.begin()
            OUTAGES[name](outage)
            await outage.cut()
            await asyncio.sleep(600)
            statuses = {status for _, status in outage.statuses}
            attempts = len(outage.times("connections"))
            outage.faults(handshake=None)
            outage.begin()
            await outage.connected()
            back = outage.statuses[-1][0] - outage.began
            tried = outage.times("connections")[-1]
            assert back - tried <= 2
            await asyncio.sleep(100)
            assert outage.statuses[-1][1] is StreamStatus.CONNECTED
            assert statuses <= {StreamStatus.CONNECTED, StreamStatus.DROPPED}
            row = f"{name}, for 10 min"
            text = f"assumed; {attempts} attempts, back at the next"
            figure("matrix", row, "handshake", text)

    in_virtual_time(monkeypatch, main)


@pytest.mark.parametrize("kick", [False, True])
async def test_silence_is_noticed(site: Site, figure: Record, kick: bool) -> None:
    """A connection that is dead without a sign is noticed by the panel's own times."""
    await site.set_up()
    if kick:
        # not only the first connection of an entry
        site.panel.cut()
        await site.is_disconnected()
        await site.is_connected()
    site.panel.blackhole()
    watch = Stopwatch.start()
    await site.is_disconnected()
    noticed = watch.seconds
    assert noticed <= PING_INTERVAL + PING_TIMEOUT + 1
    await site.is_unavailable()
    await site.panel.mend()
    attempts = site.panel.accepted
    while site.panel.accepted == attempts:
        await asyncio.sleep(0.001)
    watch = Stopwatch.start()
    await site.is_connected()
    connected = watch.seconds
    assert connected <= 2
    assert state_of(site.hass, CONNECTION).state == "on"
    await site.works(0)
    row = "after a reconnect" if kick else "at first"
    promised = f"{PING_INTERVAL + PING_TIMEOUT + 1:.1f}"
    figure(
        "noticed",
        row,
        f"dead connection noticed after (at most {promised} s)",
        f"{noticed:.2f} s",
    )
    figure(
        "noticed",
        row,
        "connected after the first attempt that can succeed (at most 2 s)",
        f"{connected:.2f} s",
    )
