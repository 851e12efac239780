"""Who may open doors: the door code, and what a user may do."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er

from .common import (
    FRONT,
    PANEL,
    Json,
    act,
    ask,
    emit,
    raises_error,
    sent,
    setup_integration,
    state_of,
    wait_for_state,
)
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


async def test_queries_need_an_administrator(
    hass: HomeAssistant, panel: SimulatedPdk, hass_read_only_user: MockUser
) -> None:
    """They can move a relay."""
    for action in ("discover_endpoints", "query_signal"):
        with pytest.raises(Unauthorized):
            await ask(hass, action, Context(user_id=hass_read_only_user.id))
    assert await sent(panel) == []


OPENING: list[tuple[str, Json]] = [
    ("lock.unlock", {}),
    ("lock.open", {}),
    ("prodatakey.open_door", {"duration": 1}),
]


@pytest.mark.parametrize(
    ("code", "code_format", "wrong"),
    [("1234", r"^\d*$", "4321"), ("open sésame", r"^.*$", "open sesame")],
)
async def test_code(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    code: str,
    code_format: str,
    wrong: str,
) -> None:
    """Unlocking and opening need it, however they are called; locking does not.

    The default code of the lock serves our action as well, but excuses no wrong one.
    """
    assert state_of(hass, FRONT).attributes.get("code_format") is None
    await setup_integration(hass, entry, code=code)
    assert state_of(hass, FRONT).attributes["code_format"] == code_format
    codes: list[Json] = [{"code": wrong}, {"code": ""}, {}]
    for action, data in OPENING:
        for rejected in codes:
            with raises_error("wrong_code", door="Front door"):
                await act(hass, action, **data, **rejected)
    assert await sent(panel) == []
    await act(hass, "lock.lock")
    for action, data in OPENING:
        await act(hass, action, code=code, **data)
    entity_registry.async_update_entity_options(FRONT, "lock", {"default_code": code})
    await hass.async_block_till_done()
    for other in (wrong, f"{code} "):
        with raises_error("wrong_code"):
            await act(hass, "prodatakey.open_door", duration=1, code=other)
    await act(hass, "prodatakey.open_door", duration=1)
    assert await sent(panel) == [
        "door.actuate.close",
        "door.actuate.open",
        "door.try.open",
        "door.try.dwellopen",
        "door.try.dwellopen",
    ]


async def test_nothing_bypasses_the_code(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """What would open a door without it is removed, and comes back without a code."""

    def bypassing() -> set[str]:
        return {
            entity.entity_id
            for entity in entity_registry.entities.values()
            if entity.unique_id.endswith(("_open", "_output", "_force_toggle"))
        }

    motor = {"id": 9, "name": "Gate motor", "type": "ioDevice", "publicIcon": "other"}
    await panel.control("POST", f"panels/{PANEL}/doors", motor)
    await setup_integration(hass, entry)
    before = bypassing()
    assert {
        "button.front_door_open",
        "button.front_door_force_toggle",
        "button.ventilation_pulse",
        "switch.ventilation",
        "button.gate_motor_pulse",
        "switch.gate_motor",
    } <= before
    await setup_integration(hass, entry, code=" 1234 ")
    await emit(panel, "door.input.relay.on", "new")
    await wait_for_state(hass, "lock.door_new", "unlocked")
    # a fan is no door; what has no known icon may be one
    assert bypassing() == {"button.ventilation_pulse", "switch.ventilation"}
    assert hass.states.get("switch.front_door_do_not_disturb")
    await setup_integration(hass, entry)
    assert before < bypassing()
    assert state_of(hass, "switch.gate_motor").state == "unknown"
