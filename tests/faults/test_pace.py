"""How soon and how often it connects: long outages, in virtual time."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from custom_components.prodatakey.pdk.commands import TryDwellOpen
from custom_components.prodatakey.pdk.errors import NotConnectedError
from simulator.scenario import device_id
from tests.common import PANEL, WORKSHOP, wait_until
from tests.pdk.common import panel_client
from tests.pdk.running_stream import DOWN, DROPPED

from .virtual_time import Outage, in_virtual_time

FIVE_MINUTES = 300.0
MAX_REQUESTS = 8
MINUTE = 59.99
TWENTY_MINUTES = 1200.0
# What the simulators' open packets say
PING_INTERVAL, PING_TIMEOUT = 25.0, 20.0

pytestmark = pytest.mark.usefixtures("socket_enabled")


def _token(**answer: Any) -> dict[str, Any]:
    """Return faults: requests for a token of a site get this answer."""
    return {"panel_token": answer, "system_token": answer}


def _accounts(**answer: Any) -> dict[str, Any]:
    """Return faults: requests for any token get this answer."""
    return {"token": answer, **_token(**answer)}


def _stream(mode: str, **answer: Any) -> dict[str, Any]:
    """Return faults: handshakes of the stream end in this way, or get this answer."""
    return {"handshake": {"mode": mode, **answer}, "system_stream": answer}


OFFLINE = {
    "id": "c1a5d6f2-0b57-4c6a-8f6e-3a9b1d2e4f60",
    "serialNumber": WORKSHOP,
    "connectionStatus": {"connected": False},
}
OF_BOTH: dict[str, dict[str, Any]] = {
    "everything refused": {"refused": ("accounts", "panel")},
    "accounts refused": {"refused": ("accounts",)},
    "panel refused": {"refused": ("panel",)},
    "accounts: HTTP 500": _accounts(status=500),
    "accounts: HTTP 429": _accounts(status=429),
    "accounts hang": _accounts(hang=True),
    "credentials refused": _accounts(status=401),
    "ID token refused": _token(status=401),
    "permission missing": _token(status=403),
    "handshake: HTTP 403": _stream("http", status=403),
    "handshake: TCP reset": _stream("abort", abort=True),
    "handshake hangs": _stream("hang", hang=True),
}
OF_PANEL = OF_BOTH | {
    "never `40`": _stream("no_connect"),
    "`44`": _stream("error44"),
    "accept, then `41`": _stream("disconnect"),
    "accept, then kick": _stream("kick"),
}
OF_SYSTEM = OF_BOTH | {
    "handshake: HTTP 401": _stream("http", status=401),
    "handshake: HTML": _stream("http", status=200, body="html"),
    "cloud nodes: HTTP 500": {"cloud_nodes": {"status": 500}},
    "site offline": {
        "cloud_nodes": {"body": [OFFLINE], "headers": {"X-Total-Count": "1"}}
    },
}
# The default run has those of them that differ most.
DEFAULT = {
    (PANEL, "everything refused", False),
    (PANEL, "accounts: HTTP 429", True),
    (PANEL, "permission missing", False),
    (PANEL, "handshake hangs", False),
    (PANEL, "`44`", False),
    (PANEL, "accept, then kick", False),
    (WORKSHOP, "everything refused", False),
    (WORKSHOP, "handshake: HTTP 401", True),
    (WORKSHOP, "handshake hangs", False),
    (WORKSHOP, "cloud nodes: HTTP 500", False),
}


@pytest.mark.parametrize(
    ("site", "name", "from_renewal"),
    [
        pytest.param(*cell, marks=() if cell in DEFAULT else pytest.mark.soak)
        for site, outages in ((PANEL, OF_PANEL), (WORKSHOP, OF_SYSTEM))
        for name in outages
        for cell in ((site, name, False), (site, name, True))
    ],
)
def test_pace(
    record_property: Callable[[str, object], None],
    site: str,
    name: str,
    from_renewal: bool,
) -> None:
    """Test when it reconnects in an outage of twenty minutes, also during a renewal."""

    async def test(outage: Outage) -> None:
        # the token is renewed after 270 s
        await asyncio.sleep(269 if from_renewal else 100)
        outage.restart()
        outage.set_faults(**(OF_PANEL | OF_SYSTEM)[name])
        if not from_renewal:
            await outage.kick()
        await asyncio.sleep(TWENTY_MINUTES)
        assert outage.requests
        for path, times in outage.requests.items():
            first = [at for at in times if at < FIVE_MINUTES]
            later = [at for at in times if at >= FIVE_MINUTES]
            record_property(path, f"{len(first)} in 5 min, {len(later)} after that")
            assert len(first) <= MAX_REQUESTS, (path, first)
            gaps = [after - at for at, after in pairwise(later)]
            assert all(gap >= MINUTE for gap in gaps), (path, later)

    in_virtual_time(site, test)


@pytest.mark.parametrize("name", ["accept, then kick", "accept, then `41`"])
def test_connections_are_accepted_and_ended(name: str) -> None:
    """Test that a panel that ended every connection for ten minutes is reached again."""

    async def test(outage: Outage) -> None:
        await asyncio.sleep(100)
        outage.restart()
        outage.set_faults(**OF_PANEL[name])
        await outage.kick()
        await asyncio.sleep(600)
        assert DOWN not in outage.stream.statuses
        outage.set_faults(handshake=None)
        outage.restart()
        await outage.wait_connected()
        await asyncio.sleep(100)
        assert len(outage.requests["/socket.io/"]) == 1
        # that connection has lasted: the next outage begins with the shortest wait
        outage.restart()
        await outage.kick()
        await outage.wait_connected()
        assert outage.seconds <= 2

    in_virtual_time(PANEL, test)


def test_forty_locks_at_once(record_property: Callable[[str, object], None]) -> None:
    """Test that commands of PDK 2.0 are sent in order, in the pace that PDK allows.

    While they wait for their turn nothing of theirs is sent: not after the caller is
    cancelled, and not after the connection has dropped, even if it is back by then.
    """

    async def test(outage: Outage) -> None:
        def lock(number: int) -> asyncio.Task[None]:
            return outage.stream.sending(
                TryDwellOpen(device_id(WORKSHOP, 1), dwell=number)
            )

        def received() -> list[int]:
            panel = outage.simulation.world.host(WORKSHOP).panel
            return [command.body["dwell"] for command in panel.commands]

        outage.restart()
        await asyncio.gather(*map(lock, range(1, 41)))
        assert received() == list(range(1, 41))
        (times,) = (at for path, at in outage.requests.items() if "try-open" in path)
        for start in times:
            assert len([at for at in times if start <= at < start + 1]) <= 17
        record_property("forty commands", f"{times[-1]:.1f} s")
        waiting = [lock(number) for number in range(41, 61)]
        waiting[10].cancel()
        await wait_until(lambda: 45 in received(), 100)
        await outage.kick()
        outage.restart()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        await outage.wait_connected()
        await asyncio.sleep(10)
        sent = [result for result in results if result is None]
        assert received()[40:] == list(range(41, 41 + len(sent)))
        assert 5 <= len(sent) < 10
        assert isinstance(results[10], asyncio.CancelledError)
        assert {type(result) for result in results[11:]} == {NotConnectedError}
        # those that were not sent take no turn
        outage.restart()
        await lock(61)
        assert outage.seconds < 0.1

    in_virtual_time(WORKSHOP, test)


def test_thirty_tokens_at_once(record_property: Callable[[str, object], None]) -> None:
    """Test that tokens of an account are asked for in the pace that PDK allows."""

    async def test(outage: Outage) -> None:
        account = outage.stream.client.account
        clients = [
            panel_client(account.session, account, "http://127.0.0.1/")
            for _ in range(30)
        ]
        outage.restart()
        await asyncio.gather(*(client.get_token() for client in clients))
        times = outage.requests[f"/api/panels/{PANEL}/token"]
        assert len(times) == 30
        for start in times:
            assert len([at for at in times if start <= at < start + 1]) <= 10
        record_property("thirty tokens", f"{times[-1]:.1f} s")

    in_virtual_time(PANEL, test)


@pytest.mark.parametrize("site", [PANEL, WORKSHOP])
def test_dead_connection(
    record_property: Callable[[str, object], None], site: str
) -> None:
    """Test that a dead connection is noticed by the panel's ping times, and replaced."""

    async def test(outage: Outage) -> None:
        for connection in ("first", "second"):
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
            connected = outage.seconds - outage.requests["/socket.io/"][0]
            assert connected <= 2
            record_property(connection, f"{noticed:.2f} s, {connected:.2f} s")

    in_virtual_time(site, test)
