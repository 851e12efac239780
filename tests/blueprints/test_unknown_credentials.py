"""Unknown credentials at a door, several times within minutes."""

import asyncio

from homeassistant.core import HomeAssistant
from tests.common import (
    FRONT,
    FRONT_ACCESS,
    PANEL,
    set_online,
    state_of,
    wait_for_state,
    wait_until,
)

from .conftest import Home, notify

INSIDE = "event.front_door_inside_access"
READERS = {1: FRONT_ACCESS, 7: INSIDE, 3: "event.server_room_access"}
# In minutes; over within seconds.
SHORT = 0.02
# How long a run may take to handle an event. It counts, so it is never done.
MOMENT = 0.05


async def automate(home: Home, how_many: int, minutes: float = 5) -> None:
    """React to so many unknown credentials at either reader of the front door."""
    await home.automate(
        "unknown_credentials",
        readers=[FRONT_ACCESS, INSIDE],
        reaction=notify("{{ message }}"),
        how_many=how_many,
        minutes=minutes,
    )


async def badge(home: Home, door: int = 1, **credential: object) -> None:
    """Present a credential, an unknown card at first, and wait for its event."""
    reader = READERS[door]
    before = home.hass.states.get(reader)
    await home.pdk.act(PANEL, door, "badge", **(credential or {"card": "lost"}))
    await wait_until(lambda: home.hass.states.get(reader) is not before)
    await asyncio.sleep(MOMENT)


async def test_both_readers_count(home: Home) -> None:
    """Other doors and people with access do not; the next count starts at zero."""
    await automate(home, 3)
    await badge(home)
    await badge(home, 7)
    await badge(home, 3)
    await badge(home, person=1)
    assert not home.messages
    await badge(home, pin="0000")
    assert (
        await home.message() == "3 unknown credentials at Front door within 5 minutes"
    )
    await badge(home)
    await badge(home)
    assert len(home.messages) == 1
    await badge(home)
    await home.message(2)


async def test_old_ones_do_not_count(home: Home) -> None:
    """The minutes slide: the last three count, not the three from the first on."""
    await automate(home, 3, minutes=SHORT)
    await badge(home)
    await asyncio.sleep(SHORT * 60 * 0.6)
    await badge(home)
    await asyncio.sleep(SHORT * 60 * 0.5)
    await badge(home)
    assert not home.messages
    await badge(home)
    await home.message()


async def test_quiet_ends_the_count(hass: HomeAssistant, home: Home) -> None:
    """After the minutes it starts at zero."""
    await automate(home, 2, minutes=SHORT)
    await badge(home)
    automation = "automation.ours"
    await wait_until(lambda: state_of(hass, automation).attributes["current"] == 0)
    await badge(home)
    assert not home.messages
    await badge(home)
    await home.message()


async def test_event_from_before_an_outage(
    hass: HomeAssistant, home: Home, short_back_off: None
) -> None:
    """It is shown again, but counts once; the door's name may look like a number."""
    home.rename(FRONT_ACCESS, "2.10")
    await automate(home, 2)
    await badge(home)
    await set_online(home.pdk, False)
    await wait_for_state(hass, FRONT, "unavailable")
    await set_online(home.pdk, True)
    await wait_for_state(hass, FRONT, "unknown")
    await asyncio.sleep(MOMENT)
    assert not home.messages
    await badge(home)
    assert await home.message() == "2 unknown credentials at 2.10 within 5 minutes"
