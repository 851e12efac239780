"""People are welcomed by name."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant, ServiceCall
from tests.common import PANEL, AccessEvents, setup_integration, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate

WELCOME = [
    {
        "action": "notify.everybody",
        "data": {"message": "Welcome at {{ door }}, {{ person }} ({{ person_id }})!"},
    }
]
INPUTS = {"doors": {"entity_id": "event.front_door_access"}, "welcome": WELCOME}


async def test_everybody(
    panel: SimulatedPdk, automate: Automate, notifications: list[ServiceCall]
) -> None:
    """People are welcomed at this door, in order; unknown ones are not."""
    await automate("welcome_by_name", **INPUTS)
    await panel.act(PANEL, 3, "badge", person=2)
    await panel.act(PANEL, 1, "badge", card="lost")
    await panel.act(PANEL, 1, "badge", person=1)
    await panel.act(PANEL, 1, "badge", person=2)
    await wait_until(lambda: len(notifications) == 2)
    assert [call.data["message"] for call in notifications] == [
        "Welcome at Front door, Amelia Hartmann (1)!",
        "Welcome at Front door, Jonas Okafor (2)!",
    ]


async def test_some_people_under_conditions(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    access_events: AccessEvents,
    automate: Automate,
    notifications: list[ServiceCall],
) -> None:
    """Both the list of people and the conditions count."""
    hass.states.async_set("input_boolean.on", "off")
    condition = {"condition": "state", "entity_id": "input_boolean.on", "state": "on"}
    await automate(
        "welcome_by_name", **INPUTS, people=["priya raman"], only_if=[condition]
    )
    for state, person in (("off", 4), ("on", 1), ("on", 4)):
        hass.states.async_set("input_boolean.on", state)
        await panel.act(PANEL, 1, "badge", person=person)
        await access_events.received()
        await hass.async_block_till_done()
    (call,) = notifications
    assert "Priya Raman" in call.data["message"]


@pytest.mark.parametrize(
    ("anonymous", "messages"),
    [("", []), ("somebody", ["Welcome at Front door, somebody (None)!"])],
)
async def test_people_are_not_recorded(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    access_events: AccessEvents,
    automate: Automate,
    notifications: list[ServiceCall],
    anonymous: str,
    messages: list[str],
) -> None:
    """Another name is used, or nothing happens."""
    await setup_integration(hass, entry, record_people=False)
    await automate("welcome_by_name", **INPUTS, anonymous=anonymous)
    await panel.act(PANEL, 1, "badge", person=1)
    await access_events.received()
    await hass.async_block_till_done()
    assert [call.data["message"] for call in notifications] == messages
