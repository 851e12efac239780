"""The phases in which a fault can strike, and what the user then sees."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.config_entries import ConfigEntryState
from homeassistant.util import dt as dt_util
from tests.common import raises_error, state_of, wait_until
from tests.pdk.common import wait_for_requests

from .site import FaultySite

TOKEN_LIFETIME = 0.6


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong, and is put right again."""

    begin: Callable[[FaultySite], Awaitable[Any]]
    end: Callable[[FaultySite], Awaitable[Any]]


type Phase = Callable[[FaultySite, Fault, str], Awaitable[None]]


async def _recover(
    site: FaultySite,
    fault: Fault,
    commands: int | None = 0,
    then: Callable[[], Awaitable[Any]] | None = None,
) -> None:
    """End a fault, and wait until all is well."""
    await site.set_token_lifetime(300)
    await fault.end(site)
    if then:
        await then()
    await site.wait_connected()
    await site.check_works(commands)


async def set_up(site: FaultySite, fault: Fault, error: str) -> None:
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
    assert site.misses_permission == (error == "no_permission")
    await _recover(site, fault, then=retry)
    assert not site.misses_permission


async def handshake(site: FaultySite, fault: Fault, _: str) -> None:
    """End the stream, and let its reconnects fail."""
    await site.set_up()
    await fault.begin(site)
    await site.kick()
    await site.wait_unavailable()
    # Home Assistant leaves out what is unavailable: nothing is sent, now or later.
    await site.unlock()
    await _recover(site, fault)


async def before_acceptance(site: FaultySite, fault: Fault, _: str) -> None:
    """Let a connection wait for its acceptance, and come no further."""
    await site.set_up()
    await site.hang_connecting(True)
    attempts = (await site.pdk.requests())[site.generation.connects]
    await site.kick()
    await wait_for_requests(site.pdk, site.generation.connects, attempts + 1)
    await fault.begin(site)
    await site.wait_unavailable()
    await _recover(site, fault, then=lambda: site.hang_connecting(False))


async def idle(site: FaultySite, fault: Fault, sees: str) -> None:
    """Strike while nothing is going on.

    The user sees "unavailable", "assumed" for a connection that is back at once, or
    "nothing".
    """
    await site.set_up()
    await fault.begin(site)
    if sees == "unavailable":
        await site.wait_unavailable()
        await _recover(site, fault)
    elif sees == "assumed":
        await site.wait_disconnected()
        assert state_of(site.hass, site.lock).attributes["assumed_state"] is True
        await _recover(site, fault)
        assert not site.log_lines()
    else:
        await site.unlock()
        assert state_of(site.hass, site.lock).state == "unlocked"
        await _recover(site, fault, 1)


async def command(site: FaultySite, fault: Fault, error: str) -> None:
    """Strike when the panel has a command and has not answered."""
    await site.set_up()
    await site.ignore_commands(True)
    action = site.unlock()
    while not await site.count_commands():
        assert state_of(site.hass, site.lock).state == "locked"
    await fault.begin(site)
    with raises_error(error):
        await asyncio.wait_for(action, 10)
    assert state_of(site.hass, site.lock).state != "unlocked"
    await site.ignore_commands(False)
    await _recover(site, fault, None)


async def lost_command(site: FaultySite, fault: Fault) -> None:
    """Strike before a command reaches the panel: then it never may."""
    await site.set_up()
    await fault.begin(site)
    with raises_error("no_answer"):
        await asyncio.wait_for(site.unlock(), 10)
    assert state_of(site.hass, site.lock).state != "unlocked"
    await _recover(site, fault)


async def renewal(site: FaultySite, fault: Fault, sees: str) -> None:
    """Strike before a token is renewed, for a moment ("nothing") or until it expires."""
    # with an early renewal, the old token outlives the fault on any machine
    lifetime = TOKEN_LIFETIME if sees == "unavailable" else 12
    await site.set_token_lifetime(lifetime)
    await site.set_up()
    tokens = (await site.pdk.requests())[site.generation.token]
    await fault.begin(site)
    if sees == "unavailable":
        await site.wait_unavailable()
        await _recover(site, fault)
        return
    await wait_for_requests(site.pdk, site.generation.token, tokens + 1)
    assert state_of(site.hass, site.lock).state == "locked"
    stats = site.entry.runtime_data.site.stream.stats
    await _recover(site, fault, then=lambda: wait_until(lambda: stats.renewals))
    assert stats.connects == 1
    assert not site.log_lines()


async def interrupted_renewal(site: FaultySite, fault: Fault, _: str) -> None:
    """Strike at the stream while a new token is requested."""
    await site.set_token_lifetime(TOKEN_LIFETIME)
    await site.set_up()
    kind = site.generation.token
    tokens = (await site.pdk.requests())[kind]
    await site.pdk.faults(None, **{kind: {"hang": True}})
    await wait_for_requests(site.pdk, kind, tokens + 1)
    await fault.begin(site)
    await site.wait_unavailable()
    await _recover(site, fault, then=lambda: site.pdk.faults(None, **{kind: None}))
