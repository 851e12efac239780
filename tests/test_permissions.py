"""Which users may open doors and question the panel."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.setup import async_setup_component

from .common import ENDPOINT, FRONT, Json, act, ask, raises_error, sent, wait_until
from .simulator_process import SimulatedPdk

OPEN_BUTTON = "button.front_door_open"


def user_with_control(hass: HomeAssistant, *entity_ids: str) -> Context:
    """Return the context of a user with control of these entities only."""
    user = MockUser(is_owner=False).add_to_hass(hass)
    allowed = {key: {"control": True, "read": True} for key in entity_ids}
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


async def test_button_pressed_by_an_automation(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A call without a user is allowed."""
    await act(hass, "button.press", OPEN_BUTTON)
    assert await sent(panel) == ["door.try.open"]


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


async def test_query_by_an_automation(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """An automation has no user; it is allowed, and uses the answer."""
    answers = async_capture_events(hass, "answered")
    query = {
        "action": "prodatakey.query_signal",
        "data": {
            "config_entry_id": entry.entry_id,
            "io_link_id": 1,
            "address": ENDPOINT,
        },
        "response_variable": "answer",
    }
    gain = "{{ answer.endpoints[0].db_gain }}"
    automation: Json = {
        "alias": "Query",
        "triggers": [{"trigger": "event", "event_type": "query"}],
        "actions": [query, {"event": "answered", "event_data": {"gain": gain}}],
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    hass.bus.async_fire("query")
    await wait_until(lambda: answers)
    assert answers[0].data == {"gain": 40}
