"""The panel's own log: a sentence for people, an event for automations."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util

from .common import FRONT, PANEL, PIN, Json, Site, wait_until

ACTIVITY = "sensor.headquarters_last_activity"
PERSON = {"text": "Amelia Hartmann", "id": 1, "type": "person"}
DOOR = {"text": "Front door", "id": 1, "type": "door"}


@pytest.fixture
def events(hass: HomeAssistant) -> list[Event[Any]]:
    """Return what an automation receives."""
    return async_capture_events(hass, "prodatakey_live_event")


def line(info: str, *placeholders: Json) -> Json:
    """Return a line of the log, as the panel emits it."""
    return {
        "info": info,
        "occurred": "2023-05-03 19:20:50",
        "topic": "door.request.allowed",
        "placeholders": list(placeholders),
        "photo": None,
    }


async def test_live_event(site: Site, events: list[Event[Any]]) -> None:
    """A person is granted access; the event and the sensor say the same."""
    await site.happen(1, "badge", pin="2468")
    await wait_until(lambda: events)
    data = dict(events[0].data)
    occurred = dt_util.parse_datetime(data.pop("occurred"), raise_on_error=True)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)
    sentence = (
        'Person "Amelia Hartmann" has requested access to the device "Front door". '
        "Access allowed. Person used PIN for requesting access."
    )
    front = site.device(1)
    assert front
    assert data == {
        "panel_id": PANEL,
        "device_id": front.id,
        "entity_id": FRONT,
        "topic": "door.request.allowed",
        "message": sentence,
        "door_id": 1,
        "door": "Front door",
        "person_id": 1,
        "person": "Amelia Hartmann",
    }
    shown = (await site.wait_for_state(ACTIVITY, sentence)).attributes
    assert shown["message"] == sentence
    assert shown["topic"] == "door.request.allowed"
    assert shown["occurred"] == events[0].data["occurred"]


async def test_same_line_again(site: Site, entity_registry: er.EntityRegistry) -> None:
    """The same sentence again is news, but another name of the sensor is none."""
    changes = async_capture_events(site.hass, "state_changed")

    def count_news() -> int:
        return sum(
            data["entity_id"] == ACTIVITY
            and data["old_state"].last_changed != data["new_state"].last_changed
            for data in (change.data for change in changes)
        )

    for _ in range(3):
        await site.pdk.emit(PANEL, "liveEvent", line("Somebody knocks"))
    await wait_until(lambda: count_news() == 3)
    entity_registry.async_update_entity(ACTIVITY, name="Log")
    await wait_until(lambda: "Log" in site.state(ACTIVITY).name)
    assert count_news() == 3


LINES: list[tuple[str, list[Json], str]] = [
    ("%s at %s", [PERSON, DOOR], "Amelia Hartmann at Front door"),
    ("at %s: %s", [DOOR, {"text": PIN, "type": "pin"}], "at Front door: …"),
    ("card %s", [{"text": PIN, "id": 3, "type": "credential"}], "card …"),
    ("somehow %s", [{"text": PIN}], "somehow …"),
    ("too few: %s, %s", [DOOR], "too few: Front door, …"),
    ("none", [PERSON], "none"),
    ("100 %, 5 %d", [], "100 %, 5 %d"),
    ("%s", [{"text": "50 %s", "id": 1, "type": "door"}], "50 %s"),
]


async def test_placeholders(site: Site, events: list[Event[Any]]) -> None:
    """A line shows only people and doors: anything else may be a PIN or a card."""
    for info, placeholders, _ in LINES:
        await site.pdk.emit(PANEL, "liveEvent", line(info, *placeholders))
    await wait_until(lambda: len(events) == len(LINES))
    assert [event.data["message"] for event in events] == [each[2] for each in LINES]
    assert not [event for event in events if PIN in str(event.data)]


async def test_line_without_a_known_door(site: Site, events: list[Event[Any]]) -> None:
    """A line without a known door belongs to the panel."""
    await site.pdk.emit(PANEL, "liveEvent", line("The panel has started."))
    unknown = {"text": "Cellar", "id": 99, "type": "door"}
    await site.pdk.emit(PANEL, "liveEvent", line("%s", unknown))
    await wait_until(lambda: len(events) == 2)
    cloud_node = site.device()
    assert cloud_node
    assert [event.data["device_id"] for event in events] == [cloud_node.id] * 2
    assert [event.data["door_id"] for event in events] == [None, 99]
    assert (events[0].data["door"], events[0].data["person"]) == (None, None)


@pytest.mark.parametrize("options", [{}, {"record_people": False}])
async def test_long_line(site: Site, options: Json) -> None:
    """A state holds 255 characters; the attribute holds all, also after a restart."""
    await site.set_up(**options)
    long = ("Door was propped open. " * 20).strip()
    await site.pdk.emit(PANEL, "liveEvent", line(long))
    before = await site.wait_for_state(ACTIVITY, long[:255])
    assert before.attributes["message"] == long
    await site.set_up(**options)
    after = site.state(ACTIVITY)
    assert (after.state, after.attributes) == (before.state, before.attributes)
