"""Assist answers about the doors, in seven languages."""

import json
from pathlib import Path

import pytest

from homeassistant.components import conversation
from homeassistant.core import Context
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from tests.common import FRONT, Site

from .conftest import Automate

GARAGE = "lock.garage"
POSITION = "binary_sensor.front_door_door_position"
LAST_PERSON = "sensor.front_door_last_person"

# "Lock all doors", "are all doors locked?", "is anything open?", "who was at the front
# door?", "open the garage", with their answers.
LANGUAGES: dict[str, dict[str, str]] = json.loads(
    Path(__file__).with_name("voice_sentences.json").read_text("utf-8")
)


@pytest.fixture
async def assist(site: Site, automate: Automate) -> None:
    """Set up Assist, and an automation from the blueprint."""
    assert await async_setup_component(site.hass, "homeassistant", {})
    assert await async_setup_component(site.hass, "conversation", {})
    await automate(
        "voice",
        doors=[FRONT, GARAGE],
        positions=[POSITION],
        people=[LAST_PERSON, "sensor.server_room_last_person"],
        garage=GARAGE,
    )


async def say(site: Site, sentence: str, language: str = "en") -> str:
    """Say something to Assist; return its answer."""
    result = await conversation.async_converse(
        site.hass,
        sentence,
        None,
        Context(),
        language=language,
        agent_id=conversation.HOME_ASSISTANT_AGENT,
    )
    answer: str = result.response.speech["plain"]["speech"]
    return answer


@pytest.mark.usefixtures("assist")
async def test_languages(site: Site) -> None:
    """Each question and command is understood, and answered in its language."""
    await site.happen(1, "badge", person=1)
    person = await site.wait_for_state(LAST_PERSON, "Amelia Hartmann")
    occurred = dt_util.parse_datetime(
        person.attributes["occurred"], raise_on_error=True
    )
    time = dt_util.as_local(occurred).strftime("%H:%M")
    await site.emit("door.input.dps.opened")
    await site.wait_for_state(POSITION, "on")
    for language, answers in LANGUAGES.items():
        count = len(await site.sent())
        for sentence, answer in answers.items():
            assert await say(site, sentence, language) == answer.format(time=time)
        assert sorted((await site.sent())[count:]) == [
            "door.actuate.close",
            "door.actuate.close",
            "door.try.open",
        ]


@pytest.mark.usefixtures("assist")
async def test_unknown_is_not_no(site: Site) -> None:
    """Assist says that it does not know what was not reported, or only before a gap."""
    not_known = "Not known: Front door, Garage."
    assert await say(site, "are all doors locked?") == not_known
    assert await say(site, "is anything open?") == "Not known: Front door."
    assert await say(site, "who was at the front door?") == "I do not know."
    assert await say(site, "who was at the moon?") == "I do not know this door."
    assert await say(site, "lock all doors") == "All doors are locked."
    await site.set_up()
    assert await say(site, "are all doors locked?") == not_known


@pytest.mark.usefixtures("assist")
async def test_rejected_and_offline(site: Site) -> None:
    """Assist names the doors that did not lock or open, and those that are offline."""
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.faults(commands={"refuse": "Not now."})
    assert await say(site, "lock all doors") == (
        "Not locked: Front door. Not known: Garage."
    )
    assert await say(site, "open the garage") == "The garage did not open."
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    not_connected = "Not connected: Front door, Garage."
    assert await say(site, "lock all doors") == not_connected
    assert await say(site, "are all doors locked?") == not_connected
    assert await say(site, "is anything open?") == "Not connected: Front door."
    assert await say(site, "open the garage") == "Not connected: Garage."
