"""A door that was left unlocked is told of, and locked."""

from pytest_homeassistant_custom_component.common import async_capture_events

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
    await wait_until(lambda: len(notifications) == 2)
    await site.wait_for_attribute("automation.ours", "current", 0)
    await hold_open(site)
    assert len(notifications) == 2

    # what is held open while it is tried again is left alone
    await site.act("lock.lock")
    await site.wait_for_state(FRONT, "locked")
    await site.faults(commands={"refuse": "Not now."})
    rejected = async_capture_events(site.hass, "prodatakey_command_failed")
    await site.happen(1, "hold")
    await wait_until(lambda: len(notifications) == 3 and rejected)
    await site.faults(commands=None)
    await hold_open(site)
    await site.wait_for_attribute("automation.ours", "current", 0)
    assert site.state(FRONT).state == "unlocked"


async def hold_open(site: Site) -> None:
    """Hold the door open for an hour."""
    await site.act("prodatakey.hold_open", duration={"hours": 1})
    held = "sensor.front_door_held_open_until"
    await wait_until(lambda: dt_util.parse_datetime(site.state(held).state))
    assert site.state(FRONT).state == "unlocked"
