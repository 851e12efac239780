"""Tokens that expire when nobody expects it."""

import asyncio
import time

import pytest

from tests.common import PANEL, state_of
from tests.pdk.common import kick, set_constants

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
    figure("matrix", "token expires", "command under way", "action: done; no outage")


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
    set_constants(direct.monkeypatch, jwt_lifetime=lambda _: 300.0)
    await direct.pdk.faults(PANEL, panel_token_lifetime=1.0, stale_token=stale)
    began = time.monotonic()
    await direct.set_up()
    # the token was issued after `began`, and has expired once the panel rejects it
    await asyncio.sleep(began + 2.0 - time.monotonic())
    await direct.pdk.faults(PANEL, panel_token_lifetime=300)
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
