"""The doors through Assist: Home Assistant's own sentences and intents."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.setup import async_setup_component
from tests.common import PANEL, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import LOCKS, Expose

FRONT = "lock.front_door"
GARAGE = "lock.garage"


async def say(hass: HomeAssistant, sentence: str) -> str:
    """Say something to Assist; return what it says."""
    result = await conversation.async_converse(
        hass,
        sentence,
        None,
        Context(),
        language="en",
        agent_id=conversation.HOME_ASSISTANT_AGENT,
    )
    answer: str = result.response.speech["plain"]["speech"]
    return answer


async def topics(panel: SimulatedPdk) -> list[str]:
    """Return what the panel was told to do."""
    return [each["topic"] for each in await panel.commands(PANEL, wait=0)]


async def test_locks_have_to_be_exposed(
    hass: HomeAssistant, panel: SimulatedPdk, core: None
) -> None:
    """Home Assistant exposes no lock by itself, but door positions and outputs."""
    exposed = [
        entity_id
        for entity_id in sorted(hass.states.async_entity_ids())
        if async_should_expose(hass, "conversation", entity_id)
    ]
    assert exposed == [
        "binary_sensor.front_door_door_position",
        "binary_sensor.garage_door_position",
        "binary_sensor.server_room_door_position",
        "binary_sensor.warehouse_gate_door_position",
        "switch.ventilation",
    ]
    assert await say(hass, "unlock the front door") == (
        "Sorry, Front door is not exposed"
    )
    assert await topics(panel) == []


async def test_lock_unlock_and_ask(hass: HomeAssistant, doors: SimulatedPdk) -> None:
    """It says what is known; before the panel has spoken that is nothing."""
    assert await say(hass, "is the front door locked?") == "No, unknown"
    assert await say(hass, "lock the front door") == "Locking"
    assert await say(hass, "is the front door locked?") == "Yes"
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await say(hass, "is the front door locked?") == "No, unlocked"
    assert await say(hass, "is any door unlocked?") == "Yes, Front door"
    assert await topics(doors) == ["door.actuate.close", "door.actuate.open"]


async def test_in_an_area(
    hass: HomeAssistant,
    doors: SimulatedPdk,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """An area helps with questions; a command needs the name of the door."""
    entry = entity_registry.async_get(FRONT)
    assert entry and entry.device_id
    area = area_registry.async_create("Entrance")
    device_registry.async_update_device(entry.device_id, area_id=area.id)
    assert await say(hass, "lock the front door in the entrance") == "Locking"
    assert await say(hass, "are all doors in the entrance locked?") == "Yes"
    answer = await say(hass, "lock the doors in the entrance")
    assert answer.startswith("Sorry, I am not aware of any ")
    assert (await say(hass, "lock all doors")).startswith("Sorry, ")
    assert await topics(doors) == ["door.actuate.close"]


@pytest.mark.parametrize(
    "sentence", ["open the garage", "open the garage door", "open the front door"]
)
async def test_open_is_for_covers(
    hass: HomeAssistant, doors: SimulatedPdk, sentence: str
) -> None:
    """Home Assistant's intents open covers and valves, and no locks."""
    assert (await say(hass, sentence)).startswith("Sorry, ")
    assert await topics(doors) == []


async def test_is_it_open(
    hass: HomeAssistant, doors: SimulatedPdk, entity_registry: er.EntityRegistry
) -> None:
    """With the door's own name it is the lock that answers; the position needs its name."""
    await doors.act(PANEL, 2, "hold")
    await doors.act(PANEL, 2, "open")
    await wait_for_state(hass, "binary_sensor.garage_door_position", "on")
    assert await say(hass, "is the garage open?") == "No, unlocked"
    assert await say(hass, "is the garage door position open?") == "Yes"


@pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 11),
    reason="Assist learned to press buttons then",
)
async def test_the_open_button(
    hass: HomeAssistant, doors: SimulatedPdk, expose: Expose
) -> None:
    """A button that is exposed can be pressed."""
    assert (await say(hass, "press garage open")).startswith("Sorry, ")
    expose("button.garage_open")
    await say(hass, "press garage open")
    await wait_for_state(hass, GARAGE, "unlocked")
    assert await topics(doors) == ["door.try.open"]


async def test_open_by_a_sentence_of_ones_own(
    hass: HomeAssistant, doors: SimulatedPdk
) -> None:
    """An automation with a sentence as its trigger opens a door."""
    config = {
        "alias": "Ours",
        "triggers": [
            {"trigger": "conversation", "command": "open [the] garage [door]"}
        ],
        "actions": [
            {"action": "lock.open", "target": {"entity_id": GARAGE}},
            {"set_conversation_response": "Opening"},
        ],
    }
    assert await async_setup_component(hass, "automation", {"automation": config})
    await hass.async_block_till_done()
    assert await say(hass, "open the garage") == "Opening"
    assert await topics(doors) == ["door.try.open"]


async def test_a_refusal_is_told(hass: HomeAssistant, doors: SimulatedPdk) -> None:
    """That it failed is told, though not why."""
    await doors.faults(commands={"refuse": "The door is in do not disturb."})
    assert await say(hass, "unlock the front door") == "An unexpected error occurred"


async def test_a_refusal_that_takes_its_time_is_not_told(
    hass: HomeAssistant, doors: SimulatedPdk
) -> None:
    """Assist waits 0.2 s for an action, and takes it for granted after that."""
    # The error has nobody left to go to.
    hass.loop.set_exception_handler(lambda *_: None)
    await doors.faults(
        commands={"refuse": "The door is in do not disturb."}, command_delay=1
    )
    assert await say(hass, "unlock the front door") == "Unlocking"
    await wait_for_state(hass, FRONT, "unlocking")
    await wait_for_state(hass, FRONT, "unknown")


async def test_a_panel_that_is_not_there(
    hass: HomeAssistant, doors: SimulatedPdk, short_back_off: None
) -> None:
    """Home Assistant leaves out what is unavailable, and Assist says that it is done."""
    await doors.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, FRONT, "unavailable")
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await say(hass, "is the front door locked?") == "No, unavailable"
    assert await topics(doors) == []


@pytest.mark.parametrize(
    ("options", "topic"),
    [
        ({"unlock_mode": "hold"}, "door.actuate.open"),
        ({"unlock_mode": "momentary"}, "door.try.open"),
        ({"unlock_mode": "momentary", "unlock_duration": 3}, "door.try.dwellopen"),
    ],
)
async def test_what_unlock_does(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    expose: Expose,
    options: dict[str, object],
    topic: str,
) -> None:
    """The option decides, for voice as for all else."""
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    expose(FRONT)
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await topics(pdk) == [topic]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_code(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    expose: Expose,
    entity_registry: er.EntityRegistry,
) -> None:
    """Nobody can say one: unlocking fails, unless the lock's settings have it."""
    hass.config_entries.async_update_entry(entry, options={"code": "2580"})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    for lock in LOCKS:
        expose(lock)
    assert await say(hass, "unlock the front door") == "An unexpected error occurred"
    assert await say(hass, "lock the front door") == "Locking"
    entity_registry.async_update_entity_options(FRONT, "lock", {"default_code": "2580"})
    assert await say(hass, "unlock the front door") == "Unlocking"
    assert await topics(pdk) == ["door.actuate.close", "door.actuate.open"]
    await hass.config_entries.async_unload(entry.entry_id)
