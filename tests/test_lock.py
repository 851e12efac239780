"""A user locks, unlocks and opens doors, and is named for that, and for nothing else."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockUser
import voluptuous as vol

from homeassistant.core import Context, Event, EventStateChangedData, callback
from homeassistant.helpers import entity_registry as er

from .common import (
    ANSWER_TIMEOUT,
    CONNECTION,
    FRONT,
    OPENING_TIMEOUT,
    PANEL,
    Json,
    Site,
    access_granted,
    let_pass,
    raises_error,
)


def see_states(site: Site) -> list[str]:
    """Return a list that receives each new state of the front door's lock."""
    seen: list[str] = []

    @callback
    def handle(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if event.data["entity_id"] == FRONT and old and new and old.state != new.state:
            seen.append(new.state)

    site.hass.bus.async_listen("state_changed", handle)
    return seen


@pytest.mark.parametrize(
    ("action", "before", "topic", "states"),
    [
        ("unlock", "off", "door.actuate.open", ["unlocked"]),
        ("unlock", "on", "door.actuate.open", []),
        ("lock", "on", "door.actuate.close", ["locked"]),
        ("lock", "off", "door.actuate.close", []),
        ("open", "off", "door.try.open", ["opening", "unlocked", "locked"]),
    ],
)
async def test_actions(
    site: Site, states: list[str], action: str, before: str, topic: str
) -> None:
    """An action sends one command, and the lock shows only what the panel reports."""
    await site.emit(f"door.input.relay.{before}")
    await site.wait_for_state(FRONT, "unlocked" if before == "on" else "locked")
    seen = see_states(site)
    await site.pdk.faults(commands="ignored")
    acting = site.hass.async_create_task(site.act(f"lock.{action}"))
    (command,) = await site.commands()
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1})
    assert seen == []
    await site.carry_out(command)
    await acting
    if action == "open":
        assert seen == ["opening"]
        for relay in ("on", "off"):
            await site.emit(f"door.input.relay.{relay}")
        await site.wait_for_state(FRONT, "locked")
    assert seen == states


