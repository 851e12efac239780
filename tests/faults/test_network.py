"""The network fails, or the server does: in each phase, over names and real TLS."""

from collections.abc import Awaitable, Callable
import signal

import pytest

from . import phases
from .certificates import Certificates
from .figures import Record
from .front import Front
from .phases import Fault
from .site import LOCK, PANEL, Site, state_of

type Act = Callable[[Site, Front], Awaitable[None]]


def which(site: Site, phase: str) -> Front:
    """Return the network to the server that a phase is about."""
    of_accounts = ("token request", "panel list", "renewal under way")
    return site.accounts if phase in of_accounts else site.panel


async def _mend(site: Site, front: Front) -> None:
    site.has_dns = True
    await front.mend()


async def _no_dns(site: Site, front: Front) -> None:
    site.has_dns = False
    site.forget_addresses()
    front.cut()


async def _refuse(site: Site, front: Front) -> None:
    front.refuse()
    front.cut()


async def _reset(site: Site, front: Front) -> None:
    front.reset()


async def _hang(site: Site, front: Front) -> None:
    front.be_silent()
    front.cut()


async def _blackhole(site: Site, front: Front) -> None:
    front.blackhole()


async def _half_open(site: Site, front: Front) -> None:
    front.forget()
    # the server that forgot has gone: it does not answer new connections either
    front.refuse()


def _certificate(name: str) -> Act:
    async def show(site: Site, front: Front) -> None:
        certificates: Certificates = site.certificates
        front.wear(getattr(certificates, name))
        front.cut()

    return show


FAULTS: dict[str, Act] = {
    "DNS gone": _no_dns,
    "connection refused": _refuse,
    "TCP reset": _reset,
    "certificate of another host": _certificate("of_another_host"),
    "certificate expired": _certificate("expired"),
    "certificate of a stranger": _certificate("of_a_stranger"),
    "TLS handshake hangs": _hang,
    "blackhole": _blackhole,
    "half-open socket": _half_open,
}


def network_fault(name: str, phase: str) -> Fault:
    """Return a fault of the network that a phase goes over."""
    return Fault(
        name=name,
        begin=lambda site: FAULTS[name](site, which(site, phase)),
        end=lambda site: _mend(site, which(site, phase)),
    )


@pytest.mark.parametrize("name", [name for name in FAULTS if "half" not in name])
@pytest.mark.parametrize("phase", ["token request", "REST"])
async def test_set_up(site: Site, figure: Record, name: str, phase: str) -> None:
    """The entry is not set up, and is once it can be."""
    fault = network_fault(name, phase)
    outcome = await phases.set_up(site, fault, "cannot_connect")
    figure("matrix", name, phase, str(outcome))


@pytest.mark.parametrize("name", [name for name in FAULTS if "half" not in name])
async def test_panel_list(site: Site, figure: Record, name: str) -> None:
    """The form says that pdk.io cannot be reached."""
    fault = network_fault(name, "panel list")
    outcome = await phases.panel_list(site, fault, "cannot_connect")
    figure("matrix", name, "panel list", str(outcome))


@pytest.mark.parametrize("name", [name for name in FAULTS if "half" not in name])
async def test_handshake(site: Site, figure: Record, name: str) -> None:
    """No new connection comes about."""
    outcome = await phases.handshake(site, network_fault(name, "handshake"), "")
    figure("matrix", name, "handshake", str(outcome))


@pytest.mark.parametrize("name", FAULTS)
async def test_before_40(site: Site, figure: Record, name: str) -> None:
    """The websocket stands, but the panel has not accepted yet."""
    outcome = await phases.before_40(site, network_fault(name, "before `40`"), "")
    figure("matrix", name, "before `40`", str(outcome))


@pytest.mark.parametrize("name", FAULTS)
async def test_idle(site: Site, figure: Record, name: str) -> None:
    """A connection that stands fails, loudly or not, and no other comes about."""
    outcome = await phases.idle(site, network_fault(name, "idle"), "unavailable")
    figure("matrix", name, "idle", str(outcome))


@pytest.mark.parametrize("name", ["DNS gone", "connection refused"])
async def test_idle_without_need(site: Site, figure: Record, name: str) -> None:
    """What only new connections would need does not disturb the one that stands."""

    async def begin(site: Site) -> None:
        site.has_dns = name != "DNS gone"
        site.forget_addresses()
        if name == "connection refused":
            site.panel.refuse()

    fault = Fault(name=name, begin=begin, end=lambda site: _mend(site, site.panel))
    outcome = await phases.idle(site, fault, "nothing")
    row = f"{name}, but the stream stands"
    figure("matrix", row, "idle", str(outcome))
    figure("matrix", row, "command under way", "action: done; no outage")


@pytest.mark.parametrize("name", FAULTS)
async def test_command(site: Site, figure: Record, name: str) -> None:
    """The panel has a command, and its answer cannot arrive any more."""
    fault = network_fault(name, "command under way")
    outcome = await phases.command(site, fault, "no_answer")
    figure("matrix", name, "command under way", str(outcome))


@pytest.mark.parametrize("name", ["blackhole", "half-open socket"])
async def test_lost_command(site: Site, figure: Record, name: str) -> None:
    """A command that was lost on the way does not arrive when the way is clear again."""
    fault = network_fault(name, "command under way")
    outcome = await phases.lost_command(site, fault, "no_answer")
    figure("matrix", f"{name}, command lost", "command under way", str(outcome))


@pytest.mark.parametrize("name", [name for name in FAULTS if "half" not in name])
async def test_renewal(site: Site, figure: Record, name: str) -> None:
    """The accounts service cannot be reached until the token has died."""
    fault = network_fault(name, "renewal under way")
    outcome = await phases.renewal(site, fault, "unavailable")
    figure("matrix", name, "renewal under way", str(outcome))


# The server itself


async def _kill(site: Site) -> None:
    site.own.kill()


async def _start_again(site: Site) -> None:
    await site.use(await site.own.start())
    for front in (site.accounts, site.panel):
        await front.mend()


async def _freeze(site: Site) -> None:
    site.own.signal(signal.SIGSTOP)


async def _thaw(site: Site) -> None:
    site.own.signal(signal.SIGCONT)


KILLED = Fault(name="server killed", begin=_kill, end=_start_again)
FROZEN = Fault(name="server frozen", begin=_freeze, end=_thaw)
SERVER_CELLS = [
    (phases.set_up, "token request", "cannot_connect"),
    (phases.panel_list, "panel list", "cannot_connect"),
    (phases.before_40, "before `40`", ""),
    (phases.idle, "idle", "unavailable"),
    (phases.command, "command under way", "no_answer"),
    (phases.renewal, "renewal under way", "unavailable"),
]


@pytest.mark.parametrize("fault", [KILLED, FROZEN], ids=lambda fault: fault.name)
@pytest.mark.parametrize(
    ("phase", "column", "sees"), SERVER_CELLS, ids=[cell[1] for cell in SERVER_CELLS]
)
async def test_server(
    own_site: Site,
    figure: Record,
    fault: Fault,
    phase: phases.Phase,
    column: str,
    sees: str,
) -> None:
    """The server dies and is replaced, or stands still for a while."""
    outcome = await phase(own_site, fault, sees)
    figure("matrix", fault.name, column, str(outcome))


async def test_certificate_is_verified(site: Site) -> None:
    """With the right one it works: it is the certificate that the others fail by."""
    await site.set_up()
    await site.works(0)
    assert site.panel.accepted
    assert state_of(site.hass, LOCK).state == "locked"
    (sockets,) = {(await site.pdk.state())["panels"][PANEL]["sockets"]}
    assert sockets == 1
