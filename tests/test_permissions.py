"""Which users may open doors and question the panel."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized

from .common import ENDPOINT, FRONT, Json, act, ask, raises_error, sent
from .simulator_process import SimulatedPdk

OPEN_BUTTON = "button.front_door_open"


def user_with_control(hass: HomeAssistant, *entity_ids: str) -> Context:
    """Return the context of a user with control of these entities only."""
    user = MockUser(is_owner=False).add_to_hass(hass)
    allowed = {each: {"control": True, "read": True} for each in entity_ids}
    user.mock_policy({"entities": {"entity_ids": allowed}})
    return Context(user_id=user.id)


@pytest.mark.parametrize(
    ("action", "entity_id", "data"),
    [
        ("lock.unlock", FRONT, {}),
        ("lock.open", FRONT, {}),
        ("prodatakey.open_door", FRONT, {"duration": 3}),
        ("button.press", OPEN_BUTTON, {}),
    ],
)
async def test_control_of_the_lock_is_needed(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    hass_read_only_user: MockUser,
    action: str,
    entity_id: str,
    data: Json,
) -> None:
    """Control of the button alone opens no door; with the lock's it opens once."""
    for context in (
        Context(user_id=hass_read_only_user.id),
        user_with_control(hass, OPEN_BUTTON, "lock.meeting_room"),
    ):
        with pytest.raises(Unauthorized):
            await act(hass, action, entity_id, context, **data)
    assert await sent(panel) == []
    allowed = user_with_control(hass, OPEN_BUTTON, FRONT)
    await act(hass, action, entity_id, allowed, **data)
    assert len(await sent(panel)) == 1


@pytest.mark.parametrize("action", ["discover_endpoints", "query_signal"])
async def test_queries_need_an_administrator(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
    action: str,
) -> None:
    """They can move a relay."""
    data: dict[str, Any] = {}
    if action == "query_signal":
        data = {"io_link_id": 1, "address": ENDPOINT}
    with pytest.raises(Unauthorized):
        await ask(hass, action, Context(user_id=hass_read_only_user.id), **data)
    assert await sent(panel) == []
    await panel.faults(commands={"refuse": "not now"})
    with raises_error("command_rejected"):
        await ask(hass, action, Context(user_id=hass_admin_user.id), **data)
