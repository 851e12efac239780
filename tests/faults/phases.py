"""The phases in which a fault can strike: what leads there, and what is seen then."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util import dt as dt_util
from tests.common import CREDENTIALS

from .site import LOCK, PANEL, Site, Stopwatch, state_of

# How soon it must work again once it can, in seconds, on a machine that has much to do;
# the figures of an idle one are in docs/reliability.md.
SOON = 10.0
# As soon as that, but Home Assistant sets the entry up first.
SOON_AFTER_SET_UP = 40.0
TOKEN_LIFE = 0.6
# With an early renewal, the old token outlives the fault on any machine.
LONG_TOKEN_LIFE = 12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, and is put right again."""

    name: str
    begin: Callable[[Site], Awaitable[Any]]
    end: Callable[[Site], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a user saw, and how long it took until all was well again."""

    sees: str
    seconds: float

    def __str__(self) -> str:
        """Return both as the table shows them."""
        return f"{self.sees}; {self.seconds:.1f} s"


type Phase = Callable[[Site, Fault, str], Awaitable[Outcome]]


async def _recovers(
    site: Site, watch: Stopwatch, commands: int | None, soon: float = SOON
) -> float:
    """Wait until all is well, by itself; return after how many seconds."""
    await site.is_connected()
    seconds = watch.seconds
    assert seconds <= soon
    await site.works(commands)
    return seconds


async def _retry(site: Site) -> None:
    """Let minutes pass, in which Home Assistant tries again, until it succeeds."""
    later = dt_util.utcnow()
    while site.entry.state is not ConfigEntryState.LOADED:
        later += timedelta(minutes=2)
        async_fire_time_changed(site.hass, later)
        await asyncio.sleep(0.05)


async def set_up(site: Site, fault: Fault, error: str) -> Outcome:
    """Let an entry be set up while something is wrong with what it asks."""
    await fault.begin(site)
    await site.hass.config_entries.async_setup(site.entry.entry_id)
    assert site.entry.error_reason_translation_key == error
    refused = error == "invalid_auth"
    state = ConfigEntryState.SETUP_ERROR if refused else ConfigEntryState.SETUP_RETRY
    assert site.entry.state is state
    assert not site.hass.states.async_entity_ids("lock")
    await fault.end(site)
    watch = Stopwatch.start()
    if refused:
        # as Home Assistant does when a user has given new credentials
        await site.hass.config_entries.async_reload(site.entry.entry_id)
    else:
        await _retry(site)
    seconds = await _recovers(site, watch, 0, SOON_AFTER_SET_UP)
    return Outcome(f"set-up: `{error}`", seconds)


async def panel_list(site: Site, fault: Fault, error: str) -> Outcome:
    """Let a user add a panel while the list of panels cannot be had."""
    flows = site.hass.config_entries.flow
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    form = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    await fault.begin(site)
    form = await flows.async_configure(form["flow_id"], CREDENTIALS)
    assert form["errors"] == {"base": error}
    await fault.end(site)
    watch = Stopwatch.start()
    while form["step_id"] == "user":
        # the user presses the button again: after a 429 that may take more than once
        await asyncio.sleep(0.05)
        form = await flows.async_configure(form["flow_id"], CREDENTIALS)
    done = await flows.async_configure(form["flow_id"], {"panel_id": PANEL})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    site.entry = done["result"]  # type: ignore[assignment]
    seconds = await _recovers(site, watch, 0, SOON_AFTER_SET_UP)
    return Outcome(f"form: `{error}`", seconds)


async def handshake(site: Site, fault: Fault, _: str) -> Outcome:
    """Let the stream end, and its reconnects fail."""
    await site.set_up()
    await fault.begin(site)
    await site.pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await site.is_unavailable()
    # Home Assistant leaves out what is unavailable: nothing is sent, now or later.
    await site.unlocking()
    await fault.end(site)
    watch = Stopwatch.start()
    seconds = await _recovers(site, watch, 0)
    return Outcome("unavailable", seconds)


async def before_40(site: Site, fault: Fault, _: str) -> Outcome:
    """Let a connection come as far as the websocket, and no further."""
    await site.set_up()
    await site.pdk.faults(handshake={"mode": "no_connect"})
    await site.pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    before = (await site.pdk.requests())["handshake"]
    while (await site.pdk.requests())["handshake"] == before:
        pass
    await fault.begin(site)
    await site.is_unavailable()
    await fault.end(site)
    watch = Stopwatch.start()
    await site.pdk.faults(handshake=None)
    seconds = await _recovers(site, watch, 0)
    return Outcome("unavailable", seconds)


async def idle(site: Site, fault: Fault, sees: str) -> Outcome:
    """Let it strike while nothing is going on.

    What is seen is "unavailable", "assumed" for a connection that comes back at once,
    or "nothing".
    """
    await site.set_up()
    assert state_of(site.hass, LOCK).state == "locked"
    await fault.begin(site)
    if sees == "unavailable":
        await site.is_unavailable()
    elif sees == "assumed":
        await site.is_disconnected()
        assert state_of(site.hass, LOCK).attributes["assumed_state"] is True
    else:
        await site.unlocking(LOCK)
        assert state_of(site.hass, LOCK).state == "unlocked"
    await fault.end(site)
    watch = Stopwatch.start()
    seconds = await _recovers(site, watch, 1 if sees == "nothing" else 0)
    return Outcome(sees, seconds)


async def renewal_interrupted(site: Site, fault: Fault, _: str) -> Outcome:
    """Let the stream end while a new token is being asked for."""
    await site.pdk.faults(PANEL, panel_token_lifetime=TOKEN_LIFE)
    await site.set_up()
    await site.pdk.faults(panel_token={"hang": True})
    before = (await site.pdk.requests())["panel_token"]
    while (await site.pdk.requests())["panel_token"] == before:
        pass
    await fault.begin(site)
    await site.is_unavailable()
    await fault.end(site)
    watch = Stopwatch.start()
    await site.pdk.faults(panel_token=None)
    seconds = await _recovers(site, watch, 0)
    return Outcome("unavailable", seconds)


async def command(site: Site, fault: Fault, error: str) -> Outcome:
    """Let it strike when the panel has a command, and has not answered."""
    await site.set_up()
    await site.pdk.faults(commands="ignored")
    action = site.unlocking()
    assert len(await site.pdk.commands(PANEL)) == 1
    assert state_of(site.hass, LOCK).state == "unlocking"
    await fault.begin(site)
    assert await site.error_of(action) == error
    assert state_of(site.hass, LOCK).state != "unlocked"
    await fault.end(site)
    watch = Stopwatch.start()
    seconds = await _recovers(site, watch, None)
    return Outcome(f"action: `{error}`", seconds)


async def lost_command(site: Site, fault: Fault, error: str) -> Outcome:
    """Let it strike before a command has reached the panel: then it never may."""
    await site.set_up()
    await fault.begin(site)
    action = site.unlocking()
    assert await site.error_of(action) == error
    await fault.end(site)
    watch = Stopwatch.start()
    seconds = await _recovers(site, watch, 0)
    return Outcome(f"action: `{error}`", seconds)


async def renewal(site: Site, fault: Fault, sees: str) -> Outcome:
    """Let a token come of age while nothing renews it, for a moment or until it dies."""
    life = TOKEN_LIFE if sees == "unavailable" else LONG_TOKEN_LIFE
    await site.pdk.faults(PANEL, panel_token_lifetime=life)
    await site.set_up()
    await fault.begin(site)
    if sees == "unavailable":
        await site.is_unavailable()
    else:
        before = (await site.pdk.requests())["panel_token"]
        while (await site.pdk.requests())["panel_token"] == before:
            pass
        assert state_of(site.hass, LOCK).state == "locked"
    await fault.end(site)
    if sees == "nothing":
        while not (asked := await site.pdk.requests())["renewed"]:
            await asyncio.sleep(0.01)
        assert asked["connect"] == 1
    watch = Stopwatch.start()
    seconds = await _recovers(site, watch, 0)
    return Outcome(sees, seconds)
