"""Who was let in last at a door, and a user who decides that nobody is recorded."""

from copy import deepcopy
from datetime import datetime
import json

from pytest_homeassistant_custom_component.common import async_capture_events

from homeassistant.const import MATCH_ALL
from homeassistant.helpers import entity_registry as er

from .common import FRONT, FRONT_ACCESS, PANEL, AccessEvents, Json, Site
from .test_activity import ACTIVITY

LAST_PERSON = "sensor.front_door_last_person"
STORE = f"prodatakey.{PANEL}"
NAMES = ("Amelia", "Hartmann", "Jonas", "Okafor")
SENTENCE = (
    'Person "Somebody" has requested access to the device "Front door". '
    "Access allowed. Person used card for requesting access."
)


async def test_last_person(site: Site, access_events: AccessEvents) -> None:
    """*Last person* is who was let in last, at either reader, with how and when."""
    assert site.state(LAST_PERSON).state == "unknown"
    for without in ("front_door_inside", "garage", "ventilation"):
        assert site.hass.states.get(f"sensor.{without}_last_person") is None
    await site.happen(1, "badge", person=2)
    state = await site.wait_for_state(LAST_PERSON, "Jonas Okafor")
    assert state.attributes["request_factor"] == "CARD_ONLY"
    assert datetime.fromisoformat(state.attributes["occurred"]).utcoffset() is not None
    await site.emit("door.request.denied", metadata={"personName": "Somebody else"})
    count = len(await access_events.received())
    await site.happen(7, "badge", pin="2468")
    state = await site.wait_for_state(LAST_PERSON, "Amelia Hartmann")
    inside = "event.front_door_inside_access"
    await site.wait_for_attribute(inside, "person", "Amelia Hartmann")
    assert len(await access_events.received()) == count
    assert state.attributes["request_factor"] == "PIN_ONLY"
    # somebody else was the last one then, and it is not known who
    await site.emit("door.request.allowed")
    assert (await access_events.people())[-1] is None
    assert site.state(LAST_PERSON).state == "unknown"


async def test_outage_and_crash(site: Site, hass_storage: Json) -> None:
    """The last person is known after an outage; a crash loses what was not saved yet."""
    await site.happen(1, "badge", person=2)
    before = await site.wait_for_state(LAST_PERSON, "Jonas Okafor")
    await site.set_up()
    saved = deepcopy(hass_storage[STORE])
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(LAST_PERSON, "Amelia Hartmann")
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    hass_storage[STORE] = saved
    await site.set_up()
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    after = site.state(LAST_PERSON)
    assert (after.state, after.attributes) == (before.state, before.attributes)


async def test_people_are_not_recorded(
    site: Site,
    access_events: AccessEvents,
    entity_registry: er.EntityRegistry,
    hass_storage: Json,
) -> None:
    """No state, event or file names who comes in, nor who came in before."""
    await site.happen(1, "badge", person=1)
    assert await access_events.people() == ["Amelia Hartmann"]
    assert site.state(FRONT).attributes["changed_by"] == "Amelia Hartmann"
    await site.wait_for_state(LAST_PERSON, "Amelia Hartmann")
    await site.set_up()
    assert "Amelia Hartmann" in json.dumps(hass_storage[STORE])

    await site.set_up(record_people=False)
    restored = site.state(FRONT_ACCESS).attributes
    assert restored["event_type"] == "access_granted"
    assert (restored["person"], restored["person_id"]) == (None, None)
    assert site.state(FRONT).attributes.get("changed_by") is None
    assert site.state(ACTIVITY).state == "unknown"
    assert entity_registry.async_get(LAST_PERSON) is None
    assert site.hass.states.get(LAST_PERSON) is None

    events = async_capture_events(site.hass, MATCH_ALL)
    await site.happen(1, "badge", person=2)
    await site.wait_for_state(ACTIVITY, SENTENCE)
    access = (await access_events.received())[-1]
    assert access["event_type"] == "access_granted"
    assert access["request_factor"] == "CARD_ONLY"
    assert (access["person"], access["person_id"]) == (None, None)
    (live,) = [event for event in events if event.event_type == "prodatakey_live_event"]
    assert live.data["message"] == SENTENCE
    assert (live.data["door"], live.data["person_id"]) == ("Front door", None)
    states = [state.as_dict() for state in site.hass.states.async_all()]
    await site.set_up(record_people=False)
    assert site.state(ACTIVITY).state == SENTENCE
    stored = hass_storage[STORE]
    recorded = json.dumps(
        [states, [event.as_dict() for event in events], stored], default=str
    )
    assert "Front door" in json.dumps(stored)
    assert not [name for name in NAMES if name in recorded]

    # the sensors come back without what they showed before
    await site.set_up(record_people=True)
    assert site.state(LAST_PERSON).state == "unknown"


async def test_dates_of_people_are_not_recorded(site: Site) -> None:
    """Without people the dates of a person are hidden, also those shown before."""
    await site.happen(1, "badge", person=7)
    shown = await site.wait_for_attribute(FRONT_ACCESS, "expires", "2025-06-30")
    assert shown.attributes["reason"] == "expired"
    await site.set_up(record_people=False)
    for person, reason in ((None, "expired"), (8, "not_yet_active")):
        if person:
            await site.happen(1, "badge", person=person)
        shown = await site.wait_for_attribute(FRONT_ACCESS, "reason", reason)
        dates = (shown.attributes["active_from"], shown.attributes["expires"])
        assert (dates, shown.attributes["enabled"]) == ((None, None), True)
