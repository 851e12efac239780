"""What the doors tell, and whether the panel can be heard."""

import pytest

from homeassistant.core import HomeAssistant

from .common import PANEL, state_of, wait_for_state
from .simulator_process import SimulatedPdk

CONNECTION = "binary_sensor.headquarters_connection"


ASPECTS = [
    ("door.input.dps.opened", "door.input.dps.closed", "door_position"),
    ("door.input.rex.on", "door.input.rex.off", "request_to_exit"),
    ("door.input.relay.on", "door.input.relay.off", "relay"),
    ("door.alarm.propped.on", "door.alarm.propped.off", "propped_open"),
    ("door.alarm.forced", "door.alarm.forced.cleared", "forced_open"),
    ("door.forceclose.on", "door.forceclose.off", "force_close"),
]


@pytest.mark.parametrize(("on", "off", "sensor"), ASPECTS)
async def test_follows_the_panel(
    hass: HomeAssistant, panel: SimulatedPdk, on: str, off: str, sensor: str
) -> None:
    """Unknown until the panel says; then what it says."""
    entity_id = f"binary_sensor.front_door_{sensor}"
    assert state_of(hass, entity_id).state == "unknown"
    for topic, state in ((on, "on"), (off, "off"), (on, "on")):
        await panel.emit(PANEL, topic, {"topic": topic, "body": {"doorId": 1}})
        await wait_for_state(hass, entity_id, state)


async def test_a_sensor_that_shows_itself(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A DPS that the panel's list does not know appears with its first event."""
    sensors = [
        f"binary_sensor.meeting_room_{name}"
        for name in ("door_position", "propped_open", "forced_open")
    ]
    assert not any(map(hass.states.get, sensors))
    await panel.emit(PANEL, "door.input.dps.opened", {"body": {"doorId": 4}})
    await wait_for_state(hass, sensors[0], "on")
    for sensor in sensors[1:]:
        await wait_for_state(hass, sensor, "unknown")
    await wait_for_state(hass, "button.meeting_room_clear_forced_alarm", "unknown")


async def test_a_door_that_shows_itself(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A door that the list did not have appears with its first event."""
    event = {"body": {"doorId": 77, "door": {"id": 77, "name": "New door"}}}
    await panel.emit(PANEL, "door.input.relay.on", event)
    await wait_for_state(hass, "lock.new_door", "unlocked")


async def test_what_becomes_of_each_kind_of_device(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A fan on a relay is no lock, and neither is a second reader."""
    assert hass.states.get("lock.garage")
    assert hass.states.get("lock.ventilation") is None
    assert hass.states.get("button.ventilation_open")
    inside = [
        entity_id
        for entity_id in hass.states.async_entity_ids()
        if "front_door_inside" in entity_id
    ]
    assert inside == ["event.front_door_inside_access"]


async def test_a_short_drop(
    hass: HomeAssistant, panel: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """States become assumed, until the panel says them again; nothing is logged."""
    door = "binary_sensor.front_door_door_position"
    await panel.act(PANEL, 1, "open")
    await wait_for_state(hass, door, "on")
    caplog.set_level("INFO")
    caplog.clear()
    await panel.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_for_state(hass, CONNECTION, "off")
    assert state_of(hass, door).attributes["assumed_state"] is True
    assert state_of(hass, "lock.meeting_room").state == "unknown"
    await wait_for_state(hass, CONNECTION, "on")
    assert state_of(hass, door).attributes["assumed_state"] is True
    await panel.emit(PANEL, "door.input.dps.opened", {"body": {"doorId": 1}})
    await panel.act(PANEL, 4, "hold")
    await wait_for_state(hass, "lock.meeting_room", "unlocked")
    assert "assumed_state" not in state_of(hass, door).attributes
    ours = [r for r in caplog.records if "prodatakey" in r.name]
    assert not [r.message for r in ours]


async def test_an_outage(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    caplog: pytest.LogCaptureFixture,
    short_back_off: None,
) -> None:
    """Entities become unavailable, but the connection; one line down and one up."""
    caplog.set_level("INFO")
    caplog.clear()
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, "lock.front_door", "unavailable")
    assert state_of(hass, CONNECTION).state == "off"
    assert state_of(hass, "button.front_door_open").state == "unavailable"
    await panel.control("POST", f"panels/{PANEL}/online")
    await wait_for_state(hass, CONNECTION, "on")
    assert state_of(hass, "lock.front_door").state == "unknown"
    ours = [r for r in caplog.records if "prodatakey" in r.name]
    lines = [r.message for r in ours]
    assert len(lines) == 2
    assert lines[0].startswith("Headquarters is unavailable: ")
    assert lines[1] == "Headquarters is available again"