async def test_relay_is_not_reported(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door that is opened does not show *opening* for ever; its state is assumed."""
    monkeypatch.setattr(OPENING_TIMEOUT, 0.1)
    await site.act("lock.lock")
    await site.pdk.faults(commands="ignored")
    opening = site.hass.async_create_task(site.act("lock.open"))
    (command,) = await site.commands(after=1)
    await site.carry_out(command)
    await opening
    assert site.state(FRONT).state == "opening"
    locked = await site.wait_for_state(FRONT, "locked")
    assert locked.attributes["assumed_state"] is True


async def test_unloaded_while_opening(site: Site) -> None:
    """A door that is opened twice leaves no timer behind when its entry is unloaded."""
    await site.emit("door.input.relay.off")
    await site.wait_for_state(FRONT, "locked")
    await site.pdk.faults(commands="ignored")
    for count in range(2):
        opening = site.hass.async_create_task(site.act("lock.open"))
        (command,) = await site.commands(after=count)
        await site.carry_out(command)
        await opening
    assert site.state(FRONT).state == "opening"
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    assert site.state(FRONT).state == "unavailable"


async def test_changed_by(site: Site) -> None:
    """`changed_by` is the person whose access turned the relay, in either order.

    Nobody is named for a request to exit, a denied one, a schedule or a command.
    """
    await site.pdk.control("PATCH", f"panels/{PANEL}/doors/1", {"dwell": 1})
    await site.happen(1, "badge", person=1)
    for state in ("unlocked", "locked"):
        lock = await site.wait_for_state(FRONT, state)
        assert lock.attributes["changed_by"] == "Amelia Hartmann"
    for action in ("lock.unlock", "lock.lock"):
        await site.act(action)
        assert "changed_by" not in site.state(FRONT).attributes
    await site.emit("door.request.denied", metadata={"personName": "Jonas"})
    await site.emit("door.input.rex.on")
    await site.emit("door.input.relay.on")
    unlocked = await site.wait_for_state(FRONT, "unlocked")
    assert "changed_by" not in unlocked.attributes
    await site.emit_all(access_granted("Jonas"))
    await site.wait_for_attribute(FRONT, "changed_by", "Jonas")


@pytest.mark.parametrize(
    ("options", "topic", "body"),
    [
        ({"unlock_duration": 2.5}, "door.try.dwellopen", {"dwell": 25}),
        ({}, "door.try.open", {}),
    ],
)
async def test_momentary_unlock(
    site: Site, options: Json, topic: str, body: Json
) -> None:
    """Unlocking opens for a while, and nothing ever holds the door open."""
    await site.set_up(unlock_mode="momentary", **options)
    await site.act("lock.unlock")
    (command,) = await site.commands()
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1, **body})
    await site.wait_for_state(FRONT, "unlocked")
    await site.act("lock.lock")
    await site.act("lock.open")
    assert await site.sent() == [topic, "door.actuate.close", "door.try.open"]


async def test_unlock_is_rejected(site: Site) -> None:
    """The user reads why an unlock was rejected, and the state shows no trace of it."""
    await site.act("lock.lock")
    seen = see_states(site)
    reason = "The door is in do not disturb."
    await site.pdk.faults(commands={"refuse": reason})
    with raises_error("command_rejected", name="Front door", reason=reason):
        await site.act("lock.unlock")
    with raises_error("command_rejected", name="Front door", reason=reason):
        await site.act("prodatakey.open_door", duration=1)
    assert seen == []


async def test_one_of_two_is_rejected(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One rejection of two commands fails the right one, so no door is opened twice.

    The result of the other tells which; without one the user reads both.
    """
    await site.pdk.faults(commands="ignored")

    async def unlock_two() -> tuple[list[asyncio.Task[None]], list[Json]]:
        sent = len(await site.sent())
        tasks = [
            site.hass.async_create_task(site.act("lock.unlock", lock))
            for lock in (FRONT, "lock.meeting_room")
        ]
        await site.commands(after=sent + 1)
        await site.pdk.emit(PANEL, "serverError", {"message": "Not now."})
        return tasks, (await site.commands())[sent:]

    (first, second), (_, command) = await unlock_two()
    await site.carry_out(command)
    await second
    with raises_error("command_rejected", name="Front door", reason="Not now."):
        await first
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.3)
    tasks, _ = await unlock_two()
    for task, name in zip(tasks, ("Front door", "Meeting room"), strict=True):
        with raises_error("maybe_rejected", name=name, reason="Not now."):
            await task
    assert site.state("lock.meeting_room").attributes["assumed_state"] is True


async def test_unlock_while_not_connected(site: Site) -> None:
    """A command fails at once while the stream is down, and is not kept for later."""
    await site.pdk.faults(handshake={"mode": "http", "status": 503})
    await site.drop_connection()
    await site.wait_for_state(CONNECTION, "off")
    with raises_error("not_connected"):
        await site.act("lock.unlock")
    await site.pdk.faults(handshake=None)
    await site.wait_for_state(CONNECTION, "on")
    assert await site.sent() == []


async def test_a_newer_event_counts_more_than_the_answer(site: Site) -> None:
    """A door is locked at the panel while the answer to an unlock is on its way."""
    await site.pdk.faults(commands="ignored")
    unlocking = site.hass.async_create_task(site.act("lock.unlock"))
    (command,) = await site.commands()
    await site.emit("door.input.relay.off")
    await site.carry_out(command)
    await unlocking
    assert site.state(FRONT).state == "locked"


