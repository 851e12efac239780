"""A panel whose address, clock or list of doors changes."""

import time
from urllib.parse import urlsplit

import pytest

from tests.common import PANEL, state_of
from tests.network import Proxy
from tests.pdk.common import kick, wait_for_requests

from . import phases
from .figures import Record
from .site import LOCK, Site, stand_still


async def test_panel_moves(direct: Site) -> None:
    """Test that the new address is used without a reload."""
    port = urlsplit(direct.pdk.panel_url(PANEL)).port or 0
    async with Proxy(port) as old, Proxy(port) as new:
        await direct.pdk.faults(PANEL, uri=old.uri)
        await direct.set_up()
        await direct.pdk.faults(PANEL, uri=new.uri)
        old.refuse()
        old.cut()
        await direct.wait_unavailable()
        await direct.wait_connected()
        await direct.check_works(0)
        await direct.unload()


@pytest.mark.parametrize("hours", [1, -1])
@pytest.mark.parametrize("whose", ["own", "the panel's"])
async def test_clock_is_set(
    direct: Site, figure: Record, whose: str, hours: int
) -> None:
    """Test that renewals, commands and events do not depend on the time of day."""
    await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFETIME)
    await direct.set_up()
    if whose == "own":
        now = time.time
        direct.monkeypatch.setattr("time.time", lambda: now() + hours * 3600)
    else:
        await direct.pdk.faults(PANEL, clock_offset=hours * 3600)
    renewed = (await direct.pdk.requests())["renewed"]
    await wait_for_requests(direct.pdk, "renewed", renewed + 2)
    requests = await direct.pdk.requests()
    # one token for each renewal: it is not done more often
    assert requests["panel_token"] <= requests["renewed"] + 2
    assert requests["connect"] == 1
    await direct.check_works(0)
    name = f"{whose} clock jumps by {hours:+d} h"
    for phase in ("idle", "renewal pending"):
        figure("matrix", name, phase, "nothing; no outage")


async def test_empty_list(direct: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Test that it removes nothing, and is logged."""
    direct.expected_errors = ("Ignored an empty list of doors",)
    await direct.pdk.faults(ping_interval=25, ping_timeout=20)
    await direct.set_up()
    requests = await direct.pdk.requests()
    await direct.pdk.faults(PANEL, devices={"body": []})
    for times in (1, 2):
        # a list that is younger than 30 s is not read again
        stand_still(direct.monkeypatch, 31)
        await kick(direct.pdk)
        await wait_for_requests(direct.pdk, "connect", requests["connect"] + times)
        await wait_for_requests(direct.pdk, "devices", requests["devices"] + times)
    await direct.wait_connected()
    assert state_of(direct.hass, LOCK).state == "locked"
    await direct.check_works(0)
    assert "empty" in caplog.text
