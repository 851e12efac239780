"""Who may ask and open, and for how long a door is opened."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)
import voluptuous as vol

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component

from .common import PANEL, Json, restart_with, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

FRONT = "lock.front_door"


async def open_door(hass: HomeAssistant, **fields: Any) -> None:
    """Open the front door for a while."""
    target = {"entity_id": FRONT}
    await hass.services.async_call(
        DOMAIN, "open_door", {**target, **fields}, blocking=True
    )


@pytest.mark.parametrize(
    ("duration", "dwell"),
    [(0.1, 1), (3, 30), (2.34, 23), (2.36, 24), ("1.5", 15), (540, 5400)],
)
async def test_open_for_so_long(
    hass: HomeAssistant, panel: SimulatedPdk, duration: float | str, dwell: int
) -> None:
    """The panel gets tenths of a second, rounded, in one command."""
    await open_door(hass, duration=duration)
    (command,) = await panel.commands(PANEL)
    assert command["topic"] == "door.try.dwellopen"
    assert command["body"] == {"doorId": 1, "dwell": dwell}


async def test_the_door_locks_again(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """A user hears the door open, and lock after that time."""
    await open_door(hass, duration=0.2)
    await wait_for_state(hass, FRONT, "unlocked")
    await wait_for_state(hass, FRONT, "locked")


@pytest.mark.parametrize("duration", [0, 0.04, 0.09, -1, 540.1, 1e9, "nan", "soon"])
async def test_a_duration_that_no_panel_knows(
    hass: HomeAssistant, panel: SimulatedPdk, duration: Any
) -> None:
    """It is refused, not made to fit: the door could stay open."""
    with pytest.raises(vol.Invalid):
        await open_door(hass, duration=duration)
    with pytest.raises(vol.Invalid):
        await open_door(hass)
    assert await panel.commands(PANEL, wait=0) == []


@pytest.mark.parametrize("code", ["1234", "Sésame 7"])
async def test_a_code(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry, code: str
) -> None:
    """Where one is set, a wrong or missing one opens nothing."""
    await restart_with(hass, entry, code=code)
    for wrong in ({}, {"code": ""}, {"code": "4321"}, {"code": f"{code} "}):
        with pytest.raises(ServiceValidationError) as refused:
            await open_door(hass, duration=1, **wrong)
        assert refused.value.translation_key == "wrong_code"
    assert await panel.commands(PANEL, wait=0) == []
    await open_door(hass, duration=1, code=code)
    assert len(await panel.commands(PANEL)) == 1


async def test_the_code_that_the_lock_has_by_default(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """As with the lock's own actions; but a wrong one is not made good by it."""
    await restart_with(hass, entry, code="1234")
    entity_registry.async_update_entity_options(FRONT, "lock", {"default_code": "1234"})
    await hass.async_block_till_done()
    await open_door(hass, duration=1)
    assert len(await panel.commands(PANEL)) == 1
    with pytest.raises(ServiceValidationError) as refused:
        await open_door(hass, duration=1, code="4321")
    assert refused.value.translation_key == "wrong_code"


async def test_several_doors_at_once(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Each gets one command; an output is no door, and no target."""
    doors = [FRONT, "lock.garage", "lock.meeting_room"]
    await open_door(hass, duration=1, entity_id=doors)
    opened = [c["body"]["doorId"] for c in await panel.commands(PANEL)]
    assert sorted(opened) == [1, 2, 4]


async def test_a_panel_that_refuses(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The user reads why."""
    await panel.faults(PANEL, commands={"refuse": "Do not disturb is on."})
    with pytest.raises(HomeAssistantError) as refused:
        await open_door(hass, duration=1)
    assert refused.value.translation_key == "command_refused"
    assert state_of(hass, FRONT).state == "unknown"


@pytest.mark.parametrize(
    ("domain", "action", "fields"),
    [
        (DOMAIN, "open_door", {"duration": 1}),
        ("lock", "unlock", {}),
        ("lock", "open", {}),
    ],
)
async def test_a_user_who_may_only_look(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    hass_read_only_user: MockUser,
    domain: str,
    action: str,
    fields: Json,
) -> None:
    """Without control of the lock nobody opens the door."""
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            domain,
            action,
            {"entity_id": FRONT, **fields},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )
    assert await panel.commands(PANEL, wait=0) == []


@pytest.mark.parametrize("action", ["discover_endpoints", "query_signal"])
async def test_the_questions_need_an_administrator(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_admin_user: MockUser,
    hass_read_only_user: MockUser,
    action: str,
) -> None:
    """They can move a relay; but for an administrator they are asked."""

    async def ask(user: MockUser) -> None:
        await hass.services.async_call(
            DOMAIN,
            action,
            {"config_entry_id": entry.entry_id},
            blocking=True,
            return_response=True,
            context=Context(user_id=user.id),
        )

    with pytest.raises(Unauthorized):
        await ask(hass_read_only_user)
    assert await panel.commands(PANEL, wait=0) == []
    await panel.faults(PANEL, commands={"refuse": "not now", "count": 1})
    if action == "discover_endpoints":
        with pytest.raises(HomeAssistantError):
            await ask(hass_admin_user)
    else:
        await ask(hass_admin_user)


async def test_an_automation_may_ask(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """An automation has no user; it asks, whoever set it off, and uses the answer."""
    answers = async_capture_events(hass, "asked")
    question = {
        "action": "prodatakey.query_signal",
        "data": {
            "config_entry_id": entry.entry_id,
            "io_link_id": 1,
            "address": "0013a200400a393b",
        },
        "response_variable": "answer",
    }
    tell = {
        "event": "asked",
        "event_data": {"gain": "{{ answer.endpoints[0].db_gain }}"},
    }
    automation = {
        "alias": "Ask",
        "triggers": [{"trigger": "event", "event_type": "ask"}],
        "actions": [question, tell],
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    hass.bus.async_fire("ask")
    await wait_until(lambda: answers)
    assert answers[0].data == {"gain": 40}
