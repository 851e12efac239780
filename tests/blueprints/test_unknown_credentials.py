"""Unknown credentials at a door, several times within minutes."""

import asyncio

from homeassistant.core import HomeAssistant, ServiceCall
from tests.common import PANEL, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate, rename

READER = "event.front_door_access"
INSIDE = "event.front_door_inside_access"
# Number of minutes that are over in a moment.
MOMENT = 0.05
# While a run counts Home Assistant is never done, so this is how long it may take, in seconds.
MEANWHILE = 0.05
INPUTS = {
    "readers": [READER, INSIDE],
    "reaction": [{"action": "notify.everybody", "data": {"message": "{{ message }}"}}],
}


async def badge(
    hass: HomeAssistant, panel: SimulatedPdk, door: int = 1, **credential: object
) -> None:
    """Present a credential, and wait until Home Assistant has heard of it."""
    reader = {1: READER, 7: INSIDE, 3: "event.server_room_access"}[door]
    before = hass.states.get(reader)
    await panel.act(PANEL, door, "badge", **(credential or {"card": "lost"}))
    await wait_until(lambda: hass.states.get(reader) is not before)
    await asyncio.sleep(MEANWHILE)


async def test_counts_at_both_readers(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """Other doors and people who are let in do not count; then it counts anew."""
    await automate("unknown_credentials", **INPUTS, how_many=3, minutes=5)
    await badge(hass, panel)
    await badge(hass, panel, 7)
    await badge(hass, panel, 3)
    await badge(hass, panel, person=1)
    assert not told
    await badge(hass, panel, pin="0000")
    await wait_until(lambda: told)
    message = "3 unknown credentials at Front door within 5 minutes"
    assert told[0].data["message"] == message
    assert "0000" not in str(told[0].data)
    await badge(hass, panel)
    await badge(hass, panel)
    assert len(told) == 1
    await badge(hass, panel)
    await wait_until(lambda: len(told) == 2)


async def test_old_ones_do_not_count(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """The minutes slide: the last three count, not the three from the first on."""
    await automate("unknown_credentials", **INPUTS, how_many=3, minutes=MOMENT)
    await badge(hass, panel)
    await asyncio.sleep(2)
    await badge(hass, panel)
    await asyncio.sleep(1.5)
    await badge(hass, panel)
    assert not told
    await badge(hass, panel)
    await wait_until(lambda: told)


async def test_quiet_ends_the_count(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """After the minutes nothing is left over."""
    await automate("unknown_credentials", **INPUTS, how_many=2, minutes=MOMENT)
    await badge(hass, panel)
    await wait_until(
        lambda: hass.states.get("automation.ours").attributes["current"] == 0  # type: ignore[union-attr]
    )
    await badge(hass, panel)
    assert not told
    await badge(hass, panel)
    await wait_until(lambda: told)


async def test_shown_again_after_an_outage(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
    short_back_off: None,
) -> None:
    """One unknown credential and an outage are one unknown credential."""
    await automate("unknown_credentials", **INPUTS, how_many=2, minutes=5)
    await badge(hass, panel)
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, READER, "unavailable")
    await panel.control("POST", f"panels/{PANEL}/online")
    await wait_until(lambda: hass.states.get(READER).state != "unavailable")  # type: ignore[union-attr]
    await asyncio.sleep(MEANWHILE)
    assert not told
    await badge(hass, panel)
    await wait_until(lambda: told)


async def test_a_door_whose_name_looks_like_a_number(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """It is told as it is written."""
    rename(hass, READER, "2.10")
    await automate("unknown_credentials", **INPUTS, how_many=2, minutes=5)
    await badge(hass, panel)
    await badge(hass, panel)
    await wait_until(lambda: told)
    message = "2 unknown credentials at 2.10 within 5 minutes"
    assert told[0].data["message"] == message
