"""Clocks that are wrong, and clocks that are set."""

import time

import pytest

from tests.common import PANEL
from tests.pdk.common import wait_for_requests

from . import phases
from .figures import Record
from .site import Site


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
