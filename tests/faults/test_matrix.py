"""The fault matrix: each fault in each phase, and what the user sees."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import product

import pytest

from custom_components.prodatakey.const import DOMAIN
from tests.common import CONFIRM_REJECTION_AFTER, wait_until
from tests.network import Proxy
from tests.pdk.common import send_frame, set_constants
from tests.simulator_process import Json

from . import phases
from .phases import Fault, Phase
from .site import BOTH, ONLY_V2, V1, V2, FaultySite

# What the user sees in each phase of most faults
PHASES: dict[str, tuple[Phase, str]] = {
    "token request": (phases.set_up, "cannot_connect"),
    "site token": (phases.set_up, "cannot_connect"),
    "cloud nodes": (phases.set_up, "cannot_connect"),
    "REST": (phases.set_up, "cannot_connect"),
    "handshake": (phases.handshake, "unavailable"),
    "before acceptance": (phases.before_acceptance, "unavailable"),
    "idle": (phases.idle, "unavailable"),
    "command pending": (phases.command, "no_answer"),
    "renewal pending": (phases.renewal, "unavailable"),
}
# PDK 1.0 has no such list.
ONLY = {"cloud nodes": V2}


def cells(
    all_phases: Iterable[str],
    v1: Mapping[str, Iterable[str]],
    v2: Mapping[str, Iterable[str]],
) -> pytest.MarkDecorator:
    """Parametrize a test with generations, faults and phases.

    `v1` and `v2` have the phases of each fault in the default run.
    """
    return pytest.mark.parametrize(
        ("generation", "name", "phase"),
        [
            pytest.param(
                *(generation, name, phase),
                marks=() if phase in default[name] else pytest.mark.soak,
                id=f"{number}.0-{name}-{phase}",
            )
            for number, generation, default in ((1, V1, v1), (2, V2, v2))
            for name, phase in product(default, all_phases)
            if ONLY.get(phase, generation) is generation
        ],
        indirect=["generation"],
    )


# The network

OF_ACCOUNTS = ("token request", "renewal pending")


# For the network the other requests are like these
NETWORK_PHASES = [each for each in PHASES if each not in ("site token", "cloud nodes")]


def network_fault(name: str, phase: str) -> Fault:
    """Return a fault of the network that a phase uses."""

    def network(site: FaultySite) -> Proxy:
        return site.accounts if phase in OF_ACCOUNTS else site.panel

    async def begin(site: FaultySite) -> None:
        match name:
            case "connection refused":
                network(site).refuse()
            case "TCP reset":
                network(site).reset()
            case "TLS handshake hangs":
                network(site).be_silent()
            case "blackhole":
                network(site).blackhole()
            case "half-open socket":
                network(site).forget()
                # the server has gone: it does not answer new connections either
                network(site).refuse()
            case _:
                network(site).tls = site.certificates[name]
        if name not in ("blackhole", "half-open socket"):
            network(site).cut()

    return Fault(begin, lambda site: network(site).restore())


@cells(
    NETWORK_PHASES,
    {
        "connection refused": ("handshake",),
        "TCP reset": ("REST", "command pending"),
        # certificates
        "of another host": ("token request", "REST", "handshake"),
        "expired": ("handshake",),
        "of a stranger": ("handshake",),
        "TLS handshake hangs": ("handshake",),
        "blackhole": NETWORK_PHASES,
        "half-open socket": ("idle", "command pending"),
    },
    {
        "connection refused": ("handshake",),
        "TCP reset": ("idle", "command pending"),
        "of another host": ("REST", "handshake"),
        "expired": (),
        "of a stranger": (),
        "TLS handshake hangs": (),
        "blackhole": ("idle", "command pending", "renewal pending"),
        "half-open socket": ("command pending",),
    },
)
async def test_network(site: FaultySite, name: str, phase: str) -> None:
    """Test a network that fails, or presents a wrong certificate, over real TLS."""
    run, sees = PHASES[phase]
    await run(site, network_fault(name, phase), sees)


@BOTH
@pytest.mark.parametrize("name", ["blackhole", "half-open socket"])
async def test_lost_command(site: FaultySite, name: str) -> None:
    """Test that a command that is lost is not delivered when the network is back."""
    fault = network_fault(name, "command pending")
    await phases.lost_command(site, fault)


@BOTH
@pytest.mark.parametrize("phase", ["idle", "renewal pending"])
async def test_server_is_replaced(site: FaultySite, phase: str) -> None:
    """Test a server that is killed, and another that does not know its tokens."""

    async def begin(site: FaultySite) -> None:
        for proxy in (site.accounts, site.panel):
            proxy.refuse()
            proxy.cut()

    async def end(site: FaultySite) -> None:
        await site.pdk.reset()
        await site.use_proxies()
        for proxy in (site.accounts, site.panel):
            await proxy.restore()

    run, sees = PHASES[phase]
    await run(site, Fault(begin, end), sees)


# HTTP

ANSWERS: dict[str, Json] = {
    "HTTP 400": {"status": 400},
    "HTTP 401": {"status": 401},
    "HTTP 403": {"status": 403},
    "HTTP 429": {"status": 429},
    "HTTP 500": {"status": 500},
    "HTML page": {"status": 200, "body": "html"},
    "truncated JSON": {"status": 200, "body": "truncated"},
}
# The kinds of requests of each phase, in PDK 1.0 and 2.0
REQUESTS = {
    "token request": ("token",),
    "site token": ("panel_token", "system_token"),
    "cloud nodes": ("cloud_nodes",),
    "REST": ("devices", "system_devices"),
    "handshake": ("handshake", "system_stream"),
    "renewal pending": ("panel_token", "system_token"),
}
# Where the user sees more than that pdk.io cannot be reached
ERRORS = {
    ("token request", "HTTP 400"): "invalid_auth",
    ("token request", "HTTP 401"): "invalid_auth",
    ("site token", "HTTP 401"): "invalid_auth",
    ("site token", "HTTP 403"): "no_permission",
    ("cloud nodes", "HTTP 403"): "no_permission",
    ("REST", "HTTP 403"): "no_permission",
} | {
    (phase, "HTTP 429"): "rate_limited"
    for phase in ("token request", "site token", "cloud nodes", "REST")
}


def wrong_answer(name: str, phase: str) -> Fault:
    """Return a fault: the requests of a phase get a wrong answer."""
    kinds, answer = REQUESTS[phase], ANSWERS[name]
    faults = dict.fromkeys(kinds, answer)
    if phase == "handshake":
        body = "<html></html>" if "HTML" in name else '{"message": "Simu'
        faults["handshake"] = {"mode": "http", "status": answer["status"], "body": body}
    return Fault(
        lambda site: site.pdk.faults(None, **faults),
        lambda site: site.pdk.faults(None, **dict.fromkeys(kinds)),
    )


@cells(
    REQUESTS,
    {
        "HTTP 400": ("token request",),
        "HTTP 401": ("token request", "renewal pending"),
        "HTTP 403": ("REST", "handshake", "renewal pending"),
        "HTTP 429": ("token request", "REST", "renewal pending"),
        "HTTP 500": ("token request", "REST", "handshake"),
        "HTML page": ("token request", "handshake"),
        "truncated JSON": ("REST",),
    },
    {
        "HTTP 400": (),
        "HTTP 401": ("site token", "handshake"),
        "HTTP 403": ("site token", "REST", "renewal pending"),
        "HTTP 429": ("site token", "REST"),
        "HTTP 500": ("cloud nodes", "handshake", "renewal pending"),
        "HTML page": ("REST", "handshake"),
        "truncated JSON": (),
    },
)
async def test_http(direct: FaultySite, name: str, phase: str) -> None:
    """Test each wrong answer to each request."""
    run, sees = PHASES[phase]
    sees = ERRORS.get((phase, name), sees)
    await run(direct, wrong_answer(name, phase), sees)


@BOTH
@pytest.mark.parametrize("name", ["HTTP 401", "HTTP 429"])
async def test_renewal_is_retried(direct: FaultySite, name: str) -> None:
    """Test that the user notices no failed renewal while the old token is valid."""
    set_constants(direct.monkeypatch, renew_at=0.05)
    fault = wrong_answer(name, "renewal pending")
    await phases.renewal(direct, fault, "nothing")


@ONLY_V2
@pytest.mark.parametrize(("name", "issue"), [("HTTP 401", False), ("HTTP 403", True)])
async def test_user_is_asked(direct: FaultySite, name: str, issue: bool) -> None:
    """Test that the user of a running site is asked for what only the user can give."""

    def asked() -> tuple[bool, bool]:
        flows = direct.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        return direct.misses_permission, bool(flows)

    direct.monkeypatch.setattr(CONFIRM_REJECTION_AFTER, 0.3)
    await direct.set_up()
    fault = wrong_answer(name, "renewal pending")
    await fault.begin(direct)
    await direct.kick()
    await wait_until(lambda: asked() == (issue, not issue))
    await fault.end(direct)
    await wait_until(lambda: asked() == (False, False))
    await direct.wait_connected()
    await direct.check_works(0)


# The stream


def frame(text: str) -> Callable[[FaultySite], Awaitable[None]]:
    """Return a fault: the panel sends a frame."""
    return lambda site: send_frame(site.pdk, text)


ENDS = {
    "`41`": frame("41"),
    "`44`": frame('44"Authorization has failed."'),
    "`1`": frame("1"),
    "garbage": frame("garbage"),
    "5 MB frame": frame(f'42["liveEvent",{{"info":"{"x" * 5_000_000}"}}]'),
    "closed without goodbye": lambda site: site.kick("close"),
    "TCP reset by the panel": lambda site: site.kick("abort"),
}
STREAM_PHASES: dict[str, tuple[Phase, str]] = {
    "before acceptance": (phases.before_acceptance, "unavailable"),
    "idle": (phases.idle, "assumed"),
    "command pending": (phases.command, "no_answer"),
    "renewal pending": (phases.interrupted_renewal, "unavailable"),
}


@cells(
    STREAM_PHASES,
    {
        "`41`": STREAM_PHASES,
        "`44`": ("idle", "before acceptance"),
        "`1`": ("idle",),
        "garbage": ("idle",),
        "5 MB frame": ("idle",),
        "closed without goodbye": ("idle", "command pending"),
        "TCP reset by the panel": ("command pending",),
    },
    {
        "closed without goodbye": ("idle", "renewal pending"),
        "TCP reset by the panel": ("idle", "command pending"),
    },
)
async def test_panel_ends_the_stream(direct: FaultySite, name: str, phase: str) -> None:
    """Test each way in which a panel ends a connection."""
    run, sees = STREAM_PHASES[phase]
    if (name, phase) == ("garbage", "idle"):
        sees = "nothing"
    # the fault is over at once
    await run(direct, Fault(ENDS[name], lambda _: asyncio.sleep(0)), sees)
