"""Access events: who was at a reader; old ones do not fire, whatever the panel's clock shows."""

from datetime import UTC, datetime, timedelta
import json
import time

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .common import (
    CONNECTION,
    FRONT,
    MIN_TOKEN_LIFE,
    PANEL,
    PIN,
    AccessEvents,
    Json,
    access_granted,
    drop_connection,
    emit,
    emit_all,
    held_back,
    setup_integration,
    state_of,
    wait_for_attribute,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk


async def test_no_pin_anywhere(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    entry: MockConfigEntry,
    hass_storage: Json,
) -> None:
    """A PIN that is typed is in no state, no event and no file."""
    events = async_capture_events(hass, MATCH_ALL)
    await panel.act(PANEL, 1, "badge", pin=PIN)
    (event,) = await access_events.received()
    assert event["event_type"] == "access_unknown"
    await hass.config_entries.async_unload(entry.entry_id)
    everything = [
        [state.as_dict() for state in hass.states.async_all()],
        [event.as_dict() for event in events],
        hass_storage,
    ]
    assert PIN not in json.dumps(everything, default=str)


async def test_second_reader(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It has an event entity and nothing else, and is connected via its door."""
    await panel.act(PANEL, 7, "badge", person=1)
    inside = "event.front_door_inside_access"
    await wait_for_attribute(hass, inside, "person", "Amelia Hartmann")
    assert await access_events.received() == []
    entity, front = map(entity_registry.async_get, (inside, FRONT))
    assert entity and entity.device_id and front
    device = device_registry.async_get(entity.device_id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.via_device_id == front.device_id
    assert er.async_entries_for_device(entity_registry, device.id) == [entity]


async def test_first_event_of_a_new_door(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A door that is first seen in an access event fires that event as well."""
    body = {"doorId": 77, "person": {"id": 4, "firstName": "Priya"}}
    metadata = {"occurred": time.time_ns() // 10**6, "doorName": "Cellar"}
    await emit(panel, "door.request.allowed", body=body, metadata=metadata)
    cellar = "event.cellar_access"
    await wait_until(lambda: hass.states.get(cellar))
    await wait_for_attribute(hass, cellar, "person", "Priya")


HOURS = 3600.0
INVALID_TOKEN = {"topic": "invalidToken", "payload": None}


def age(event: dict[str, str]) -> timedelta:
    """Return how long ago an event occurred, as it says."""
    return datetime.now(UTC) - datetime.fromisoformat(event["occurred"])


@pytest.mark.parametrize("hours", [0, -7, 3])
async def test_old_events_do_not_fire(
    hass: HomeAssistant, panel: SimulatedPdk, access_events: AccessEvents, hours: int
) -> None:
    """An event older than a minute does not fire, whatever the panel's clock shows.

    Those that fire have the time of this machine's clock.
    """
    offset = hours * HOURS
    await panel.faults(PANEL, clock_offset=offset)
    await panel.act(PANEL, 1, "badge", person=1)
    await emit_all(
        panel,
        access_granted("old", 61 - offset),
        access_granted("older", HOURS - offset),
        access_granted("young", 55 - offset),
    )
    fresh, young = await access_events.received()
    assert (fresh["person"], young["person"]) == ("Amelia Hartmann", "young")
    assert abs(age(fresh)) < timedelta(seconds=5)
    assert timedelta(seconds=54) < age(young) < timedelta(seconds=65)


async def test_clock_is_learned_with_each_connection(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
) -> None:
    """A panel that comes back with another clock is not late for ever."""
    await panel.act(PANEL, 1, "badge", person=1)
    assert await access_events.people() == ["Amelia Hartmann"]
    await drop_connection(panel)
    await wait_for_state(hass, CONNECTION, "off")
    await wait_for_state(hass, CONNECTION, "on")
    await panel.faults(PANEL, clock_offset=-2 * HOURS)
    await panel.act(PANEL, 1, "badge", person=2)
    assert await access_events.people() == ["Amelia Hartmann", "Jonas Okafor"]


async def test_delayed_by_an_expired_token(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The token expires unnoticed: the age of what is flushed first is unknown."""
    monkeypatch.setattr(MIN_TOKEN_LIFE, 60)
    await pdk.faults(panel_token_lifetime=1)
    await setup_integration(hass, entry)
    access_events = AccessEvents(hass, pdk)
    await pdk.faults(panel_token_lifetime=300, panel_token={"delay": 0.3, "count": 1})
    while not held_back(entry):
        await emit(pdk, "door.autoopen.on")
    await emit_all(pdk, access_granted("old", 2 * HOURS), access_granted("young", 20))
    assert await access_events.received() == []
    assert (await pdk.requests())["renewed"] == 1
    assert state_of(hass, FRONT).attributes.get("changed_by") is None


async def test_delayed_and_repeated(
    panel: SimulatedPdk, access_events: AccessEvents
) -> None:
    """Once the offset is known, a flushed event younger than a minute fires.

    The same id counts once; without one, each event counts.
    """
    once = access_granted("once", id="0153463f-d9ba-435f-b099-60f2b7c8d7e3")
    each = access_granted("each")
    await emit_all(
        panel,
        *(once, once, each, each),
        *(INVALID_TOKEN, access_granted("old", 90), access_granted("young", 30)),
    )
    assert await access_events.people() == ["once", "each", "each", "young"]
