"""All doors are locked at closing time, and the others are reported."""

from datetime import timedelta
from typing import Any

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.util import dt as dt_util
from tests.common import CONNECTION, PANEL, act, set_online, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate

FRONT = "lock.front_door"
SERVER_ROOM = "lock.server_room"
MEETING_ROOM = "lock.meeting_room"
ALL = [FRONT, SERVER_ROOM, MEETING_ROOM]
FRONT_POSITION = "binary_sensor.front_door_door_position"
SERVER_ROOM_POSITION = "binary_sensor.server_room_door_position"
LOCK = "door.actuate.close"


def notify(message: str) -> list[dict[str, Any]]:
    """Return an action that sends a message."""
    return [{"action": "notify.everybody", "data": {"message": message}}]


def inputs(**others: object) -> dict[str, Any]:
    """Return the inputs of the blueprint."""
    return {
        "doors": ALL,
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
    closing = (dt_util.now() + timedelta(seconds=2)).strftime("%H:%M:%S")
    await automate("lock_all_at_closing_time", **inputs(closing_time=closing))
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
    """A rejected door gets three attempts, and is reported as it was known."""
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    refusal = {"refuse": "Not now.", "doors": [1, 3]}
    await panel.faults(PANEL, commands=refusal)
    await automate("lock_all_at_closing_time", **inputs())
    message = await message_at_closing_time(hass, notifications)
    assert message == "Not locked: Front door (unlocked), Server room (unknown)."
    sent = await commands(panel)
    assert [sent.count((LOCK, door)) for door in (1, 3, 4)] == [3, 3, 1]


async def test_reports_what_is_assumed(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    notifications: list[ServiceCall],
    short_backoff: None,
) -> None:
    """A door that was locked before a gap may be unlocked now, so it is locked again."""
    for door in (1, 4):
        await panel.act(PANEL, door, "hold")
        await panel.act(PANEL, door, "lock")
    await wait_for_state(hass, MEETING_ROOM, "locked")
    await panel.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_for_state(hass, CONNECTION, "off")
    await wait_for_state(hass, CONNECTION, "on")
    await panel.faults(PANEL, commands={"refuse": "Not now.", "doors": [1]})
    await automate("lock_all_at_closing_time", **inputs(doors=[FRONT, MEETING_ROOM]))
    message = await message_at_closing_time(hass, notifications)
    assert message == "Not locked: Front door (locked as last known)."
    notifications.clear()
    await set_online(panel, False)
    await wait_for_state(hass, FRONT, "unavailable")
    message = await message_at_closing_time(hass, notifications)
    assert message == (
        "Not locked: Front door (unavailable), Meeting room (unavailable)."
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
    await automate(
        "lock_all_at_closing_time", **inputs(doors=[FRONT], positions=positions)
    )
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
    await automate("lock_all_at_closing_time", **inputs(weekdays=[tomorrow]))
    await act(hass, "automation.trigger", "automation.ours", skip_condition=False)
    assert not notifications
    assert await commands(panel) == []
