"""Tokens that expire when nobody expects it."""

import asyncio
from datetime import timedelta
import time

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.util import dt as dt_util
from tests.common import PANEL, state_of, wait_for_state, wait_until
from tests.pdk.common import kick, set_constants, wait_for_requests

from . import phases
from .figures import Record
from .site import LOCK, Site


async def test_token_expires_under_a_command(direct: Site, figure: Record) -> None:
    """Test that a delayed result counts when the token has been renewed."""
    set_constants(direct.monkeypatch, answer_timeout=10)
    await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFETIME)
    await direct.set_up()
    delay = phases.TOKEN_LIFETIME + 0.3
    await direct.pdk.faults(
        PANEL, command_delay=delay, panel_token={"delay": 0.5, "count": 1}
    )
    await direct.unlock()
    assert state_of(direct.hass, LOCK).state == "unlocked"
    await direct.pdk.faults(PANEL, command_delay=0)
    await direct.check_works(1)
    figure("matrix", "token expires", "command pending", "action: done; no outage")


@pytest.mark.parametrize(
    ("stale", "column", "name"),
    [
        ("error44", "handshake", "`44`"),
        ("http", "handshake", "HTTP 403"),
        ("disconnect", "handshake", "`41`"),
        ("accept", "idle", "`invalidToken`"),
    ],
)
async def test_token_expires_early(
    direct: Site, figure: Record, stale: str, column: str, name: str
) -> None:
    """Test that a token that looks fresh is replaced in whatever way it is rejected.

    So it is after a computer was suspended: its monotonic clock was too.
    """
    await direct.pdk.faults(PANEL, stale_token=stale)
    await direct.set_up()
    await direct.pdk.control("POST", f"panels/{PANEL}/revoke")
    requests = await direct.pdk.requests()
    await kick(direct.pdk, "abort")
    began = time.monotonic()
    await direct.wait_disconnected()
    async with asyncio.timeout(10):
        while (await direct.pdk.requests())["panel_token"] == requests["panel_token"]:
            # an accepted token is known to have expired only when something happens
            await direct.report(1, "rex.on")
    await direct.pdk.sockets(PANEL, 1)
    await direct.wait_connected()
    seconds = time.monotonic() - began
    await direct.check_works(0)
    figure("matrix", f"dead token: {name}", column, f"assumed; {seconds:.1f} s")


async def test_token_expires_soon_after_its_renewal(direct: Site) -> None:
    """Test that the event for which `invalidToken` comes is not delayed for minutes."""
    set_constants(direct.monkeypatch, renewal_grace=2.0)
    await direct.set_up()
    await direct.pdk.emit(PANEL, "invalidToken")
    await wait_for_requests(direct.pdk, "renewed")
    await direct.pdk.control("POST", f"panels/{PANEL}/revoke")
    await direct.report(1, "relay.on")
    await wait_for_state(direct.hass, LOCK, "unlocked", 6)


def _reauths(site: Site) -> int:
    """Return how many forms ask for credentials."""
    flows = site.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return len([flow for flow in flows if flow["context"]["source"] == SOURCE_REAUTH])


@pytest.mark.parametrize("status", [400, 401])
async def test_one_rejection_at_a_start(direct: Site, status: int) -> None:
    """Test that an entry is set up by itself when pdk.io accepts the credentials."""
    await direct.pdk.faults(token={"status": status, "count": 1})
    await direct.hass.config_entries.async_setup(direct.entry.entry_id)
    assert direct.entry.state is ConfigEntryState.SETUP_RETRY
    async_fire_time_changed(direct.hass, dt_util.utcnow() + timedelta(seconds=30))
    await wait_until(lambda: direct.entry.state is ConfigEntryState.LOADED)
    await direct.wait_connected()
    assert not _reauths(direct)


async def test_one_rejection_at_a_renewal(direct: Site) -> None:
    """Test that nobody is asked for credentials that pdk.io accepts again."""
    await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFETIME)
    await direct.set_up()
    # the request is repeated once with a new ID token
    await direct.pdk.faults(PANEL, panel_token={"status": 401, "count": 2})
    await direct.wait_disconnected()
    await direct.pdk.faults(PANEL, panel_token_lifetime=300)
    await direct.wait_connected()
    await direct.check_works(0)
    assert not _reauths(direct)
