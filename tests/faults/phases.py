"""The phases in which a fault can strike, and what the user then sees."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
from tests.common import CREDENTIALS, PANEL, state_of
from tests.pdk.common import kick, wait_for_requests

from .site import LOCK, Site

TOKEN_LIFETIME = 0.6
# With an early renewal, the old token outlives the fault on any machine.
LONG_TOKEN_LIFETIME = 12.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and is put right again."""

    begin: Callable[[Site], Awaitable[Any]]
    end: Callable[[Site], Awaitable[Any]]


type Phase = Callable[[Site, Fault, str], Awaitable[str]]


async def _recover(
    site: Site,
    fault: Fault,
    commands: int | None,
    then: Callable[[], Awaitable[Any]] | None = None,
) -> str:
    """End a fault, wait until all is well, and return after how many seconds."""
    await fault.end(site)
    now = asyncio.get_running_loop().time
    began = now()
    if then:
        await then()
    await site.wait_connected(40)
    seconds = now() - began
    await site.check_works(commands)
    return f"{seconds:.1f} s"


async def set_up(site: Site, fault: Fault, error: str) -> str:
    """Set an entry up while something is wrong with what it requests."""

    async def retry() -> None:
        later = dt_util.utcnow()
        while site.entry.state is not ConfigEntryState.LOADED:
            later += timedelta(minutes=2)
            async_fire_time_changed(site.hass, later)
            await asyncio.sleep(0.05)

    await fault.begin(site)
    await site.hass.config_entries.async_setup(site.entry.entry_id)
    assert site.entry.error_reason_translation_key == error
    assert site.entry.state is ConfigEntryState.SETUP_RETRY
    assert not site.hass.states.async_entity_ids("lock")
    return f"set-up: `{error}`; {await _recover(site, fault, 0, retry)}"


async def panel_list(site: Site, fault: Fault, error: str) -> str:
    """Add a panel while the list of panels cannot be read."""
    flows = site.hass.config_entries.flow
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    form = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    await fault.begin(site)
    form = await flows.async_configure(form["flow_id"], CREDENTIALS)
    assert form["errors"] == {"base": error}

    async def submit() -> None:
        # after a rate limit the user may have to press the button more than once
        step = form
        while step["step_id"] == "user":
            await asyncio.sleep(0.05)
            step = await flows.async_configure(form["flow_id"], CREDENTIALS)
        await flows.async_configure(form["flow_id"], {"panel_id": PANEL})
        done = await flows.async_configure(form["flow_id"], {})
        assert done["type"] is FlowResultType.CREATE_ENTRY
        site.entry = done["result"]  # type: ignore[assignment]

    return f"form: `{error}`; {await _recover(site, fault, 0, submit)}"


async def handshake(site: Site, fault: Fault, sees: str) -> str:
    """End the stream, and let its reconnects fail."""
    await site.set_up()
    await fault.begin(site)
    await kick(site.pdk, "abort")
    await site.wait_unavailable()
    # Home Assistant leaves out what is unavailable: nothing is sent, now or later.
    await site.unlock()
    return f"{sees}; {await _recover(site, fault, 0)}"


async def before_40(site: Site, fault: Fault, sees: str) -> str:
    """Let a connection come as far as the websocket, and no further."""
    await site.set_up()
    await site.pdk.faults(handshake={"mode": "no_connect"})
    handshakes = (await site.pdk.requests())["handshake"]
    await kick(site.pdk, "abort")
    await wait_for_requests(site.pdk, "handshake", handshakes + 1)
    await fault.begin(site)
    await site.wait_unavailable()

    async def accept() -> None:
        await site.pdk.faults(handshake=None)

    return f"{sees}; {await _recover(site, fault, 0, accept)}"


async def idle(site: Site, fault: Fault, sees: str) -> str:
    """Strike while nothing is going on.

    The user sees "unavailable", "assumed" for a connection that is back at once, or
    "nothing".
    """
    await site.set_up()
    await fault.begin(site)
    if sees == "unavailable":
        await site.wait_unavailable()
    elif sees == "assumed":
        await site.wait_disconnected()
        assert state_of(site.hass, LOCK).attributes["assumed_state"] is True
    else:
        await site.unlock()
        assert state_of(site.hass, LOCK).state == "unlocked"
    return f"{sees}; {await _recover(site, fault, int(sees == 'nothing'))}"


