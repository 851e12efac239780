"""A door that was left unlocked is told of, and locked."""

from homeassistant.core import ServiceCall
from homeassistant.util import dt as dt_util
from tests.common import FRONT, Site, wait_until

from .conftest import Automate

HOURS = "schedule.hours"
REPORT = [{"action": "notify.everybody", "data": {"message": "{{ message }}"}}]
AFTER = {"milliseconds": 50}


async def test_left_unlocked(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """It is told of and locked outside of hours, unless it is held open until a time."""
    site.hass.states.async_set(HOURS, "on")
    await automate(
        "left_unlocked",
        doors=[FRONT],
        hours=[HOURS],
        unlocked_for=AFTER,
        lock_after=AFTER,
        report=REPORT,
    )
    await site.act("lock.unlock")
    site.hass.states.async_set(HOURS, "off")
    await site.wait_for_state(FRONT, "locked")
    assert [each.data["message"] for each in notifications] == [
        "Front door was left unlocked"
    ]
    # it goes on until the door is locked for certain
    await site.wait_for_attribute("automation.ours", "current", 0)
    await site.act("lock.unlock")
    await site.wait_for_state(FRONT, "locked")
    await site.act("prodatakey.hold_open", duration={"hours": 1})
    held = "sensor.front_door_held_open_until"
    await wait_until(lambda: dt_util.parse_datetime(site.state(held).state))
    await wait_until(lambda: len(notifications) == 2)
    assert site.state(FRONT).state == "unlocked"