async def test_no_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state is assumed after an unanswered command, which is not sent again."""
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.3)
    await site.act("lock.lock")
    await site.pdk.faults(commands="ignored")
    with raises_error("no_answer"):
        await site.act("lock.unlock")
    lock = site.state(FRONT)
    assert (lock.state, lock.attributes["assumed_state"]) == ("locked", True)
    assert await site.sent() == ["door.actuate.close", "door.actuate.open"]


async def test_open_door(site: Site) -> None:
    """`open_door` sends its duration in tenths of a second, rounded, in one command.

    A duration out of range is rejected, not made to fit: the door could stay open.
    """
    open_door = "prodatakey.open_door"
    for rejected in (0, 0.04, 0.09, -1, 540.1, 1e9, "nan", "soon", None):
        with pytest.raises(vol.Invalid):
            await site.act(open_door, duration=rejected)
    with pytest.raises(vol.Invalid):
        await site.act(open_door)
    assert await site.sent() == []
    dwells = {0.1: 1, 3: 30, 2.34: 23, 2.36: 24, "1.5": 15, 540: 5400}
    for duration in dwells:
        await site.act(open_door, duration=duration)
    received = await site.commands()
    assert {command["topic"] for command in received} == {"door.try.dwellopen"}
    assert [command["body"] for command in received] == [
        {"doorId": 1, "dwell": dwell} for dwell in dwells.values()
    ]


LATCHED = "binary_sensor.front_door_latched_by_force_toggle"


async def test_force_toggle(site: Site, entity_registry: er.EntityRegistry) -> None:
    """*Force toggle* is disabled by default, as it holds the door unlocked."""
    entity_id = "button.front_door_force_toggle_latches"
    registered = entity_registry.async_get(entity_id)
    assert registered
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await site.set_up()
    await site.act("button.press", entity_id)
    assert await site.sent() == ["door.actuate.forcetoggle"]
    await site.wait_for_state(FRONT, "unlocked")
    # the panel does not report the latch, so it is shown as what was done here
    shown = await site.wait_for_state(LATCHED, "on")
    assert shown.attributes["assumed_state"] is True
    await site.set_up()
    assert site.state(LATCHED).state == "on"
    await site.act("button.press", entity_id)
    await site.wait_for_state(LATCHED, "off")
    await site.act("button.press", entity_id)
    await site.wait_for_state(LATCHED, "on")
    # who is let in proves that it has ended
    await site.emit_all(access_granted("Amelia Hartmann"))
    shown = await site.wait_for_state(LATCHED, "off")
    assert "assumed_state" not in shown.attributes


# --- whom the logbook names

FAN = "switch.ventilation"
DND = "switch.front_door_do_not_disturb"


@pytest.fixture
def user(hass_admin_user: MockUser) -> Context:
    """Return the context of what a user does."""
    return Context(user_id=hass_admin_user.id)


async def test_buttons_name_their_caller(site: Site, user: Context) -> None:
    """What the lock does while a button is pressed is the user's, and nothing after that."""
    await site.emit("door.input.relay.off")
    await site.wait_for_state(FRONT, "locked")
    await site.pdk.faults(commands="ignored")
    pressing = site.hass.async_create_task(
        site.act("button.press", "button.front_door_open", user)
    )
    (command,) = await site.commands()
    await site.emit("door.input.relay.on")
    assert (await site.wait_for_state(FRONT, "unlocked")).context is user
    await site.carry_out(command)
    await pressing
    await site.emit("door.input.relay.off")
    assert (await site.wait_for_state(FRONT, "locked")).context.user_id is None


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
    """A user is named for their own command, not for what the panel does right after."""
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


async def test_after_a_cancelled_opening(site: Site, user: Context) -> None:
    """A script is stopped while a door opens: that is the user's, and it is shown.

    A relay that is not reported then is only assumed, as for a caller who waits.
    """
    await site.emit("door.input.relay.off")
    await site.wait_for_state(FRONT, "locked")
    await site.pdk.faults(commands="ignored")
    opening = site.hass.async_create_task(site.act("lock.open", FRONT, user))
    (command,) = await site.commands()
    opening.cancel()
    await asyncio.wait({opening})
    await site.carry_out(command)
    assert (await site.wait_for_state(FRONT, "opening")).context is user
    let_pass(site.hass, seconds=6)
    assumed = await site.wait_for_state(FRONT, "locked")
    assert assumed.attributes["assumed_state"] is True
    await site.emit("door.input.relay.on")
    assert (await site.wait_for_state(FRONT, "unlocked")).context is user


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
    """Of two users who act at once, each is named for what they did."""
    await site.pdk.faults(commands="ignored")
    first = site.hass.async_create_task(site.act(on, entity_id, Context()))
    (one,) = await site.commands()
    second = site.hass.async_create_task(site.act(off, entity_id, user))
    (other,) = await site.commands(after=1)
    for command, acting in ((one, first), (other, second)):
        await site.carry_out(command)
        await acting
    assert (await site.wait_for_state(entity_id, state)).context is user
