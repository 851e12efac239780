"""Assist answers about the doors, in seven languages."""

import json
from pathlib import Path

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import (
    ATTR_ENTITY_ID,
    ATTR_FRIENDLY_NAME,
    ATTR_SUPPORTED_FEATURES,
)
from homeassistant.core import Context
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from tests.common import FRONT, Json, Site, wait_until

from .conftest import Automate, rename

GARAGE = "lock.garage"
LOCKDOWN = "switch.headquarters_lockdown"
POSITION = "binary_sensor.front_door_door_position"
LAST_PERSON = "sensor.front_door_last_person"
EXPOSED = (FRONT, GARAGE, POSITION, LAST_PERSON, "sensor.server_room_last_person")

# Sentences of each language in this order, with their answers.
LANGUAGES: dict[str, Json] = json.loads(
    Path(__file__).with_name("voice_sentences.json").read_text("utf-8")
)


@pytest.fixture
async def assist(site: Site, automate: Automate) -> None:
    """Set up Assist with some doors exposed, and an automation from the blueprint."""
    assert await async_setup_component(site.hass, "homeassistant", {})
    assert await async_setup_component(site.hass, "conversation", {})
    for entity in [*er.async_get(site.hass).entities.values()]:
        exposed = entity.entity_id in EXPOSED
        async_expose_entity(site.hass, "conversation", entity.entity_id, exposed)
    await automate("voice")


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
    for language, said in LANGUAGES.items():
        rename(site.hass, FRONT, said["front"])
        rename(site.hass, GARAGE, said["garage"])
        count = len(await site.sent())
        for sentence, answer in said["answers"].items():
            heard = await say(site, sentence, language)
            assert heard == answer.format(time=time), sentence
        sent = (await site.sent())[count:]
        assert sent[-2:] == ["door.try.open"] * 2
        assert {*sent[:-2]} == {"door.actuate.close"}


@pytest.mark.usefixtures("assist")
async def test_other_doors(site: Site) -> None:
    """What is not ours is answered by Assist, as without the automation."""
    opened = async_mock_service(site.hass, "cover", "open_cover")
    for number, (language, said) in enumerate(LANGUAGES.items()):
        cover = f"cover.cellar_{number}"
        name = {ATTR_FRIENDLY_NAME: said["cover"], ATTR_SUPPORTED_FEATURES: 3}
        site.hass.states.async_set(cover, "open", name)
        async_expose_entity(site.hass, "conversation", cover, True)
        command, question = said["passed_on"]
        await say(site, command, language)
        assert opened.pop().data[ATTR_ENTITY_ID] == cover, language
        answer = await say(site, question, language)
        assert answer not in ("", "I do not know this door."), language
        site.hass.states.async_remove(cover)
    assert await site.sent() == []


LOCK_DOWN = {
    "en": ("lock down the headquarters", "The lockdown is on."),
    "de": ("alles abriegeln", "Die Abriegelung ist aktiv."),
    "es": ("bloquea todo", "El confinamiento está activado."),
    "fr": ("confinez tout", "Le confinement est activé."),
    "it": ("blocca tutto", "L'isolamento è attivo."),
    "nl": ("vergrendel alles", "De lockdown is actief."),
    "pt-BR": ("bloqueio total", "O bloqueio total está ativo."),
}


@pytest.mark.usefixtures("assist")
async def test_lock_down(site: Site) -> None:
    """The whole site is locked down, and the doors that did not confirm it are named."""
    no_lockdown = "No lockdown is exposed to Assist."
    assert await say(site, "lock down") == no_lockdown
    async_expose_entity(site.hass, "conversation", LOCKDOWN, True)
    await site.faults(commands={"refuse": "Not now.", "doors": [2]})
    not_confirmed = "Lockdown, not confirmed: Garage."
    assert await say(site, "lock down") == not_confirmed
    await site.faults(commands=None)
    for language, (sentence, answer) in LOCK_DOWN.items():
        assert await say(site, sentence, language) == answer
    doors = site.entry.runtime_data.panel.doors.values()
    await wait_until(lambda: not any(door.toggling.locked() for door in doors))


@pytest.mark.usefixtures("assist")
async def test_unknown_is_not_no(site: Site) -> None:
    """Assist says that it does not know what was not reported, or only before a gap."""
    not_known = "Not known: Front door, Garage."
    assert await say(site, "are all doors locked?") == not_known
    for question in ("is anything open?", "is the front door open?"):
        assert await say(site, question) == "Not known: Front door."
    assert await say(site, "who was at the front door?") == "I do not know."
    assert await say(site, "who was at the moon?") == "I do not know this door."
    assert await say(site, "lock all doors") == "All doors are locked."
    await site.set_up()
    assert await say(site, "are all doors locked?") == not_known


@pytest.mark.usefixtures("assist")
async def test_all_doors_are_also_those_of_others(site: Site) -> None:
    """A lock and a door of another integration are locked and named, if exposed."""
    back, cellar = "lock.back_door", "binary_sensor.cellar_door"
    doors: list[tuple[str, str, Json]] = [
        (back, "unlocked", {ATTR_FRIENDLY_NAME: "Back door"}),
        (cellar, "on", {"device_class": "door"}),
        ("binary_sensor.hall", "on", {"device_class": "motion"}),
    ]
    for entity_id, state, attributes in doors:
        site.hass.states.async_set(entity_id, state, attributes)
    await site.emit("door.input.dps.closed")
    await site.wait_for_state(POSITION, "off")
    for entity_id in (FRONT, GARAGE):
        await site.act("lock.lock", entity_id)
    all_locked, none_open = "All doors are locked.", "No door is open."
    for exposed, locks, positions in (
        (False, all_locked, none_open),
        (True, "Not locked: Back door.", f"Open: {cellar}."),
    ):
        for entity_id, _, _ in doors:
            async_expose_entity(site.hass, "conversation", entity_id, exposed)
        assert await say(site, "is everything locked?") == locks
        assert await say(site, "is anything open?") == positions
    locked = async_mock_service(site.hass, "lock", "lock")
    site.hass.states.async_set(back, "locked")
    assert await say(site, "lock all doors") == all_locked
    assert set(locked[0].data[ATTR_ENTITY_ID]) == {FRONT, GARAGE, back}


@pytest.mark.usefixtures("assist")
async def test_rejected_and_offline(site: Site) -> None:
    """Assist names the doors that did not lock or open, and those that are offline."""
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.faults(commands={"refuse": "Not now."})
    assert await say(site, "lock all doors") == (
        "Not locked: Front door. Not known: Garage."
    )
    assert await say(site, "open the garage") == "Garage did not open."
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    not_connected = "Not connected: Front door, Garage."
    assert await say(site, "lock all doors") == not_connected
    assert await say(site, "are all doors locked?") == not_connected
    assert await say(site, "is anything open?") == "Not connected: Front door."
    assert await say(site, "open the garage") == "Not connected: Garage."
