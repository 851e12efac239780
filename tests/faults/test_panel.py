"""A site whose address, clock, status or list of doors changes."""

import time
from urllib.parse import urlsplit

import pytest

from tests.common import PANEL, WORKSHOP, state_of
from tests.network import Proxy
from tests.pdk.common import set_constants, wait_for_requests

from . import phases
from .site import ONLY_V2, FaultySite, stand_still

SETTLING = "custom_components.prodatakey.pdk.v2.status.SETTLING"


async def test_panel_moves(direct: FaultySite) -> None:
    """Test that the panel's new address is used without a reload."""
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


@pytest.mark.parametrize("whose", ["own", "the panel's"])
async def test_clock_is_set(direct: FaultySite, whose: str) -> None:
    """Test that renewals, commands and events do not depend on the time of day."""
    set_constants(direct.monkeypatch, renew_at=0.4)
    await direct.set_token_lifetime(phases.TOKEN_LIFETIME)
    await direct.set_up()
    now = time.time
    for hours in (1, -1):
        offset = hours * 3600
        if whose == "own":
            direct.monkeypatch.setattr("time.time", lambda by=offset: now() + by)
        else:
            await direct.pdk.faults(PANEL, clock_offset=offset)
        renewed = (await direct.pdk.requests())["renewed"]
        await wait_for_requests(direct.pdk, "renewed", renewed + 2)
    requests = await direct.pdk.requests()
    # one token for each renewal: it is not done more often
    assert requests["panel_token"] <= requests["renewed"] + 2
    assert requests["connect"] == 1
    await direct.check_works(0)


async def test_empty_list(direct: FaultySite) -> None:
    """Test that an empty list of doors removes nothing, and is logged."""
    direct.expected_warning = "Ignored an empty list of doors"
    await direct.ping_seldom()
    await direct.set_up()
    requests = await direct.pdk.requests()
    await direct.pdk.faults(PANEL, devices={"body": []})
    # a list that is younger than 30 s is not read again
    stand_still(direct.monkeypatch, 31)
    await direct.kick("close")
    await wait_for_requests(direct.pdk, "devices", requests["devices"] + 1)
    await direct.wait_connected()
    assert state_of(direct.hass, direct.lock).state == "locked"
    await direct.check_works(0)
    assert "empty" in "".join(direct.log_lines())


@ONLY_V2
async def test_status_cannot_be_read(direct: FaultySite) -> None:
    """Test that a site that is online again is available as soon as that can be read."""
    direct.monkeypatch.setattr(SETTLING, 0.5)
    await direct.set_up()
    await direct.pdk.set_online(WORKSHOP, False)
    await direct.wait_unavailable()
    await direct.pdk.set_online(WORKSHOP, True, event=False)
    await direct.pdk.faults(None, cloud_nodes={"status": 500, "count": 2})
    await direct.kick()
    await direct.wait_connected()
    await direct.check_works(0)
