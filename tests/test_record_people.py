"""A user decides that people are not recorded: their names are nowhere."""

import json

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant

from .common import (
    FRONT,
    FRONT_ACCESS,
    PANEL,
    AccessEvents,
    Json,
    setup_integration,
    state_of,
    wait_for_state,
)
from .simulator_process import SimulatedPdk
from .test_activity import ACTIVITY

NAMES = ("Amelia", "Hartmann", "Jonas", "Okafor")
SENTENCE = (
    'Person "Somebody" has requested access to the device "Front door". '
    "Access allowed. Person used card for requesting access."
)


async def test_people_are_not_recorded(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    entry: MockConfigEntry,
    hass_storage: Json,
) -> None:
    """No state, event or file names who comes in, nor who came in before."""
    await panel.act(PANEL, 1, "badge", person=1)
    assert await access_events.people() == ["Amelia Hartmann"]
    assert state_of(hass, FRONT).attributes["changed_by"] == "Amelia Hartmann"

    await setup_integration(hass, entry, record_people=False)
    restored = state_of(hass, FRONT_ACCESS).attributes
    assert restored["event_type"] == "access_granted"
    assert (restored["person"], restored["person_id"]) == (None, None)
    assert state_of(hass, FRONT).attributes.get("changed_by") is None
    assert state_of(hass, ACTIVITY).state == "unknown"

    events = async_capture_events(hass, MATCH_ALL)
    await panel.act(PANEL, 1, "badge", person=2)
    await wait_for_state(hass, ACTIVITY, SENTENCE)
    access = (await access_events.received())[-1]
    assert access["event_type"] == "access_granted"
    assert access["request_factor"] == "CARD_ONLY"
    assert (access["person"], access["person_id"]) == (None, None)
    (live,) = [event for event in events if event.event_type == "prodatakey_live_event"]
    assert live.data["message"] == SENTENCE
    assert (live.data["door"], live.data["person_id"]) == ("Front door", None)

    states = [state.as_dict() for state in hass.states.async_all()]
    await setup_integration(hass, entry, record_people=False)
    assert state_of(hass, ACTIVITY).state == SENTENCE
    await hass.config_entries.async_unload(entry.entry_id)
    stored = hass_storage[f"prodatakey.{PANEL}"]
    recorded = json.dumps(
        [states, [event.as_dict() for event in events], stored], default=str
    )
    assert "Front door" in json.dumps(stored)
    assert not [name for name in NAMES if name in recorded]
