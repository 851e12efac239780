"""Tokens that expire when nobody expects it, or that the panel repeats."""

import asyncio
import json
import logging
import time

import pytest

from custom_components.prodatakey.diagnostics import async_get_config_entry_diagnostics
from homeassistant.exceptions import HomeAssistantError
from tests.common import PANEL, state_of, wait_for_state
from tests.pdk.common import kick, send_frame, set_constants, wait_for_requests

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


@pytest.mark.parametrize("how", ["end of the connection", "rejected command"])
async def test_token_in_a_text_of_the_panel(
    direct: Site, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Test that it is in no log, no error and no diagnostics."""
    caplog.set_level(logging.DEBUG, "custom_components.prodatakey")
    tokens: list[str] = []

    def lifetime(token: str) -> float:
        tokens.append(token)
        return 300.0

    set_constants(direct.monkeypatch, jwt_lifetime=lifetime)
    await direct.set_up()
    text, shown = f"{tokens[-1]} is not valid", ""
    if how == "rejected command":
        await direct.pdk.faults(PANEL, commands={"refuse": text})
        with pytest.raises(HomeAssistantError) as rejected:
            await direct.unlock()
        shown = f"{rejected.value} {rejected.value.translation_placeholders}"
    else:
        await send_frame(direct.pdk, f"44{json.dumps(text)}")
        await direct.wait_disconnected()
        await direct.wait_connected()
    diagnostics = await async_get_config_entry_diagnostics(direct.hass, direct.entry)
    assert tokens[0][:40] not in f"{shown} {json.dumps(diagnostics, default=str)}"
    assert tokens[0][:40] not in caplog.text
