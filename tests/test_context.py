"""The logbook names a user for what that user did, and for nothing else."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.core import Context

from .common import FRONT, Site, raises_error

FAN = "switch.ventilation"
DND = "switch.front_door_do_not_disturb"


@pytest.fixture
def user(hass_admin_user: MockUser) -> Context:
    """Return the context of what a user does."""
    return Context(user_id=hass_admin_user.id)


async def test_access_after_an_opening(site: Site, user: Context) -> None:
    """A user opens: the relay is the user's, until a person is granted access."""
    await site.pdk.faults(commands="ignored")
    opening = site.hass.async_create_task(site.act("lock.open", FRONT, user))
    (command,) = await site.commands()
    await site.carry_out(command)
    await opening
    await site.emit("door.input.relay.on")
    assert (await site.wait_for_state(FRONT, "unlocked")).context is user
    await site.emit("door.input.relay.off")
    assert (await site.wait_for_state(FRONT, "locked")).context is user
    await site.happen(1, "badge", person=1)
    unlocked = await site.wait_for_state(FRONT, "unlocked")
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
    site: Site,
    user: Context,
    action: str,
    entity_id: str,
    door: int,
    topics: list[str],
    state: str,
) -> None:
    """What a user does is the user's; what happens right after is not."""
    await site.act(action, entity_id, user)
    assert site.state(entity_id).context is user
    for topic in topics:
        await site.emit(f"door.{topic}", door, metadata={"personName": "Amelia"})
    assert (await site.wait_for_state(entity_id, state)).context.user_id is None


@pytest.mark.parametrize("action", ["unlock", "open"])
async def test_after_a_rejected_command(site: Site, user: Context, action: str) -> None:
    """The panel rejects what a user wants; that it unlocks then is not the user's."""
    await site.pdk.faults(commands={"refuse": "No."})
    with raises_error("command_rejected"):
        await site.act(f"lock.{action}", FRONT, user)
    await site.emit("door.input.relay.on")
    assert (await site.wait_for_state(FRONT, "unlocked")).context.user_id is None


async def test_after_a_cancelled_call(site: Site, user: Context) -> None:
    """A script is stopped: the answer is the user's, and what follows is not."""
    await site.pdk.faults(commands="ignored")
    unlocking = site.hass.async_create_task(site.act("lock.unlock", FRONT, user))
    (command,) = await site.commands()
    unlocking.cancel()
    await asyncio.wait({unlocking})
    await site.carry_out(command)
    assert (await site.wait_for_state(FRONT, "unlocked")).context is user
    await site.emit("door.input.relay.off")
    assert (await site.wait_for_state(FRONT, "locked")).context.user_id is None


@pytest.mark.parametrize(
    ("entity_id", "on", "off", "state"),
    [
        (FRONT, "lock.unlock", "lock.lock", "locked"),
        (FAN, "switch.turn_on", "switch.turn_off", "off"),
    ],
)
async def test_two_users(
    site: Site, user: Context, entity_id: str, on: str, off: str, state: str
) -> None:
    """The second acts before the first has an answer, and is named for it."""
    await site.pdk.faults(commands="ignored")
    first = site.hass.async_create_task(site.act(on, entity_id, Context()))
    (one,) = await site.commands()
    second = site.hass.async_create_task(site.act(off, entity_id, user))
    (other,) = await site.commands(after=1)
    for command, acting in ((one, first), (other, second)):
        await site.carry_out(command)
        await acting
    assert (await site.wait_for_state(entity_id, state)).context is user
