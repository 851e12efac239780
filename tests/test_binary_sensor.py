"""Which sensors a door has; what they show is tested with the samples of each topic."""

from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .common import (
    CONNECTION,
    PANEL,
    drop_connection,
    emit,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk


async def test_dps_that_is_not_in_the_list(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Its sensor is added with its first event, an alarm with its own first one."""
    position, forced = (
        f"binary_sensor.meeting_room_{name}"
        for name in ("door_position", "forced_open")
    )
    assert hass.states.get(position) is None
    await emit(panel, "door.input.dps.opened", 4)
    await wait_for_state(hass, position, "on")
    assert hass.states.get(forced) is None
    await emit(panel, "door.alarm.forced", 4)
    await wait_for_state(hass, forced, "on")
    await wait_for_state(hass, "button.meeting_room_clear_forced_alarm", "unknown")


async def test_alarms_exist_where_they_are_configured(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """One that the installer has switched off would stay unknown for ever."""
    doors = f"panels/{PANEL}/doors"
    await pdk.control("PATCH", f"{doors}/1", {"forcedAlarm": False, "propAlarm": True})
    await pdk.control("PATCH", f"{doors}/5", {"forcedAlarm": True, "propAlarm": False})
    await setup_integration(hass, entry)
    assert hass.states.get("binary_sensor.front_door_forced_open") is None
    assert hass.states.get("button.front_door_clear_forced_alarm") is None
    assert hass.states.get("binary_sensor.front_door_propped_open")
    assert hass.states.get("binary_sensor.warehouse_gate_forced_open")
    assert hass.states.get("binary_sensor.warehouse_gate_propped_open") is None


async def test_closing_ends_a_propped_alarm(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A closed door is not propped open, also where that is only assumed or unknown."""
    propped = "binary_sensor.front_door_propped_open"
    await emit(panel, "door.input.dps.closed")
    await wait_for_state(hass, propped, "off")
    await emit(panel, "door.alarm.propped.on")
    await wait_for_state(hass, propped, "on")
    await drop_connection(panel)
    await wait_until(lambda: state_of(hass, propped).attributes.get("assumed_state"))
    await wait_for_state(hass, CONNECTION, "on")
    await emit(panel, "door.input.dps.closed")
    cleared = await wait_for_state(hass, propped, "off")
    assert "assumed_state" not in cleared.attributes


async def test_relay(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """A user can enable the relays themselves; that of a fan is no lock."""
    for door in ("front_door", "ventilation"):
        entity_id = f"binary_sensor.{door}_relay"
        assert hass.states.get(entity_id) is None
        entity_registry.async_update_entity(entity_id, disabled_by=None)
    await setup_integration(hass, entry)
    await emit(panel, "door.input.relay.on")
    relay = await wait_for_state(hass, "binary_sensor.front_door_relay", "on")
    assert relay.attributes["device_class"] == "lock"
    assert "device_class" not in state_of(hass, entity_id).attributes


async def test_kinds_of_doors(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """A fan on a relay is no lock, and neither is a second reader."""
    assert hass.states.get("lock.garage")
    assert hass.states.get("lock.ventilation") is None
    assert hass.states.get("switch.ventilation_do_not_disturb") is None
    assert hass.states.get("button.ventilation_pulse")
    inside = [
        entity_id
        for entity_id in hass.states.async_entity_ids()
        if "front_door_inside" in entity_id
    ]
    assert inside == ["event.front_door_inside_access"]
    for door, device_class in (("warehouse_gate", "door"), ("garage", "garage_door")):
        position = state_of(hass, f"binary_sensor.{door}_door_position")
        assert position.attributes["device_class"] == device_class
