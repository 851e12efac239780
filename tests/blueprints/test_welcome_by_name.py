"""People are welcomed by name."""

from functools import partial
import time

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant, ServiceCall, State
from tests.common import PANEL, state_of, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate

READER = "event.front_door_access"
WELCOME = [
    {
        "action": "notify.everybody",
        "data": {"message": "Welcome at {{ door }}, {{ person }} ({{ person_id }})!"},
    }
]
INPUTS = {"readers": [READER], "welcome": WELCOME}


def changed(hass: HomeAssistant, before: State) -> bool:
    """Return whether somebody has been at the reader since."""
    return state_of(hass, READER) is not before


async def test_by_name(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """Who is let in is welcomed, time and again; who is not is not."""
    await automate("welcome_by_name", **INPUTS)
    await panel.act(PANEL, 3, "badge", person=2)
    await panel.act(PANEL, 1, "badge", card="lost")
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: told)
    await panel.act(PANEL, 1, "badge", person=5)
    await wait_until(lambda: len(told) == 2)
    assert [call.data["message"] for call in told] == [
        "Welcome at Front door, Amelia Hartmann (1)!",
        "Welcome at Front door, Carlos Mendoza (5)!",
    ]


async def test_a_denied_access(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """Nobody is welcomed at a door that stays shut."""
    await automate(
        "welcome_by_name", **INPUTS | {"readers": ["event.server_room_access"]}
    )
    await panel.act(PANEL, 3, "badge", person=5)
    await wait_until(
        lambda: (
            (state := hass.states.get("event.server_room_access"))
            and state.attributes.get("event_type") == "access_denied"
        )
    )
    await hass.async_block_till_done()
    assert not told


async def test_only_some_people_and_only_if(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """The list of people and the conditions both count."""
    hass.states.async_set("input_boolean.greetings", "off")
    await automate(
        "welcome_by_name",
        **INPUTS,
        people=["Priya Raman"],
        only_if=[
            {
                "condition": "state",
                "entity_id": "input_boolean.greetings",
                "state": "on",
            }
        ],
    )
    for greetings, person in (("off", 4), ("on", 1), ("on", 4)):
        hass.states.async_set("input_boolean.greetings", greetings)
        before = state_of(hass, READER)
        await panel.act(PANEL, 1, "badge", person=person)
        await wait_until(partial(changed, hass, before))
        await hass.async_block_till_done()
    (call,) = told
    assert "Priya Raman" in call.data["message"]


@pytest.mark.parametrize(
    ("anonymous", "messages"),
    [("", []), ("somebody", ["Welcome at Front door, somebody (None)!"])],
)
async def test_without_recording_people(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    automate: Automate,
    told: list[ServiceCall],
    anonymous: str,
    messages: list[str],
) -> None:
    """There is no name, so another word stands for it, or nothing happens."""
    hass.config_entries.async_update_entry(entry, options={"record_people": False})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await automate("welcome_by_name", **INPUTS, anonymous=anonymous)
    await pdk.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: state_of(hass, READER).state != "unknown")
    await hass.async_block_till_done()
    assert [call.data["message"] for call in told] == messages
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("before", ["unavailable", None])
async def test_an_access_from_before_a_restart(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    automate: Automate,
    told: list[ServiceCall],
    before: str | None,
) -> None:
    """It is restored while the automation runs, though it was seconds ago."""
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: state_of(hass, READER).state != "unknown")
    last = state_of(hass, READER)
    await hass.config_entries.async_unload(entry.entry_id)
    await automate("welcome_by_name", **INPUTS)
    if not before:
        hass.states.async_remove(READER)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    restored = await wait_for_state(hass, READER, last.state)
    assert restored.attributes["event_type"] == "access_granted"
    await hass.async_block_till_done()
    assert not told


async def test_an_access_from_before_an_outage(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
    short_back_off: None,
) -> None:
    """It is shown again, and not acted on again."""
    await automate("welcome_by_name", **INPUTS)
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: told)
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, READER, "unavailable")
    await panel.control("POST", f"panels/{PANEL}/online")
    await wait_until(lambda: state_of(hass, READER).state != "unavailable")
    await hass.async_block_till_done()
    assert len(told) == 1


async def test_an_access_that_comes_late(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """The panel tells of it minutes after it happened."""
    await automate("welcome_by_name", **INPUTS)
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: told)
    late = int((time.time() - 120) * 1000)
    body = {"doorId": 1, "personId": 2}
    await panel.emit(
        PANEL,
        "door.request.allowed",
        {
            "id": "late",
            "topic": "door.request.allowed",
            "body": body,
            "metadata": {"occurred": late, "personName": "Jonas Okafor"},
        },
    )
    await panel.act(PANEL, 1, "badge", person=5)
    await wait_until(lambda: len(told) == 2)
    assert "Carlos" in told[1].data["message"]


async def test_a_name_that_changes_is_no_access(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """Attributes change without anybody at the door, and entities go."""
    await automate("welcome_by_name", **INPUTS)
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_until(lambda: told)
    state = hass.states.get(READER)
    assert state
    hass.states.async_set(
        READER, state.state, {**state.attributes, "friendly_name": "Another"}
    )
    hass.states.async_remove(READER)
    hass.states.async_set(READER, state.state, state.attributes)
    await hass.async_block_till_done()
    assert len(told) == 1


async def test_a_name_that_looks_like_a_number(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    told: list[ServiceCall],
) -> None:
    """It is found among the people all the same."""
    await automate("welcome_by_name", **INPUTS | {"people": ["4711"]})
    guest = {"body": {"doorId": 1}, "metadata": {"personName": "4711"}}
    await panel.emit(PANEL, "door.request.allowed", guest)
    await wait_until(lambda: told)
