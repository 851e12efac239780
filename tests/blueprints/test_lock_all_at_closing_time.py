"""All doors are locked at closing time, and the others are reported."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.core import CoreState, HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util
from tests.common import CONNECTION, Site, wait_until

from .conftest import Automate

FRONT = "lock.front_door"
SERVER_ROOM = "lock.server_room"
MEETING_ROOM = "lock.meeting_room"
FRONT_POSITION = "binary_sensor.front_door_door_position"
SERVER_ROOM_POSITION = "binary_sensor.server_room_door_position"
LOCK = "door.actuate.close"


def notify(message: str) -> list[dict[str, Any]]:
    """Return an action that sends a message."""
    return [{"action": "notify.everybody", "data": {"message": message}}]


def inputs(*doors: str, **others: object) -> dict[str, Any]:
    """Return the inputs of the blueprint."""
    return {
        "doors": list(doors),
        "closing_time": "00:00:00",
        "report": notify("{{ message }}"),
        "all_locked": notify("All is well"),
    } | others


async def trigger(hass: HomeAssistant) -> None:
    """Let it be closing time, and do not wait until all is done."""
    data = {"entity_id": "automation.ours", "skip_condition": False}
    await hass.services.async_call("automation", "trigger", data)


async def message_at_closing_time(
    hass: HomeAssistant, notifications: list[ServiceCall]
) -> str:
    """Let it be closing time; return the message."""
    await trigger(hass)
    await wait_until(lambda: notifications)
    (call,) = notifications
    message: str = call.data["message"]
    return message


async def commands(site: Site) -> list[tuple[str, int]]:
    """Return the commands that the panel received, with their doors."""
    received = await site.commands(wait=0)
    return [(each["topic"], each["body"]["doorId"]) for each in received]


async def test_locks_what_is_not_known_to_be_locked(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """Unlocked and unknown doors are locked; a locked one is left alone."""
    await site.happen(1, "hold")
    await site.happen(4, "hold")
    await site.happen(4, "lock")
    await site.wait_for_state(FRONT, "unlocked")
    await site.wait_for_state(MEETING_ROOM, "locked")
    doors = (FRONT, SERVER_ROOM, MEETING_ROOM)
    await automate("lock_all_at_closing_time", **inputs(*doors))
    tomorrow = dt_util.now() + timedelta(days=1)
    async_fire_time_changed(site.hass, dt_util.start_of_local_day(tomorrow))
    await wait_until(lambda: notifications)
    assert notifications[0].data["message"] == "All is well"
    assert sorted(await commands(site)) == [(LOCK, 1), (LOCK, 3)]
    await site.wait_for_state(SERVER_ROOM, "locked")


async def test_reports_those_that_do_not_lock(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """A door that rejects locking gets three attempts, and is reported.

    A door that was locked before a gap may be unlocked now, so it is locked again.
    """
    await site.happen(1, "hold")
    await site.happen(4, "hold")
    await site.happen(4, "lock")
    await site.wait_for_state(MEETING_ROOM, "locked")
    await site.drop_connection()
    await site.wait_for_state(CONNECTION, "off")
    await site.wait_for_state(CONNECTION, "on")
    await site.happen(1, "lock")
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.faults(commands={"refuse": "Not now."})
    doors = (FRONT, SERVER_ROOM, MEETING_ROOM)
    await automate("lock_all_at_closing_time", **inputs(*doors))
    assert await message_at_closing_time(site.hass, notifications) == (
        "Not confirmed as locked: Front door (unlocked), Server room (unknown), "
        "Meeting room (locked as last known)."
    )
    # others follow the report
    await site.commands(after=11)
    sent = await commands(site)
    assert [sent[:12].count((LOCK, door)) for door in (1, 3, 4)] == [4, 4, 4]


@pytest.mark.parametrize("restarted", [False, True])
async def test_panel_is_away(
    site: Site, automate: Automate, notifications: list[ServiceCall], restarted: bool
) -> None:
    """A door is locked once its panel is there again, and then left alone."""
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    if restarted:
        site.hass.set_state(CoreState.not_running)
    closing_time = (dt_util.now() - timedelta(hours=1)).strftime("%H:%M:%S")
    given = inputs(FRONT, closing_time=closing_time)
    await automate("lock_all_at_closing_time", **given)
    if restarted:
        await site.hass.async_start()
    else:
        await trigger(site.hass)
    await wait_until(lambda: notifications)
    assert (
        notifications[0].data["message"]
        == "Not confirmed as locked: Front door (unavailable)."
    )
    await site.set_online(True)
    await wait_until(lambda: len(notifications) == 2)
    assert notifications[1].data["message"] == "All is well"
    assert site.state(FRONT).state == "locked"
    assert await commands(site) == [(LOCK, 1)]
    await site.wait_for_attribute("automation.ours", "current", 0)


async def test_reports_what_stands_open(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """A locked door that is open, or may be open, is reported."""
    await site.happen(1, "hold")
    await site.happen(1, "open")
    await site.wait_for_state(FRONT_POSITION, "on")
    positions = [FRONT_POSITION, SERVER_ROOM_POSITION]
    await automate("lock_all_at_closing_time", **inputs(FRONT, positions=positions))
    message = await message_at_closing_time(site.hass, notifications)
    assert (
        message == "Not confirmed as closed: Front door (open), Server room (unknown)."
    )
    assert await commands(site) == [(LOCK, 1)]


async def test_on_some_days_only(
    site: Site, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """No door is locked on days that are not chosen."""
    tomorrow = (dt_util.now() + timedelta(days=1)).strftime("%a").lower()
    await automate("lock_all_at_closing_time", **inputs(FRONT, weekdays=[tomorrow]))
    await site.act("automation.trigger", "automation.ours", skip_condition=False)
    assert not notifications
    assert await commands(site) == []
