"""Whose doing it was: the logbook names a user for what that user did, and no more."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .common import PANEL, state_of, wait_for_state
from .simulator_process import SimulatedPdk

FRONT = "lock.front_door"
FAN = "switch.ventilation"
QUIET = "switch.front_door_do_not_disturb"


@pytest.fixture
def user(hass_admin_user: MockUser) -> Context:
    """Return the context of what a user does."""
    return Context(user_id=hass_admin_user.id)


async def act(
    hass: HomeAssistant, action: str, entity_id: str, context: Context | None = None
) -> None:
    """Call an action."""
    domain = entity_id.partition(".")[0]
    await hass.services.async_call(
        domain, action, {"entity_id": entity_id}, blocking=True, context=context
    )


async def test_a_card(hass: HomeAssistant, panel: SimulatedPdk, user: Context) -> None:
    """A user locks, and somebody comes in by card right after."""
    await act(hass, "lock", FRONT, user)
    assert state_of(hass, FRONT).context is user
    await panel.act(PANEL, 1, "badge", person=1)
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert unlocked.attributes["changed_by"] == "Amelia Hartmann"
    assert unlocked.context.user_id is None


async def test_a_card_after_an_opening(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context
) -> None:
    """A user opens: the relay is the user's doing, until somebody comes by card."""
    await panel.faults(commands="ignored")
    opening = hass.async_create_task(act(hass, "open", FRONT, user))
    (command,) = await panel.commands(PANEL)
    await panel.carry_out(PANEL, command)
    await opening
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 1}})
    assert (await wait_for_state(hass, FRONT, "unlocked")).context is user
    await panel.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 1}})
    assert (await wait_for_state(hass, FRONT, "locked")).context is user
    await panel.act(PANEL, 1, "badge", person=1)
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert unlocked.context.user_id is None


async def test_the_exit_button(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context
) -> None:
    """A user locks, and somebody leaves right after."""
    await act(hass, "lock", FRONT, user)
    await panel.emit(PANEL, "door.input.rex.on", {"body": {"doorId": 1}})
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 1}})
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert unlocked.context.user_id is None


@pytest.mark.parametrize(
    ("entity_id", "door_id", "topic"),
    [(FAN, 6, "door.input.relay.off"), (QUIET, 1, "door.forceclose.off")],
)
async def test_a_schedule(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    user: Context,
    entity_id: str,
    door_id: int,
    topic: str,
) -> None:
    """A user switches on, and the panel switches off right after."""
    await act(hass, "turn_on", entity_id, user)
    assert state_of(hass, entity_id).context is user
    await panel.emit(PANEL, topic, {"body": {"doorId": door_id}})
    assert (await wait_for_state(hass, entity_id, "off")).context.user_id is None


@pytest.mark.parametrize("action", ["unlock", "open"])
async def test_after_a_refusal(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context, action: str
) -> None:
    """What the panel refused was not done; that it unlocks then is its own doing."""
    await panel.faults(commands={"refuse": "No."})
    with pytest.raises(HomeAssistantError):
        await act(hass, action, FRONT, user)
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 1}})
    assert (await wait_for_state(hass, FRONT, "unlocked")).context.user_id is None


async def test_after_the_user_has_left(
    hass: HomeAssistant, panel: SimulatedPdk, user: Context
) -> None:
    """A script is stopped: the answer is the user's, and what follows is not."""
    await panel.faults(commands="ignored")
    unlocking = hass.async_create_task(act(hass, "unlock", FRONT, user))
    (command,) = await panel.commands(PANEL)
    unlocking.cancel()
    await asyncio.wait({unlocking})
    await panel.carry_out(PANEL, command)
    assert (await wait_for_state(hass, FRONT, "unlocked")).context is user
    await panel.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 1}})
    assert (await wait_for_state(hass, FRONT, "locked")).context.user_id is None


@pytest.mark.parametrize(
    ("entity_id", "on", "off", "state"),
    [(FRONT, "unlock", "lock", "locked"), (FAN, "turn_on", "turn_off", "off")],
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
