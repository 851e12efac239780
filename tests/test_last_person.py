"""Who was let in last at a door."""

from copy import deepcopy
from datetime import datetime, timedelta
import json

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .common import (
    PANEL,
    AccessEvents,
    Json,
    emit,
    set_online,
    setup_integration,
    state_of,
    wait_for_state,
)
from .simulator_process import SimulatedPdk

LAST_PERSON = "sensor.front_door_last_person"
STORE = f"prodatakey.{PANEL}"


async def pass_a_minute(hass: HomeAssistant) -> None:
    """Let a minute pass, in which everything is saved."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=62))
    await hass.async_block_till_done()


async def test_last_person(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The person, and how and when they were let in; not who was denied."""
    assert state_of(hass, LAST_PERSON).state == "unknown"
    await panel.act(PANEL, 1, "badge", person=2)
    state = await wait_for_state(hass, LAST_PERSON, "Jonas Okafor")
    assert state.attributes["request_factor"] == "CARD_ONLY"
    assert datetime.fromisoformat(state.attributes["occurred"]).utcoffset() is not None
    await emit(panel, "door.request.denied", metadata={"personName": "Amelia Hartmann"})
    await panel.act(PANEL, 1, "badge", pin="2468")
    state = await wait_for_state(hass, LAST_PERSON, "Amelia Hartmann")
    assert state.attributes["request_factor"] == "PIN_ONLY"


async def test_second_reader(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Who is let in at the second reader comes through the same door."""
    assert hass.states.get("sensor.front_door_inside_last_person") is None
    await panel.act(PANEL, 7, "badge", person=1)
    await wait_for_state(hass, LAST_PERSON, "Amelia Hartmann")


async def test_no_reader(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """A door without a reader, and an output, have no last person."""
    assert hass.states.get("sensor.garage_last_person") is None
    assert hass.states.get("sensor.ventilation_last_person") is None


async def test_panel_did_not_send_a_name(
    hass: HomeAssistant, panel: SimulatedPdk, access_events: AccessEvents
) -> None:
    """Somebody else was the last one then, and it is not known who."""
    await panel.act(PANEL, 1, "badge", person=1)
    await emit(panel, "door.request.allowed")
    assert await access_events.people() == ["Amelia Hartmann", None]
    assert state_of(hass, LAST_PERSON).state == "unknown"


async def test_outage_and_restart(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    short_backoff: None,
) -> None:
    """What happened before is known afterwards, and meanwhile."""
    await panel.act(PANEL, 1, "badge", person=2)
    before = await wait_for_state(hass, LAST_PERSON, "Jonas Okafor")
    await setup_integration(hass, entry)
    await set_online(panel, False)
    await wait_for_state(hass, "lock.front_door", "unavailable")
    after = state_of(hass, LAST_PERSON)
    assert (after.state, after.attributes) == (before.state, before.attributes)


async def test_crash(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_storage: Json,
) -> None:
    """Only what was not saved within the last minute is lost."""
    await panel.act(PANEL, 1, "badge", person=2)
    before = await wait_for_state(hass, LAST_PERSON, "Jonas Okafor")
    await pass_a_minute(hass)
    saved = deepcopy(hass_storage[STORE])
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_for_state(hass, LAST_PERSON, "Amelia Hartmann")
    await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[STORE] = saved
    await setup_integration(hass, entry)
    after = state_of(hass, LAST_PERSON)
    assert (after.state, after.attributes) == (before.state, before.attributes)


async def test_people_are_not_recorded(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    hass_storage: Json,
) -> None:
    """The sensors are removed, and come back without what they showed before."""
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_for_state(hass, LAST_PERSON, "Amelia Hartmann")
    await pass_a_minute(hass)
    assert "Amelia Hartmann" in json.dumps(hass_storage[STORE])
    await setup_integration(hass, entry, record_people=False)
    await pass_a_minute(hass)
    assert "Amelia Hartmann" not in json.dumps(hass_storage[STORE])
    assert entity_registry.async_get(LAST_PERSON) is None
    assert hass.states.get(LAST_PERSON) is None
    await setup_integration(hass, entry, record_people=True)
    assert state_of(hass, LAST_PERSON).state == "unknown"
