"""Who may open doors: the door code, and what a user may do."""

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er

from .common import FRONT, PANEL, Json, Site, raises_error

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
    site: Site, hass_read_only_user: MockUser, action: str, entity_id: str, data: Json
) -> None:
    """Control of the button alone opens no door; with the lock's it opens once."""
    for context in (
        Context(user_id=hass_read_only_user.id),
        user_with_control(site.hass, OPEN_BUTTON, "lock.meeting_room"),
    ):
        with pytest.raises(Unauthorized):
            await site.act(action, entity_id, context, **data)
    assert await site.sent() == []
    allowed = user_with_control(site.hass, OPEN_BUTTON, FRONT)
    await site.act(action, entity_id, allowed, **data)
    assert len(await site.sent()) == 1


async def test_queries_need_an_administrator(
    site: Site, hass_read_only_user: MockUser
) -> None:
    """They can move a relay."""
    for action in ("discover_endpoints", "query_signal"):
        with pytest.raises(Unauthorized):
            await site.ask(action, Context(user_id=hass_read_only_user.id))
    assert await site.sent() == []


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
    site: Site,
    entity_registry: er.EntityRegistry,
    code: str,
    code_format: str,
    wrong: str,
) -> None:
    """Unlocking and opening need it, however they are called; locking does not.

    The default code of the lock serves our action as well, but excuses no wrong one.
    """
    assert site.state(FRONT).attributes.get("code_format") is None
    await site.set_up(code=code)
    assert site.state(FRONT).attributes["code_format"] == code_format
    codes: list[Json] = [{"code": wrong}, {"code": ""}, {}]
    for action, data in OPENING:
        for rejected in codes:
            with raises_error("wrong_code", door="Front door"):
                await site.act(action, **data, **rejected)
    assert await site.sent() == []
    await site.act("lock.lock")
    for action, data in OPENING:
        await site.act(action, code=code, **data)
    entity_registry.async_update_entity_options(FRONT, "lock", {"default_code": code})
    await site.hass.async_block_till_done()
    for other in (wrong, f"{code} "):
        with raises_error("wrong_code"):
            await site.act("prodatakey.open_door", duration=1, code=other)
    await site.act("prodatakey.open_door", duration=1)
    assert await site.sent() == [
        "door.actuate.close",
        "door.actuate.open",
        "door.try.open",
        "door.try.dwellopen",
        "door.try.dwellopen",
    ]


async def test_nothing_bypasses_the_code(
    site: Site, entity_registry: er.EntityRegistry
) -> None:
    """What would open a door without it is removed, and comes back without a code."""

    def bypassing() -> set[str]:
        return {
            entity.entity_id
            for entity in entity_registry.entities.values()
            if entity.unique_id.endswith(("_open", "_output", "_force_toggle"))
        }

    motor = {"id": 9, "name": "Gate motor", "type": "ioDevice", "publicIcon": "other"}
    await site.pdk.control("POST", f"panels/{PANEL}/doors", motor)
    await site.set_up()
    before = bypassing()
    assert {
        "button.front_door_open",
        "button.front_door_force_toggle",
        "button.ventilation_pulse",
        "switch.ventilation",
        "button.gate_motor_pulse",
        "switch.gate_motor",
    } <= before
    await site.set_up(code=" 1234 ")
    await site.emit("door.input.relay.on", "new")
    await site.wait_for_state("lock.door_new", "unlocked")
    # a fan is no door; what has no known icon may be one
    assert bypassing() == {"button.ventilation_pulse", "switch.ventilation"}
    assert site.hass.states.get("switch.front_door_do_not_disturb")
    await site.set_up()
    assert before < bypassing()
    assert site.state("switch.gate_motor").state == "unknown"
