"""The sensors of the doors follow the panel."""

import pytest

from homeassistant.core import HomeAssistant

from .common import emit, state_of, wait_for_state
from .simulator_process import SimulatedPdk


@pytest.mark.parametrize(
    ("on", "off", "sensor"),
    [
        ("door.input.dps.opened", "door.input.dps.closed", "door_position"),
        ("door.input.rex.on", "door.input.rex.off", "request_to_exit"),
        ("door.input.relay.on", "door.input.relay.off", "relay"),
        ("door.alarm.propped.on", "door.alarm.propped.off", "propped_open"),
        ("door.alarm.forced", "door.alarm.forced.cleared", "forced_open"),
        ("door.forceclose.on", "door.forceclose.off", "force_close"),
    ],
)
async def test_sensors(
    hass: HomeAssistant, panel: SimulatedPdk, on: str, off: str, sensor: str
) -> None:
    """Unknown until the panel reports; then what it reports."""
    entity_id = f"binary_sensor.front_door_{sensor}"
    assert state_of(hass, entity_id).state == "unknown"
    for topic, state in ((on, "on"), (off, "off"), (on, "on")):
        await emit(panel, topic)
        await wait_for_state(hass, entity_id, state)


async def test_dps_that_is_not_in_the_list(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Its entities are added with its first event."""
    sensors = [
        f"binary_sensor.meeting_room_{name}"
        for name in ("door_position", "propped_open", "forced_open")
    ]
    assert not any(map(hass.states.get, sensors))
    await emit(panel, "door.input.dps.opened", 4)
    await wait_for_state(hass, sensors[0], "on")
    for sensor in sensors[1:]:
        await wait_for_state(hass, sensor, "unknown")
    await wait_for_state(hass, "button.meeting_room_clear_forced_alarm", "unknown")


async def test_kinds_of_doors(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """A fan on a relay is no lock, and neither is a second reader."""
    assert hass.states.get("lock.garage")
    assert hass.states.get("lock.ventilation") is None
    assert hass.states.get("switch.ventilation_do_not_disturb") is None
    assert hass.states.get("button.ventilation_open")
    inside = [
        entity_id
        for entity_id in hass.states.async_entity_ids()
        if "front_door_inside" in entity_id
    ]
    assert inside == ["event.front_door_inside_access"]
