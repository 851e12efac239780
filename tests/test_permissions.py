"""A user who may not control a door's lock cannot open it in another way."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized

from .common import PANEL
from .simulator_process import SimulatedPdk

OPENINGS: list[tuple[str, str, dict[str, Any]]] = [
    ("lock", "unlock", {"entity_id": "lock.front_door"}),
    ("lock", "open", {"entity_id": "lock.front_door"}),
    ("prodatakey", "open_door", {"entity_id": "lock.front_door", "duration": 3}),
    ("button", "press", {"entity_id": "button.front_door_open"}),
]


def user_who_may_control(hass: HomeAssistant, *entity_ids: str) -> MockUser:
    """Return a user with control of these entities only."""
    user = MockUser(is_owner=False).add_to_hass(hass)
    entities: dict[str, Any] = {
        entity_id: {"control": True, "read": True} for entity_id in entity_ids
    }
    user.mock_policy({"entities": {"entity_ids": entities}})
    return user


@pytest.mark.parametrize(("domain", "action", "what"), OPENINGS)
async def test_without_control_of_the_lock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    domain: str,
    action: str,
    what: dict[str, Any],
) -> None:
    """Control of the button alone does not open the door."""
    user = user_who_may_control(hass, "button.front_door_open", "lock.meeting_room")
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            domain, action, what, blocking=True, context=Context(user_id=user.id)
        )
    assert await panel.commands(PANEL, wait=0) == []


@pytest.mark.parametrize(("domain", "action", "what"), OPENINGS)
async def test_with_control_of_the_lock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    domain: str,
    action: str,
    what: dict[str, Any],
) -> None:
    """Who may control lock and button opens the door once."""
    user = user_who_may_control(hass, "button.front_door_open", "lock.front_door")
    await hass.services.async_call(
        domain, action, what, blocking=True, context=Context(user_id=user.id)
    )
    assert len(await panel.commands(PANEL)) == 1


async def test_an_automation(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """What no user has called may press the button."""
    await hass.services.async_call(
        "button", "press", {"entity_id": "button.front_door_open"}, blocking=True
    )
    assert len(await panel.commands(PANEL)) == 1
