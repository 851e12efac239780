"""What entities there are; what they show is tested with the samples of each topic."""

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.prodatakey import PLATFORMS
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .common import CONNECTION, PANEL, Site, wait_until


@pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 11),
    reason="Home Assistant itself describes entities in another way then",
)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.usefixtures("pdk")
async def test_entities(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    platform: Platform,
) -> None:
    """Names, classes, categories and unique ids of all entities, also disabled ones."""
    enabled = "homeassistant.helpers.entity.Entity.entity_registry_enabled_default"
    monkeypatch.setattr(enabled, True)
    monkeypatch.setattr("custom_components.prodatakey.PLATFORMS", [platform])
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: not hass.states.is_state(CONNECTION, "unknown"))
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


async def test_alarms_exist_where_they_are_configured(new_site: Site) -> None:
    """An alarm that the installer switched off has no entity: it would stay unknown.

    A sensor that is not in the list is added with its first event.
    """
    doors = f"panels/{PANEL}/doors"
    await new_site.pdk.control(
        "PATCH", f"{doors}/1", {"forcedAlarm": False, "propAlarm": True}
    )
    await new_site.pdk.control(
        "PATCH", f"{doors}/5", {"forcedAlarm": True, "propAlarm": False}
    )
    await new_site.set_up()
    missing = (
        "binary_sensor.front_door_forced_open",
        "button.front_door_clear_forced_alarm",
        "binary_sensor.warehouse_gate_propped_open",
        "binary_sensor.meeting_room_door_position",
        "binary_sensor.meeting_room_forced_open",
    )
    assert not [
        entity_id for entity_id in missing if new_site.hass.states.get(entity_id)
    ]
    assert new_site.hass.states.get("binary_sensor.front_door_propped_open")
    assert new_site.hass.states.get("binary_sensor.warehouse_gate_forced_open")
    await new_site.emit("door.input.dps.opened", 4)
    await new_site.wait_for_state("binary_sensor.meeting_room_door_position", "on")
    assert new_site.hass.states.get("binary_sensor.meeting_room_forced_open") is None
    await new_site.emit("door.alarm.forced", 4)
    await new_site.wait_for_state("binary_sensor.meeting_room_forced_open", "on")
    await new_site.wait_for_state("button.meeting_room_clear_forced_alarm", "unknown")


async def test_unlocked_by_schedule(site: Site) -> None:
    """A door that PDK unlocks by its schedule says so, also after a restart."""
    scheduled = "binary_sensor.warehouse_gate_unlocked_by_schedule"
    await site.happen(4, "hold")
    await site.wait_for_state("lock.meeting_room", "unlocked")
    assert "unlocked_by_schedule" not in str(site.hass.states.async_entity_ids())
    await site.happen(5, "schedule", on=True)
    await site.wait_for_state("lock.warehouse_gate", "unlocked")
    assert site.state(scheduled).state == "on"
    await site.set_up()
    shown = site.state(scheduled)
    assert (shown.state, shown.attributes["assumed_state"]) == ("on", True)
    await site.happen(5, "schedule", on=False)
    shown = await site.wait_for_state(scheduled, "off")
    assert "assumed_state" not in shown.attributes


async def test_closing_ends_a_propped_alarm(site: Site) -> None:
    """A closed door ends its propped alarm, also where that is assumed or unknown."""
    propped = "binary_sensor.front_door_propped_open"
    await site.emit("door.input.dps.closed")
    await site.wait_for_state(propped, "off")
    await site.emit("door.alarm.propped.on")
    await site.wait_for_state(propped, "on")
    await site.drop_connection()
    await site.wait_for_attribute(propped, "assumed_state", True)
    await site.wait_for_state(CONNECTION, "on")
    await site.emit("door.input.dps.closed")
    cleared = await site.wait_for_state(propped, "off")
    assert "assumed_state" not in cleared.attributes
