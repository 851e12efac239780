"""What the page's buttons do."""

import pytest

from tests.simulator_process import SimulatedPdk

from .page import Page
from .wire import PANEL


@pytest.mark.parametrize(
    ("acts", "live"),
    [
        (("dwell",), {"relay": True}),
        (("force",), {"forced": True, "dps": True}),
        (("force", "clear"), {"forced": False, "dps": True}),
        (("dnd",), {"dnd": True}),
        (("rex",), {"rex": True, "relay": True}),
        (("hold", "walk"), {"relay": True, "dps": True}),
    ],
)
async def test_acts(
    simulator: SimulatedPdk, page: Page, acts: tuple[str, ...], live: dict[str, bool]
) -> None:
    """The buttons do what they say."""
    for act in acts:
        await simulator.act(PANEL, 1, act)
    assert (await page.door(1, **live))["name"] == "Front door"


async def test_leaving(simulator: SimulatedPdk, page: Page) -> None:
    """Who leaves by the exit button opens the door and lets it fall shut."""
    await simulator.reset({"speed": 20, "panels": [{"id": PANEL, "doors": [_DOOR]}]})
    await simulator.act(PANEL, 1, "rex", walk=True)
    await page.door(1, dps=True, forced=False)
    await page.door(1, dps=False, relay=False, forced=False)


_DOOR = {"id": 1, "dps": True, "rex": True, "forcedAlarm": True}


async def test_locked(simulator: SimulatedPdk) -> None:
    """Nobody walks through a locked door, or opens one that is not to be disturbed."""
    with pytest.raises(AssertionError, match=r"Front door is locked\."):
        await simulator.act(PANEL, 1, "walk")
    await simulator.act(PANEL, 1, "dnd")
    with pytest.raises(AssertionError, match=r"Do not disturb is on\."):
        await simulator.act(PANEL, 1, "dwell")
