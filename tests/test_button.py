"""A user presses a button of a door."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .common import FRONT, PANEL, act, sent, setup_integration, wait_for_state
from .simulator_process import SimulatedPdk

ALARM = "binary_sensor.front_door_forced_open"


@pytest.mark.parametrize(
    ("button", "topic", "alarm"),
    [
        ("open", "door.try.open", "on"),
        ("clear_forced_alarm", "door.alarm.forced.clear", "off"),
    ],
)
async def test_press(
    hass: HomeAssistant, panel: SimulatedPdk, button: str, topic: str, alarm: str
) -> None:
    """The panel gets the command; a forced alarm ends when it is cleared."""
    await panel.act(PANEL, 1, "force")
    await wait_for_state(hass, ALARM, "on")
    await act(hass, "button.press", f"button.front_door_{button}")
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1})
    await wait_for_state(hass, ALARM, alarm)


async def test_force_toggle(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It holds the door unlocked, so it is disabled until a user enables it."""
    entity_id = "button.front_door_force_toggle"
    registered = entity_registry.async_get(entity_id)
    assert registered
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await setup_integration(hass, entry)
    await act(hass, "button.press", entity_id)
    assert await sent(panel) == ["door.actuate.forcetoggle"]
    await wait_for_state(hass, FRONT, "unlocked")
