"""Who may open doors: the door code, and what a user may do."""

import asyncio
from collections import Counter

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)

from .common import (
    DOOR_CODE_NOW,
    FRONT,
    MIN_READ_INTERVAL,
    PANEL,
    Json,
    Site,
    raises_error,
    wait_until,
)

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
    """The queries of endpoints need an administrator: they can move a relay."""
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
    """Unlocking and opening need the code, however they are called; locking does not.

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


async def test_wrong_codes(
    site: Site,
    hass_admin_user: MockUser,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody tries codes: after five the door takes none, however it is called.

    Each wrong code is an event with the user, the pause is also a line of the log. After
    a minute the code is taken again. The other doors take it all the time.
    """
    time = 1000.0
    monkeypatch.setattr(DOOR_CODE_NOW, lambda: time)
    await site.set_up(code="1234")
    device = site.device(1)
    assert device
    dr.async_get(site.hass).async_update_device(device.id, name_by_user="Haust\nür")
    user = Context(user_id=hass_admin_user.id)
    failed = async_capture_events(site.hass, "prodatakey_command_failed")

    async def outcome(code: str) -> str | None:
        try:
            await site.act("lock.unlock", FRONT, user, code=code)
        except HomeAssistantError as err:
            return err.translation_key
        return None

    # a missing code is no guess
    for _ in range(6):
        with raises_error("wrong_code"):
            await site.act("lock.open", FRONT, user)
    for action, data in (*OPENING, OPENING[0]):
        time += 14
        with raises_error("wrong_code", door="Haust\nür"):
            await site.act(action, FRONT, user, code="4321", **data)
    # the first one is more than a minute ago: these are five
    time += 19
    codes = [f"{code}" for code in range(30)]
    outcomes = await asyncio.gather(*map(outcome, codes))
    assert Counter(outcomes) == {"wrong_code": 2, "code_blocked": 28}
    for seconds, left in ((0, "60"), (58.5, "2")):
        time += seconds
        for action, data in OPENING:
            with raises_error("code_blocked", door="Haust\nür", seconds=left):
                await site.act(action, FRONT, user, code="1234", **data)
    assert await site.sent() == []
    await site.act("lock.open", "lock.garage", code="1234")
    await site.act("lock.lock")
    time += 1.5
    await site.act("lock.open", code="1234")
    assert len(await site.sent()) == 3

    assert Counter(event.data["reason"] for event in failed) == {
        "wrong_code": 6,
        "code_blocked": 1,
    }
    assert all(event.context is user for event in failed)
    assert failed[-1].data == {
        "device_id": device.id,
        "entity_id": FRONT,
        "command": "door.actuate.open",
        "reason": "code_blocked",
        "user_id": user.user_id,
    }
    (warning,) = [r.getMessage() for r in caplog.records if "wrong codes" in r.msg]
    assert f"'Haust\\nür', the last one by user {hass_admin_user.name!r}" in warning
    assert "4321" not in caplog.text


async def test_nothing_bypasses_the_code(
    site: Site, entity_registry: er.EntityRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entities that would open a door without its code exist only without a code."""

    def bypassing() -> set[str]:
        return {
            entity.entity_id
            for entity in entity_registry.entities.values()
            if entity.unique_id.endswith(("_open", "_output", "_force_toggle"))
        }

    for number, icon in enumerate(("other", "turnstile", "Light", None), start=91):
        output = {"id": number, "name": f"Output {number}", "type": "floorRelay"}
        output["publicIcon"] = icon
        await site.pdk.control("POST", f"panels/{PANEL}/doors", output)
    await site.set_up()
    before = bypassing()
    assert {
        "button.front_door_open",
        "button.front_door_force_toggle_latches",
        "button.ventilation_pulse",
        "switch.ventilation",
        *(f"button.output_{number}_pulse" for number in range(91, 95)),
        *(f"switch.output_{number}" for number in range(91, 95)),
    } <= before
    await site.set_up(code=" 1234 ")
    await site.emit("door.input.relay.on", "new")
    await site.wait_for_state("lock.door_new", "unlocked")
    # a fan is no door; what has no icon that PDK knows may be one
    assert bypassing() == {"button.ventilation_pulse", "switch.ventilation"}
    assert site.hass.states.get("switch.front_door_do_not_disturb")
    # the fan's relay drives a turnstile now
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    await site.pdk.control(
        "PATCH", f"panels/{PANEL}/doors/6", {"publicIcon": "turnstile"}
    )
    await site.drop_connection()
    await wait_until(lambda: not bypassing())
    await site.set_up()
    assert before <= bypassing()
    assert site.state("switch.output_92").state == "unknown"


async def test_open_door_opens_all_or_none(
    site: Site, workshop: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """A door that is missing, disabled, foreign or offline is named, and none opens.

    Groups are their members; of an area, a device or *all* only our locks count, and
    without any nothing happens, as with Home Assistant's own actions.
    """
    hass = site.hass
    other = Site(hass, workshop, site.pdk)
    await other.set_up()
    foreign = entity_registry.async_get_or_create("lock", "other", "1").entity_id
    area = ar.async_get(hass).async_create("Entrance").id
    entity_registry.async_update_entity(foreign, area_id=area)
    front, fan = site.device(1), site.device(6)
    assert front
    assert fan
    for device in (front, fan):
        dr.async_get(hass).async_update_device(device.id, area_id=area)
    disabled = "lock.garage"
    entity_registry.async_update_entity(
        disabled, disabled_by=er.RegistryEntryDisabler.USER
    )
    await hass.async_block_till_done()
    hass.states.async_set("group.doors", "on", {"entity_id": [FRONT, "lock.gone"]})

    async def open_doors(context: Context | None = None, **target: object) -> None:
        data = {"duration": 1, **target}
        await hass.services.async_call("prodatakey", "open_door", data, True, context)

    for missing in (foreign, disabled, "lock.gone", "switch.ventilation"):
        with raises_error("not_a_door", names=missing):
            await open_doors(entity_id=[FRONT, missing])
    with raises_error("not_a_door", names="lock.gone"):
        await open_doors(entity_id="group.doors")
    for kind in ("device_id", "area_id", "floor_id", "label_id"):
        with raises_error("not_a_door", names="gone"):
            await open_doors(None, entity_id=FRONT, **{kind: "gone"})
    await open_doors(device_id=fan.id)
    await open_doors(entity_id="none")
    await open_doors(entity_id="all", context=user_with_control(hass))
    assert await site.sent() == []
    # a caller learns nothing about what it may not control
    for entity_id in (foreign, disabled, "lock.gone", "lock.side_entrance"):
        context = user_with_control(hass, FRONT)
        with pytest.raises(Unauthorized):
            await open_doors(context, entity_id=[FRONT, entity_id])
    await open_doors(context, area_id=area)
    await open_doors(context, entity_id="all")
    assert len(await site.sent()) == 2

    await other.set_online(False)
    await other.wait_for_state("lock.side_entrance", "unavailable")
    for target in ("all", [FRONT, "lock.side_entrance"]):
        with raises_error("not_connected"):
            await open_doors(entity_id=target)
    with pytest.raises(Unauthorized):
        await open_doors(context, entity_id="lock.side_entrance")
    assert len(await site.sent()) == 2