async def command(site: Site, fault: Fault, error: str) -> str:
    """Strike when the panel has a command and has not answered."""
    await site.set_up()
    await site.pdk.faults(commands="ignored")
    action = site.unlock()
    assert len(await site.pdk.commands(PANEL)) == 1
    assert state_of(site.hass, LOCK).state == "locked"
    await fault.begin(site)
    assert await site.error_of(action) == error
    assert state_of(site.hass, LOCK).state != "unlocked"
    return f"action: `{error}`; {await _recover(site, fault, None)}"


async def lost_command(site: Site, fault: Fault, error: str) -> str:
    """Strike before a command reaches the panel: then it never may."""
    await site.set_up()
    await fault.begin(site)
    assert await site.error_of(site.unlock()) == error
    return f"action: `{error}`; {await _recover(site, fault, 0)}"


async def renewal(site: Site, fault: Fault, sees: str) -> str:
    """Strike before a token is renewed, for a moment ("nothing") or until it expires."""
    life = TOKEN_LIFETIME if sees == "unavailable" else LONG_TOKEN_LIFETIME
    await site.pdk.faults(PANEL, panel_token_lifetime=life)
    await site.set_up()
    tokens = (await site.pdk.requests())["panel_token"]
    await fault.begin(site)
    if sees == "unavailable":
        await site.wait_unavailable()
        return f"{sees}; {await _recover(site, fault, 0)}"
    await wait_for_requests(site.pdk, "panel_token", tokens + 1)
    assert state_of(site.hass, LOCK).state == "locked"

    async def renewed() -> None:
        await wait_for_requests(site.pdk, "renewed")
        assert (await site.pdk.requests())["connect"] == 1

    return f"{sees}; {await _recover(site, fault, 0, renewed)}"


async def interrupted_renewal(site: Site, fault: Fault, sees: str) -> str:
    """Strike at the stream while a new token is requested."""
    await site.pdk.faults(PANEL, panel_token_lifetime=TOKEN_LIFETIME)
    await site.set_up()
    tokens = (await site.pdk.requests())["panel_token"]
    await site.pdk.faults(panel_token={"hang": True})
    await wait_for_requests(site.pdk, "panel_token", tokens + 1)
    await fault.begin(site)
    await site.wait_unavailable()

    async def answer() -> None:
        await site.pdk.faults(panel_token=None)

    return f"{sees}; {await _recover(site, fault, 0, answer)}"


PHASES: dict[str, Phase] = {
    "token request": set_up,
    "panel list": panel_list,
    "REST": set_up,
    "handshake": handshake,
    "before `40`": before_40,
    "idle": idle,
    "command pending": command,
    "renewal pending": renewal,
}

# Variants of other faults, which the default run has only where they could differ
VARIANTS = {
    "DNS gone": ("panel list", "handshake"),
    "connection refused": ("token request", "handshake", "command pending"),
    "TCP reset": ("REST", "idle", "renewal pending"),
    "certificate of another host": ("token request", "REST", "handshake"),
    "certificate expired": ("handshake",),
    "certificate of a stranger": ("handshake",),
    "TLS handshake hangs": ("token request", "handshake", "before `40`"),
    "HTTP 400": ("token request",),
    "HTTP 401": ("token request", "panel list", "renewal pending"),
    "HTTP 403": ("REST", "handshake", "renewal pending"),
    "HTTP 404": (),
    "HTTP 429": ("token request", "panel list", "REST", "renewal pending"),
    "HTTP 500": ("token request", "REST", "handshake"),
    "HTTP 502": (),
    "HTML page": ("panel list", "handshake"),
    "truncated JSON": ("panel list",),
    "closed without goodbye": ("idle", "command pending"),
    "TCP reset by the panel": ("command pending",),
    "garbage": ("idle", "before `40`"),
    "5 MB frame": ("idle",),
    "`1`": ("idle",),
    "`44`": ("idle", "before `40`"),
}


def cells(cells: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """Parametrize a test with faults and the phases they strike in."""
    return pytest.mark.parametrize(
        ("name", "phase"),
        [
            pytest.param(
                name,
                phase,
                marks=pytest.mark.soak
                if phase not in VARIANTS.get(name, phase)
                else (),
            )
            for name, phase in cells
        ],
    )
