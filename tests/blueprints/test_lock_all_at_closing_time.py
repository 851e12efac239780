"""All doors are locked at closing time, and the others are reported."""

from datetime import timedelta
from typing import Any

from pytest_homeassistant_custom_component.common import async_fire_time_changed

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util
from tests.common import CONNECTION, PANEL, act, set_online, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

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


async def message_at_closing_time(
    hass: HomeAssistant, notifications: list[ServiceCall]
) -> str:
    """Let it be closing time; return the message."""
    await act(hass, "automation.trigger", "automation.ours", skip_condition=False)
    (call,) = notifications
    message: str = call.data["message"]
    return message


async def commands(panel: SimulatedPdk) -> list[tuple[str, int]]:
    """Return the commands that the panel received, with their doors."""
    received = await panel.commands(PANEL, wait=0)
    return [(each["topic"], each["body"]["doorId"]) for each in received]


async def test_locks_what_is_not_known_to_be_locked(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """Unlocked and unknown doors are locked; a locked one is left alone."""
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 4, "hold")
    await panel.act(PANEL, 4, "lock")
    await wait_for_state(hass, FRONT, "unlocked")
    await wait_for_state(hass, MEETING_ROOM, "locked")
    doors = (FRONT, SERVER_ROOM, MEETING_ROOM)
    await automate("lock_all_at_closing_time", **inputs(*doors))
    tomorrow = dt_util.now() + timedelta(days=1)
    async_fire_time_changed(hass, dt_util.start_of_local_day(tomorrow))
    await wait_until(lambda: notifications)
    assert notifications[0].data["message"] == "All is well"
    assert sorted(await commands(panel)) == [(LOCK, 1), (LOCK, 3)]
    await wait_for_state(hass, SERVER_ROOM, "locked")


async def test_reports_those_that_do_not_lock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """A rejected door gets three attempts, and is reported as it was known.

    A door that was locked before a gap may be unlocked now, so it is locked again.
    """
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 4, "hold")
    await panel.act(PANEL, 4, "lock")
    await wait_for_state(hass, MEETING_ROOM, "locked")
    await panel.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_for_state(hass, CONNECTION, "off")
    await wait_for_state(hass, CONNECTION, "on")
    await panel.act(PANEL, 1, "lock")
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    await panel.faults(PANEL, commands={"refuse": "Not now."})
    doors = (FRONT, SERVER_ROOM, MEETING_ROOM)
    await automate("lock_all_at_closing_time", **inputs(*doors))
    assert await message_at_closing_time(hass, notifications) == (
        "Not locked: Front door (unlocked), Server room (unknown), "
        "Meeting room (locked as last known)."
    )
    sent = await commands(panel)
    assert [sent.count((LOCK, door)) for door in (1, 3, 4)] == [3, 3, 3]
    notifications.clear()
    await set_online(panel, False)
    await wait_for_state(hass, FRONT, "unavailable")
    assert await message_at_closing_time(hass, notifications) == (
        "Not locked: Front door (unavailable), Server room (unavailable), "
        "Meeting room (unavailable)."
    )


async def test_reports_what_stands_open(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """A locked door can be open, and one that has not reported may be."""
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 1, "open")
    await wait_for_state(hass, FRONT_POSITION, "on")
    positions = [FRONT_POSITION, SERVER_ROOM_POSITION]
    await automate("lock_all_at_closing_time", **inputs(FRONT, positions=positions))
    message = await message_at_closing_time(hass, notifications)
    assert message == "Not closed: Front door (open), Server room (unknown)."
    assert await commands(panel) == [(LOCK, 1)]


async def test_on_some_days_only(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """Nothing happens on the other days."""
    tomorrow = (dt_util.now() + timedelta(days=1)).strftime("%a").lower()
    await automate("lock_all_at_closing_time", **inputs(FRONT, weekdays=[tomorrow]))
    await act(hass, "automation.trigger", "automation.ours", skip_condition=False)
    assert not notifications
    assert await commands(panel) == []
