"""The logbook names a user for what that user did, and for nothing else."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant

from .common import FRONT, PANEL, act, emit, raises_error, state_of, wait_for_state
from .simulator_process import SimulatedPdk

FAN = "switch.ventilation"
DND = "switch.front_door_do_not_disturb"


@pytest.fixture
def user(hass_admin_user: MockUser) -> Context:
    """Return the context of what a user does."""
    return Context(user_id=hass_admin_user.id)


async def test_access_after_an_opening(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context
) -> None:
    """A user opens: the relay is the user's, until a person is granted access."""
    await panel.faults(commands="ignored")
    opening = hass.async_create_task(act(hass, "lock.open", FRONT, user))
    (command,) = await panel.commands(PANEL)
    await panel.carry_out(PANEL, command)
    await opening
    await emit(panel, "door.input.relay.on")
    assert (await wait_for_state(hass, FRONT, "unlocked")).context is user
    await emit(panel, "door.input.relay.off")
    assert (await wait_for_state(hass, FRONT, "locked")).context is user
    await panel.act(PANEL, 1, "badge", person=1)
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert unlocked.attributes["changed_by"] == "Amelia Hartmann"
    assert unlocked.context.user_id is None


@pytest.mark.parametrize(
    ("action", "entity_id", "door", "topics", "state"),
    [
        ("lock.lock", FRONT, 1, ["request.allowed", "input.relay.on"], "unlocked"),
        ("lock.lock", FRONT, 1, ["input.rex.on", "input.relay.on"], "unlocked"),
        ("switch.turn_on", FAN, 6, ["input.relay.off"], "off"),
        ("switch.turn_on", DND, 1, ["forceclose.off"], "off"),
    ],
    ids=["access", "request to exit", "output", "do not disturb"],
)
async def test_the_panel_acts_after_a_user(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    user: Context,
    action: str,
    entity_id: str,
    door: int,
    topics: list[str],
    state: str,
) -> None:
    """What a user does is the user's; what happens right after is not."""
    await act(hass, action, entity_id, user)
    assert state_of(hass, entity_id).context is user
    for topic in topics:
        await emit(panel, f"door.{topic}", door, metadata={"personName": "Amelia"})
    assert (await wait_for_state(hass, entity_id, state)).context.user_id is None


@pytest.mark.parametrize("action", ["unlock", "open"])
async def test_after_a_rejected_command(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context, action: str
) -> None:
    """The panel rejects what a user wants; that it unlocks then is not the user's."""
    await panel.faults(commands={"refuse": "No."})
    with raises_error("command_rejected"):
        await act(hass, f"lock.{action}", FRONT, user)
    await emit(panel, "door.input.relay.on")
    assert (await wait_for_state(hass, FRONT, "unlocked")).context.user_id is None


async def test_after_a_cancelled_call(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context
) -> None:
    """A script is stopped: the answer is the user's, and what follows is not."""
    await panel.faults(commands="ignored")
    unlocking = hass.async_create_task(act(hass, "lock.unlock", FRONT, user))
    (command,) = await panel.commands(PANEL)
    unlocking.cancel()
    await asyncio.wait({unlocking})
    await panel.carry_out(PANEL, command)
    assert (await wait_for_state(hass, FRONT, "unlocked")).context is user
    await emit(panel, "door.input.relay.off")
    assert (await wait_for_state(hass, FRONT, "locked")).context.user_id is None


@pytest.mark.parametrize(
    ("entity_id", "on", "off", "state"),
    [
        (FRONT, "lock.unlock", "lock.lock", "locked"),
        (FAN, "switch.turn_on", "switch.turn_off", "off"),
    ],
)
async def test_two_users(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    user: Context,
    entity_id: str,
    on: str,
    off: str,
    state: str,
) -> None:
    """The second acts before the first has an answer, and is named for it."""
    await panel.faults(commands="ignored")
    first = hass.async_create_task(act(hass, on, entity_id, Context()))
    (one,) = await panel.commands(PANEL)
    second = hass.async_create_task(act(hass, off, entity_id, user))
    (other,) = await panel.commands(PANEL, after=1)
    for command, acting in ((one, first), (other, second)):
        await panel.carry_out(PANEL, command)
        await acting
    assert (await wait_for_state(hass, entity_id, state)).context is user
