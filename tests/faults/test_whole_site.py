"""A lockdown, and a door that is held open until a time: each phase with each fault."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
import contextlib
from itertools import product
from typing import Any

import pytest

from custom_components.prodatakey.const import DOMAIN
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from tests.common import PANEL, wait_until

from .phases import Fault
from .site import FaultySite

LOCKDOWN = "switch.headquarters_lockdown"
FRONT, GUARDED = 1, 4

pytestmark = pytest.mark.usefixtures("short_waits")


async def nothing(_: FaultySite) -> None:
    """Do nothing."""


async def lose_connection(site: FaultySite) -> None:
    """Take the network away."""
    site.panel.refuse()
    site.panel.cut()
    await site.wait_disconnected()


async def reload(site: FaultySite) -> None:
    """Reload the entry, as a restart does."""
    await site.hass.config_entries.async_reload(site.entry.entry_id)


def commands(value: object) -> Callable[[FaultySite], Awaitable[Any]]:
    """Return what sets how the panel takes commands."""
    return lambda site: site.pdk.faults(commands=value)


async def toggle_by_hand(site: FaultySite) -> None:
    """Let a guard toggle do not disturb at the front door, and see it."""
    switch = "switch.front_door_do_not_disturb"
    before = site.state(switch).state
    await site.happen(FRONT, "dnd")
    await wait_until(lambda: site.state(switch).state != before)


FAULTS = {
    "outage": Fault(lose_connection, lambda site: site.panel.restore()),
    "no answer": Fault(commands("ignored"), commands(None)),
    "refusal": Fault(commands({"refuse": "Not now."}), commands(None)),
    "second hand": Fault(toggle_by_hand, nothing),
    "restart": Fault(reload, nothing),
}


def cells(phases: Iterable[str], *default: tuple[str, str]) -> pytest.MarkDecorator:
    """Parametrize a test with phases and faults; the default run has some of them."""
    return pytest.mark.parametrize(
        ("phase", "name"),
        [
            pytest.param(*cell, marks=() if cell in default else pytest.mark.soak)
            for cell in product(phases, FAULTS)
        ],
    )


async def doors_in_do_not_disturb(site: FaultySite) -> set[int]:
    """Return the doors that are locked down in truth."""
    doors = site.entry.runtime_data.panel.doors
    states = {door: await site.pdk.door(PANEL, door) for door in doors}
    return {door for door, state in states.items() if state["dnd"]}


async def turn(site: FaultySite, state: str) -> None:
    """Turn the lockdown on or off; a user sees an error and tries again."""
    entity: Any = site.hass.data["entity_components"]["switch"].get_entity(LOCKDOWN)
    assert entity
    await (entity.async_turn_on() if state == "on" else entity.async_turn_off())


async def try_to_turn(site: FaultySite, state: str) -> None:
    """Turn the lockdown on or off while that may fail."""
    try:
        await turn(site, state)
    except HomeAssistantError as err:
        assert err.translation_key  # noqa: PT017


async def check_truth(site: FaultySite) -> None:
    """Check that what is shown is true: what is not confirmed is named."""
    lockdown = site.entry.runtime_data.site.lockdown
    truth = await doors_in_do_not_disturb(site)
    state = site.state(LOCKDOWN)
    unconfirmed = {int(door.id) for door in lockdown.unconfirmed}
    assert len(state.attributes["unconfirmed"]) == len(unconfirmed)
    for door in lockdown.doors:
        known = int(door.id) not in unconfirmed
        if lockdown.requested and known:
            assert int(door.id) in truth
        if not lockdown.requested and known and door.id in lockdown.begun:
            assert int(door.id) not in truth
    if state.state == "on" and not unconfirmed:
        assert truth == {int(door.id) for door in lockdown.doors}


def needs_another_try(site: FaultySite, wanted: str) -> bool:
    """Return whether a user sees that the lockdown is not as it was asked to be."""
    state = site.state(LOCKDOWN)
    return state.state != wanted or bool(state.attributes["unconfirmed"])


@cells(
    ("before", "pending", "on", "turning off"),
    ("before", "refusal"),
    ("pending", "outage"),
    ("on", "second hand"),
    ("on", "outage"),
    ("turning off", "no answer"),
    ("turning off", "restart"),
)
async def test_lockdown(site: FaultySite, phase: str, name: str) -> None:
    """Test that it shows the truth, can be tried again, and ends what it began."""
    fault = FAULTS[name]
    await site.set_up()
    lockdown = site.entry.runtime_data.site.lockdown
    doors = {int(door.id) for door in lockdown.doors}
    for door in doors:
        await site.emit("door.forceclose.off", door)
    await site.happen(GUARDED, "dnd")
    await site.wait_for_state("switch.meeting_room_do_not_disturb", "on")

    if phase == "before":
        await fault.begin(site)
        await try_to_turn(site, "on")
    elif phase == "pending":
        await site.ignore_commands(True)
        turning = asyncio.create_task(try_to_turn(site, "on"))
        await site.commands(after=len(doors) - 2)
        await fault.begin(site)
        await turning
        await site.ignore_commands(False)
    else:
        await turn(site, "on")
        assert await doors_in_do_not_disturb(site) == doors
        await fault.begin(site)
        await check_truth(site)
        if phase == "turning off":
            await try_to_turn(site, "off")

    await fault.end(site)
    await site.wait_connected()
    await check_truth(site)

    # a user goes on until everything is confirmed
    for state in ("on", "off") if phase != "turning off" else ("off",):
        for _ in range(3):
            if needs_another_try(site, state):
                await try_to_turn(site, state)
            await check_truth(site)
        assert not needs_another_try(site, state)
        if state == "on":
            assert await doors_in_do_not_disturb(site) == doors
    guarded = {GUARDED}
    if name == "second hand" and phase == "before":
        guarded.add(FRONT)
    left = await doors_in_do_not_disturb(site)
    if name == "second hand" and phase == "pending":
        # whose toggle it was nobody can tell
        left.discard(FRONT)
    assert left == guarded
    both = [*lockdown.doors, *site.entry.runtime_data.site.lockdown.doors]
    await wait_until(lambda: not any(door.toggling.locked() for door in both))


HOLD = {
    **FAULTS,
    "second hand": Fault(lambda site: site.happen(FRONT, "lock"), nothing),
}
CLOSE = "door.actuate.close"
SECONDS = 1


async def hold_open(site: FaultySite) -> None:
    """Hold the front door open for a while; that may fail."""
    duration = {"seconds": SECONDS}
    with contextlib.suppress(HomeAssistantError):
        await site.act("prodatakey.hold_open", site.lock, duration=duration)


def has_repair(site: FaultySite) -> bool:
    """Return whether a repair names the door that was not locked."""
    issue = ir.async_get(site.hass).async_get_issue(DOMAIN, f"hold_not_ended_{PANEL}")
    if issue is None:
        return False
    assert issue.translation_placeholders
    assert issue.translation_placeholders["doors"] == "Front door"
    return True


@cells(("opening", "held", "at the end"), ("held", "outage"), ("at the end", "refusal"))
async def test_hold_open(site: FaultySite, phase: str, name: str) -> None:
    """Test that the door is locked once at the end, or that a repair names it."""
    fault = HOLD[name]
    site.expected_warning = "was held open until"
    await site.set_up()
    if phase == "opening":
        await fault.begin(site)
        await hold_open(site)
    else:
        await hold_open(site)
        await site.wait_for_state(site.lock, "unlocked")
        if phase == "at the end":
            await site.ignore_commands(True)
            await wait_until(lambda: site.entry.runtime_data.holds._busy[FRONT])
        await fault.begin(site)
    ended = asyncio.get_running_loop().time() + SECONDS
    await wait_until(lambda: asyncio.get_running_loop().time() > ended)
    await site.ignore_commands(False)
    await fault.end(site)
    await site.wait_connected()

    holds = site.entry.runtime_data.holds
    await wait_until(lambda: has_repair(site) or not holds.holds)
    sent = (await site.sent()).count(CLOSE)
    # a restart while the panel has not answered: nobody knows, so it is locked once more
    assert sent <= (2 if (phase, name) == ("at the end", "restart") else 1)
    if has_repair(site):
        await site.act("lock.lock", site.lock)
        await wait_until(lambda: not has_repair(site))
    assert (await site.pdk.door(PANEL, FRONT))["relay"] is False
    assert not holds.holds
    assert (await site.sent()).count(CLOSE) <= sent + 1
