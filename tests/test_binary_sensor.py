"""Which sensors a door has; what they show is tested with the samples of each topic."""

from homeassistant.core import HomeAssistant

from .common import emit, wait_for_state
from .simulator_process import SimulatedPdk


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
