"""All doors are locked at closing time, and those that are not are reported."""

from datetime import timedelta
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.common import CONNECTION, FRONT, PANEL, act, set_online, wait_for_state

from .conftest import Home, notify

SERVER_ROOM = "lock.server_room"
MEETING_ROOM = "lock.meeting_room"
POSITIONS = [
    "binary_sensor.front_door_door_position",
    "binary_sensor.server_room_door_position",
]
LOCK = "door.actuate.close"
INPUTS: dict[str, Any] = {
    "doors": [FRONT, SERVER_ROOM, MEETING_ROOM],
    "closing_time": "23:59:59",
    "report": notify("{{ message }}"),
    "all_locked": notify("All is well"),
}
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


async def close(home: Home, **inputs: object) -> str:
    """Run the automation as if it were closing time; return what it reports."""
    await home.automate("lock_all_at_closing_time", **INPUTS | inputs)
    await act(home.hass, "automation.trigger", "automation.ours")
    return await home.message()


async def lock_at_the_panel(home: Home, *doors: int) -> None:
    """Let the panel report doors as locked."""
    for door in doors:
        await home.pdk.act(PANEL, door, "hold")
        await home.pdk.act(PANEL, door, "lock")
    await wait_for_state(home.hass, MEETING_ROOM, "locked")


async def test_unlocked_and_unknown_doors_are_locked(
    hass: HomeAssistant, home: Home
) -> None:
    """A locked one is left alone. It is the clock that starts it."""
    await home.pdk.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    await lock_at_the_panel(home, 4)
    closing = dt_util.now() + timedelta(seconds=2)
    at = {"closing_time": closing.strftime("%H:%M:%S")}
    await home.automate("lock_all_at_closing_time", **INPUTS | at)
    assert await home.message() == "All is well"
    assert sorted(await home.commands()) == [(LOCK, 1), (LOCK, 3)]
    await wait_for_state(hass, SERVER_ROOM, "locked")


async def test_rejected(hass: HomeAssistant, home: Home) -> None:
    """Two doors are tried three times, and reported then."""
    await home.pdk.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    await home.pdk.faults(PANEL, commands={"refuse": "Not now.", "doors": [1, 3]})
    message = await close(home)
    assert message == "Not locked: Front door (unlocked), Server room (unknown)."
    commands = await home.commands()
    assert [commands.count((LOCK, door)) for door in (1, 3, 4)] == [3, 3, 1]


async def test_unavailable(
    hass: HomeAssistant, home: Home, short_back_off: None
) -> None:
    """A panel that is offline locks nothing, whatever its doors were."""
    await lock_at_the_panel(home, 1, 3, 4)
    await set_online(home.pdk, False)
    await wait_for_state(hass, FRONT, "unavailable")
    message = await close(home, doors=[FRONT, SERVER_ROOM])
    assert message == "Not locked: Front door (unavailable), Server room (unavailable)."


async def test_assumed(hass: HomeAssistant, home: Home) -> None:
    """A door that was locked before a gap is locked again."""
    await lock_at_the_panel(home, 1, 4)
    await home.pdk.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_for_state(hass, CONNECTION, "off")
    await wait_for_state(hass, CONNECTION, "on")
    await home.pdk.faults(PANEL, commands={"refuse": "Not now.", "doors": [1]})
    message = await close(home, doors=[FRONT, MEETING_ROOM])
    assert message == "Not locked: Front door (locked as last known)."


async def test_open_doors(hass: HomeAssistant, home: Home) -> None:
    """A door can be locked and open; and one without a report may be open."""
    await home.pdk.act(PANEL, 1, "hold")
    await home.pdk.act(PANEL, 1, "open")
    await wait_for_state(hass, POSITIONS[0], "on")
    message = await close(home, doors=[FRONT], positions=POSITIONS)
    assert message == "Not closed: Front door (open), Server room (unknown)."
    assert await home.commands() == [(LOCK, 1)]


@pytest.mark.parametrize("today", [True, False])
async def test_weekdays(hass: HomeAssistant, home: Home, today: bool) -> None:
    """Nothing happens on the other days."""
    this_day = DAYS[dt_util.now().weekday()]
    days = [day for day in DAYS if (day == this_day) is today]
    inputs = {"doors": [FRONT], "weekdays": days}
    await home.automate("lock_all_at_closing_time", **INPUTS | inputs)
    await act(hass, "automation.trigger", "automation.ours", skip_condition=False)
    await hass.async_block_till_done()
    assert home.messages == ["All is well"] * today
    assert await home.commands() == [(LOCK, 1)] * today
