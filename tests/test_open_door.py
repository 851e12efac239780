"""A user opens a door for a time of choice."""

from typing import Any

import pytest
import voluptuous as vol

from homeassistant.core import HomeAssistant

from .common import FRONT, PANEL, act, sent
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
