"""Access events: who was at a reader; old ones do not fire, whatever the panel's clock shows."""

from datetime import UTC, datetime, timedelta
import json
import time

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from homeassistant.const import MATCH_ALL

from .common import (
    CONNECTION,
    ENDPOINT,
    MIN_TOKEN_LIFE,
    PANEL,
    PIN,
    AccessEvents,
    Json,
    Site,
    access_granted,
    wait_until,
)
from .pdk.common import wait_for_requests


async def test_no_pin_anywhere(
    site: Site, access_events: AccessEvents, hass_storage: Json
) -> None:
    """A PIN that is typed is in no state, no event and no file."""
    events = async_capture_events(site.hass, MATCH_ALL)
    await site.happen(1, "badge", pin=PIN)
    (event,) = await access_events.received()
    assert event["event_type"] == "access_unknown"
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    everything = [
        [state.as_dict() for state in site.hass.states.async_all()],
        [event.as_dict() for event in events],
        hass_storage,
    ]
    assert PIN not in json.dumps(everything, default=str)


async def test_first_event_of_a_new_door(site: Site) -> None:
    """A door that is first seen in an access event fires that event as well."""
    body = {"doorId": 77, "person": {"id": 4, "firstName": "Priya"}}
    metadata = {"occurred": time.time_ns() // 10**6, "doorName": "Cellar"}
    await site.emit("door.request.allowed", body=body, metadata=metadata)
    cellar = "event.cellar_access"
    await wait_until(lambda: site.hass.states.get(cellar))
    await site.wait_for_attribute(cellar, "person", "Priya")


HOURS = 3600.0
INVALID_TOKEN = {"topic": "invalidToken", "payload": None}


def age(event: dict[str, str]) -> timedelta:
    """Return how long ago an event occurred, as it says."""
    return datetime.now(UTC) - datetime.fromisoformat(event["occurred"])


@pytest.mark.parametrize("hours", [0, -7, 3])
async def test_old_events_do_not_fire(
    site: Site, access_events: AccessEvents, hours: int
) -> None:
    """An event older than a minute does not fire, whatever the panel's clock shows.

    The answer to a command tells its age. Those that fire have this machine's time.
    """
    offset = hours * HOURS
    await site.faults(clock_offset=offset)
    await site.act("lock.lock")
    await site.happen(1, "badge", person=1)
    await site.emit_all(
        access_granted("old", 61 - offset),
        access_granted("older", HOURS - offset),
        access_granted("young", 55 - offset),
    )
    fresh, young = await access_events.received()
    assert (fresh["person"], young["person"]) == ("Amelia Hartmann", "young")
    assert abs(age(fresh)) < timedelta(seconds=5)
    assert timedelta(seconds=54) < age(young) < timedelta(seconds=65)


async def test_old_events_of_a_new_connection(
    site: Site, access_events: AccessEvents
) -> None:
    """Of old events that arrive at once one fires, as the clock is not known yet.

    A wrong time does not hide those who come next.
    """
    heap = [access_granted(f"{hours} h ago", hours * HOURS) for hours in (5, 4, 3)]
    ahead = access_granted("ahead", -HOURS)
    fresh = [access_granted(f"person {number}") for number in range(5)]
    await site.emit_all(*heap, ahead, *fresh)
    people = [f"person {number}" for number in range(5)]
    assert await access_events.people() == ["5 h ago", *people]


async def test_clock_is_learned_with_each_connection(
    site: Site, access_events: AccessEvents
) -> None:
    """The offset of a panel's clock is learned anew with each connection."""
    await site.happen(1, "badge", person=1)
    assert await access_events.people() == ["Amelia Hartmann"]
    await site.drop_connection()
    await site.wait_for_state(CONNECTION, "off")
    await site.wait_for_state(CONNECTION, "on")
    await site.faults(clock_offset=-2 * HOURS)
    await site.happen(1, "badge", person=2)
    assert await access_events.people() == ["Amelia Hartmann", "Jonas Okafor"]


async def test_held_back_by_an_expired_token(
    new_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that an expired token held back fire if they are not a minute old.

    So does what comes right after that, and answers are answers.
    """
    monkeypatch.setattr(MIN_TOKEN_LIFE, 60)
    await new_site.pdk.faults(panel_token_lifetime=1, clock_offset=-7 * HOURS)
    await new_site.set_up()
    access_events = AccessEvents(new_site)
    await new_site.pdk.faults(
        panel_token_lifetime=300, panel_token={"delay": 0.3, "count": 1}
    )
    renewer = new_site.entry.runtime_data.site.stream._renewer
    while not renewer.rejected.is_set():
        await new_site.emit("door.autoclose.on")
    await new_site.emit_all(
        {"topic": "liveEvent", "payload": {"info": "Somebody came."}},
        access_granted("Front", 7 * HOURS),
        access_granted("Meeting", 7 * HOURS, body={"doorId": 4}),
    )
    await new_site.wait_for_state("sensor.headquarters_last_activity", "Somebody came.")
    assert await access_events.people() == ["Front"]
    assert new_site.state("event.meeting_room_access").attributes["person"] == "Meeting"
    assert (await new_site.pdk.requests())["renewed"] == 1
    await new_site.emit_all(access_granted("next", 7 * HOURS))
    assert await access_events.people() == ["Front", "next"]


async def test_right_after_a_renewal(site: Site, access_events: AccessEvents) -> None:
    """No event right after a renewal is dropped, though earlier ones may still come."""
    await site.pdk.emit(PANEL, "invalidToken")
    await wait_for_requests(site.pdk, "renewed")
    panel = site.entry.runtime_data.panel
    assert len(await panel.endpoints.discover(0.5)) == 2
    await site.pdk.emit(PANEL, "invalidToken")
    await wait_for_requests(site.pdk, "renewed", 2)
    await site.act("switch.turn_on", "switch.front_door_do_not_disturb")
    await site.pdk.emit(PANEL, "invalidToken")
    await wait_for_requests(site.pdk, "renewed", 3)
    (signal,) = await site.ask("query_signal", io_link_id=1, address=ENDPOINT)
    assert signal["db_gain"] == 40
    await site.pdk.emit(PANEL, "invalidToken")
    await wait_for_requests(site.pdk, "renewed", 4)
    await site.pdk.emit(PANEL, "liveEvent", {"info": "Somebody came."})
    await site.wait_for_state("sensor.headquarters_last_activity", "Somebody came.")
    await site.emit_all(access_granted("fresh"))
    assert await access_events.people() == ["fresh"]


async def test_delayed_and_repeated(site: Site, access_events: AccessEvents) -> None:
    """Once the offset is known, a flushed event younger than a minute fires.

    The same id counts once, also after a reload; without one, each event counts.
    """
    once = access_granted("once", id="0153463f-d9ba-435f-b099-60f2b7c8d7e3")
    each = access_granted("each")
    await site.emit_all(
        *(once, once, each, each),
        *(INVALID_TOKEN, access_granted("old", 90), access_granted("young", 30)),
    )
    assert await access_events.people() == ["once", "each", "each", "young"]
    await site.set_up()
    after = AccessEvents(site)
    await site.emit_all(once, access_granted("again"))
    assert await after.people() == ["again"]
