"""Lists of doors that cannot be right."""

import pytest

from tests.common import PANEL, state_of
from tests.pdk.common import kick, wait_for_requests

from .site import LOCK, Site, stand_still


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
