"""Clocks that are wrong, and clocks that are set."""

import time

import pytest

from tests.common import PANEL, wait_for_state
from tests.pdk.common import emit, wait_for_requests

from . import phases
from .figures import Record
from .site import OTHER_LOCK, Site, access, record_accesses


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


@pytest.mark.parametrize("others", [1, 5])
async def test_controllers_with_different_clocks(direct: Site, others: int) -> None:
    """Test that events of a clock that is ahead do not silence other doors."""
    await direct.set_up()
    people = record_accesses(direct.hass)
    first, *rest = [access(f"person {number}") for number in range(6)]
    ahead = [access("other", door=4, ahead=3600) for _ in range(others)]
    await emit(direct.pdk, first, *ahead, *rest)
    await direct.report(4, "relay.on")
    await wait_for_state(direct.hass, OTHER_LOCK, "unlocked")
    assert people == [f"person {number}" for number in range(6)]
