"""A user opens a door for a time of choice."""

from typing import Any

import pytest
import voluptuous as vol

from homeassistant.core import HomeAssistant

from .common import FRONT, PANEL, act, raises_error, sent, state_of, wait_for_state
from .simulator_process import SimulatedPdk

OPEN_DOOR = "prodatakey.open_door"


@pytest.mark.parametrize(
    ("duration", "dwell"),
    [(0.1, 1), (3, 30), (2.34, 23), (2.36, 24), ("1.5", 15), (540, 5400)],
)
async def test_open_door(
    hass: HomeAssistant, panel: SimulatedPdk, duration: float | str, dwell: int
) -> None:
    """The panel gets tenths of a second, rounded, in one command."""
    await act(hass, OPEN_DOOR, duration=duration)
    (command,) = await panel.commands(PANEL)
    assert command["topic"] == "door.try.dwellopen"
    assert command["body"] == {"doorId": 1, "dwell": dwell}


async def test_the_door_locks_again(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """It is unlocked, and locked after that time."""
    await act(hass, OPEN_DOOR, duration=0.2)
    await wait_for_state(hass, FRONT, "unlocked")
    await wait_for_state(hass, FRONT, "locked")


async def test_duration_out_of_range(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """It is rejected, not made to fit: the door could stay open."""
    for duration in (0, 0.04, 0.09, -1, 540.1, 1e9, "nan", "soon", None):
        with pytest.raises(vol.Invalid):
            await act(hass, OPEN_DOOR, duration=duration)
    with pytest.raises(vol.Invalid):
        await act(hass, OPEN_DOOR)
    assert await sent(panel) == []


async def test_several_doors(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Each gets one command."""
    doors = [FRONT, "lock.garage", "lock.meeting_room"]
    await act(hass, OPEN_DOOR, doors, duration=1)
    opened: list[Any] = [c["body"]["doorId"] for c in await panel.commands(PANEL)]
    assert sorted(opened) == [1, 2, 4]


async def test_open_door_is_rejected(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The user reads why."""
    await panel.faults(PANEL, commands={"refuse": "Do not disturb is on."})
    with raises_error("command_rejected", reason="Do not disturb is on."):
        await act(hass, OPEN_DOOR, duration=1)
    assert state_of(hass, FRONT).state == "unknown"
