"""The fault matrix: each fault in each phase, and what the user sees."""

from collections.abc import Awaitable, Callable
from itertools import product
from typing import Any

import pytest

from tests.network import Proxy
from tests.pdk.common import kick, send_frame, set_constants
from tests.simulator_process import Json

from . import phases
from .figures import Record
from .phases import PHASES, Fault, Phase, cells
from .site import Site

# The network

SEES = {
    "token request": "cannot_connect",
    "panel list": "cannot_connect",
    "REST": "cannot_connect",
    "handshake": "unavailable",
    "before `40`": "unavailable",
    "idle": "unavailable",
    "command pending": "no_answer",
    "renewal pending": "unavailable",
}
OF_ACCOUNTS = ("token request", "panel list", "renewal pending")
# What needs a connection that stands
STREAM = ("before `40`", "idle", "command pending")


def _no_dns(site: Site, proxy: Proxy) -> None:
    site.end_dns()
    proxy.cut()


def _refuse(_: Site, proxy: Proxy) -> None:
    proxy.refuse()
    proxy.cut()


def _hang(_: Site, proxy: Proxy) -> None:
    proxy.be_silent()
    proxy.cut()


def _half_open(_: Site, proxy: Proxy) -> None:
    proxy.forget()
    # the server has gone: it does not answer new connections either
    proxy.refuse()


def _certificate(name: str) -> Callable[[Site, Proxy], None]:
    def present(site: Site, proxy: Proxy) -> None:
        proxy.present(site.certificates.wrong[name])
        proxy.cut()

    return present


NETWORK: dict[str, Callable[[Site, Proxy], None]] = {
    "DNS gone": _no_dns,
    "connection refused": _refuse,
    "TCP reset": lambda _, proxy: proxy.reset(),
    "certificate of another host": _certificate("of another host"),
    "certificate expired": _certificate("expired"),
    "certificate of a stranger": _certificate("of a stranger"),
    "TLS handshake hangs": _hang,
    "blackhole": lambda _, proxy: proxy.blackhole(),
    "half-open socket": _half_open,
}


def network_fault(name: str, phase: str) -> Fault:
    """Return a fault of the network that a phase uses."""

    def proxy(site: Site) -> Proxy:
        return site.accounts if phase in OF_ACCOUNTS else site.panel

    async def begin(site: Site) -> None:
        NETWORK[name](site, proxy(site))

    async def end(site: Site) -> None:
        site.has_dns = True
        await proxy(site).restore()

    return Fault(begin, end)


@cells(
    (name, phase)
    for name in NETWORK
    for phase in (STREAM if "half-open" in name else SEES)
)
async def test_network(site: Site, figure: Record, name: str, phase: str) -> None:
    """Test a network that fails, over names and real TLS."""
    fault = network_fault(name, phase)
    figure("matrix", name, phase, await PHASES[phase](site, fault, SEES[phase]))


@pytest.mark.parametrize("name", ["blackhole", "half-open socket"])
async def test_lost_command(site: Site, figure: Record, name: str) -> None:
    """Test that a command that is lost is not delivered when the network is back."""
    fault = network_fault(name, "command pending")
    outcome = await phases.lost_command(site, fault, "no_answer")
    figure("matrix", f"{name}, command lost", "command pending", outcome)


@pytest.mark.parametrize("name", ["DNS gone", "connection refused"])
async def test_connection_stays(site: Site, figure: Record, name: str) -> None:
    """Test that what only new connections need does not end the one that stands."""

    async def begin(site: Site) -> None:
        if name == "DNS gone":
            site.end_dns()
        else:
            site.panel.refuse()

    fault = Fault(begin, network_fault(name, "idle").end)
    row = f"{name}, but the stream stands"
    figure("matrix", row, "idle", await phases.idle(site, fault, "nothing"))
    figure("matrix", row, "command pending", "action: done; no outage")


@pytest.mark.parametrize("phase", [*STREAM, "renewal pending"])
async def test_server_is_replaced(site: Site, figure: Record, phase: str) -> None:
    """Test a server that is killed, and another that does not know its tokens."""

    async def begin(site: Site) -> None:
        for proxy in (site.accounts, site.panel):
            _refuse(site, proxy)

    async def end(site: Site) -> None:
        await site.pdk.reset()
        await site.use_proxies()
        for proxy in (site.accounts, site.panel):
            await proxy.restore()

    outcome = await PHASES[phase](site, Fault(begin, end), SEES[phase])
    figure("matrix", "server killed", phase, outcome)


async def test_certificate_is_verified(site: Site) -> None:
    """Test that with the right certificate it works: the wrong ones do matter."""
    await site.set_up()
    await site.check_works(0)
    assert site.panel.accepted


# HTTP

ANSWERS: dict[str, Json] = {
    "HTTP 400": {"status": 400},
    "HTTP 401": {"status": 401},
    "HTTP 403": {"status": 403},
    "HTTP 404": {"status": 404},
    "HTTP 429": {"status": 429},
    "HTTP 500": {"status": 500},
    "HTTP 502": {"status": 502, "body": "html"},
    "HTML page": {"status": 200, "body": "html"},
    "truncated JSON": {"status": 200, "body": "truncated"},
}
REQUESTS = {
    "token request": "token",
    "panel list": "ous",
    "REST": "devices",
    "handshake": "handshake",
    "renewal pending": "panel_token",
}
# Where the user sees more than that pdk.io cannot be reached
ERRORS = {
    ("token request", "HTTP 400"): "invalid_auth",
    ("token request", "HTTP 401"): "invalid_auth",
    ("token request", "HTTP 429"): "rate_limited",
    ("panel list", "HTTP 401"): "invalid_auth",
    ("panel list", "HTTP 429"): "rate_limited",
    ("REST", "HTTP 403"): "no_permission",
    ("REST", "HTTP 429"): "rate_limited",
}


def wrong_answer(name: str, phase: str) -> Fault:
    """Return a fault: the requests of a phase get a wrong answer."""
    kind, answer = REQUESTS[phase], ANSWERS[name]
    if kind == "handshake":
        body = "<html></html>" if "HTML" in name else '{"message": "Simu'
        answer = {"mode": "http", "status": answer["status"], "body": body}
    # both generations have a list
    kinds = ("ous", "organizations") if kind == "ous" else (kind,)
    return Fault(
        lambda site: site.pdk.faults(None, **dict.fromkeys(kinds, answer)),
        lambda site: site.pdk.faults(None, **dict.fromkeys(kinds)),
    )


@cells(product(ANSWERS, REQUESTS))
async def test_http(direct: Site, figure: Record, name: str, phase: str) -> None:
    """Test each wrong answer to each request."""
    sees = ERRORS.get((phase, name), SEES[phase])
    outcome = await PHASES[phase](direct, wrong_answer(name, phase), sees)
    figure("matrix", name, phase, outcome)


@pytest.mark.parametrize("name", ["HTTP 401", "HTTP 429"])
async def test_renewal_is_retried(direct: Site, name: str) -> None:
    """Test that nobody notices a failed renewal while the old token lives."""
    set_constants(direct.monkeypatch, renew_at=0.1)
    fault = wrong_answer(name, "renewal pending")
    await phases.renewal(direct, fault, "nothing")


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
