"""A user presses a button of a door."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.components.button import DOMAIN as BUTTON
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .common import PANEL, wait_for_state, wait_until
from .simulator_process import SimulatedPdk


@pytest.mark.parametrize(
    ("button", "topic"),
    [
        ("button.front_door_open", "door.try.open"),
        ("button.front_door_clear_forced_alarm", "door.alarm.forced.clear"),
    ],
)
async def test_press(
    hass: HomeAssistant, panel: SimulatedPdk, button: str, topic: str
) -> None:
    """The panel gets the command."""
    await panel.act(PANEL, 1, "force")
    await hass.services.async_call(
        BUTTON, "press", {"entity_id": button}, blocking=True
    )
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1})


async def test_a_forced_alarm_is_cleared(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The alarm goes when the panel says so."""
    alarm = "binary_sensor.front_door_forced_open"
    await panel.act(PANEL, 1, "force")
    await wait_for_state(hass, alarm, "on")
    await hass.services.async_call(
        BUTTON,
        "press",
        {"entity_id": "button.front_door_clear_forced_alarm"},
        blocking=True,
    )
    await wait_for_state(hass, alarm, "off")


async def test_force_toggle_must_be_wanted(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It latches the door, so it is off until somebody enables it."""
    entity_id = "button.front_door_force_toggle"
    await hass.config_entries.async_setup(entry.entry_id)
    registered = entity_registry.async_get(entity_id)
    assert registered
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await hass.config_entries.async_reload(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await hass.services.async_call(
        BUTTON, "press", {"entity_id": entity_id}, blocking=True
    )
    (command,) = await pdk.commands(PANEL)
    assert command["topic"] == "door.actuate.forcetoggle"
    await wait_for_state(hass, "lock.front_door", "unlocked")
    await hass.config_entries.async_unload(entry.entry_id)
