"""A user turns do not disturb and outputs on and off."""

import asyncio

import pytest

from .common import (
    CONFIRMATION_TIMEOUT,
    CONNECTION,
    PANEL,
    Site,
    raises_error,
    wait_until,
)
from .pdk.common import wait_for_requests

DND = "switch.front_door_do_not_disturb"
FAN = "switch.ventilation"


async def turn(site: Site, state: str, entity_id: str = DND) -> None:
    """Turn a switch on or off."""
    await site.act(f"switch.turn_{state}", entity_id)


async def toggles(site: Site) -> int:
    """Return how many toggles the panel has received."""
    topics = await site.sent()
    assert set(topics) <= {"door.actuate.dnd"}
    return len(topics)


async def test_on_and_off(site: Site) -> None:
    """Do not disturb is toggled once, and not if it is already on.

    Result or report may come first.
    """
    assert site.state(DND).state == "unknown"
    for count, state in enumerate(("on", "off", "on"), start=1):
        await site.faults(result_first=state == "on")
        for _ in range(2):
            await turn(site, state)
            assert site.state(DND).state == state
            assert await toggles(site) == count
        assert (await site.pdk.door(PANEL, 1))["dnd"] is (state == "on")
    assert "assumed_state" not in site.state(DND).attributes


@pytest.mark.parametrize("cancelled", [False, True])
async def test_toggled_the_wrong_way(site: Site, cancelled: bool) -> None:
    """A second toggle corrects the first, also for a script that is stopped."""
    await site.faults(command_delay=0.1)
    turning = site.hass.async_create_task(turn(site, "off"))
    await site.commands()
    if cancelled:
        turning.cancel()
    await asyncio.wait({turning})
    await site.commands(after=1)
    await site.wait_for_state(DND, "off")
    door = site.entry.runtime_data.panel.doors[1]
    await wait_until(lambda: not door.toggling.locked())
    assert await toggles(site) == 2
    assert (await site.pdk.door(PANEL, 1))["dnd"] is False


async def test_toggled_the_wrong_way_twice(site: Site) -> None:
    """A toggle that goes wrong twice is not repeated: the last report counts."""
    await site.faults(commands="ignored")
    turning = site.hass.async_create_task(turn(site, "on"))
    for count in range(2):
        (command,) = await site.commands(after=count)
        await site.emit("door.forceclose.off")
        await site.carry_out(command)
    with raises_error("not_confirmed"):
        await turning
    assert await toggles(site) == 2
    assert site.state(DND).state == "off"


@pytest.mark.parametrize("delayed", [False, True])
async def test_toggle_is_not_confirmed(
    site: Site, monkeypatch: pytest.MonkeyPatch, delayed: bool
) -> None:
    """A toggle without a certain report leaves the state assumed."""
    monkeypatch.setattr(CONFIRMATION_TIMEOUT, 0.3)
    await turn(site, "on")
    await site.faults(commands="ignored")
    if delayed:
        await site.pdk.emit(PANEL, "invalidToken")
        await wait_for_requests(site.pdk, "renewed")
    turning = site.hass.async_create_task(turn(site, "off"))
    (command,) = await site.commands(after=1)
    if delayed:
        await site.emit("door.forceclose.on")
    await site.carry_out(command)
    with raises_error("not_confirmed", name="Front door"):
        await turning
    assert await toggles(site) == 2
    assumed = site.state(DND)
    assert (assumed.state, assumed.attributes["assumed_state"]) == ("on", True)
    await site.emit("door.forceclose.off")
    reported = await site.wait_for_state(DND, "off")
    assert "assumed_state" not in reported.attributes


async def test_somebody_else_toggles_meanwhile(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guard toggles before the controller acts, so our toggle has the other effect.

    Nobody can tell whose toggle was first, so it is not toggled again, and the user is
    told; see tests/pdk/test_do_not_disturb.py for all cases.
    """
    monkeypatch.setattr(CONFIRMATION_TIMEOUT, 0.5)
    await site.emit("door.forceclose.off")
    await site.wait_for_state(DND, "off")
    await site.faults(commands="ignored")
    turning = site.hass.async_create_task(turn(site, "on"))
    (command,) = await site.commands()
    await site.carry_out(command)
    for state in ("on", "off"):
        await site.emit(f"door.forceclose.{state}")
        await site.wait_for_state(DND, state)
    with raises_error("not_confirmed", name="Front door"):
        await turning
    assert site.state(DND).attributes["assumed_state"] is True
    assert await toggles(site) == 1


async def test_toggle_is_rejected(site: Site) -> None:
    """The user reads why a toggle was rejected, and it is not sent again."""
    await site.faults(commands={"refuse": "Command is not supported."})
    with raises_error("command_rejected"):
        await turn(site, "on")
    assert await toggles(site) == 1


async def test_several_calls_at_once(site: Site) -> None:
    """Two users turn it on with one toggle; a call that is cancelled sends nothing."""
    await site.faults(command_delay=0.2)
    first = site.hass.async_create_task(turn(site, "on"))
    await site.commands()
    second, cancelled = (
        site.hass.async_create_task(turn(site, state)) for state in ("on", "off")
    )
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(first, second)
    assert cancelled.cancelled()
    assert await toggles(site) == 1
    assert site.state(DND).state == "on"


async def test_after_a_gap(site: Site) -> None:
    """Turning on what is assumed to be on makes sure, and leaves it on."""
    await turn(site, "on")
    await site.drop_connection()
    await site.wait_for_state(CONNECTION, "off")
    await site.wait_for_state(CONNECTION, "on")
    assert site.state(DND).attributes["assumed_state"] is True
    await turn(site, "on")
    assert (await site.pdk.door(PANEL, 1))["dnd"] is True
    assert "assumed_state" not in site.state(DND).attributes


@pytest.mark.parametrize(
    ("state", "topic"), [("on", "door.actuate.open"), ("off", "door.actuate.close")]
)
async def test_output(site: Site, state: str, topic: str) -> None:
    """A fan on a relay is switched on and off, and its relay reports the same."""
    await site.happen(6, "relay", on=state == "off")
    await site.wait_for_state(FAN, "on" if state == "off" else "unknown")
    await turn(site, state, FAN)
    (command,) = await site.commands()
    assert (command["topic"], command["body"]) == (topic, {"doorId": 6})
    assert site.state(FAN).state == state
    assert (await site.pdk.door(PANEL, 6))["relay"] is (state == "on")
