"""A user locks a whole site down, or opens all of it: the switches show the truth."""

import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_capture_events

from custom_components.prodatakey.activity import EVENT_COMMAND_FAILED
from homeassistant.core import Context
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er

from .common import FRONT, PANEL, Site, raises_error, wait_until

LOCKDOWN = "switch.headquarters_lockdown"
EVACUATION = "switch.headquarters_evacuation"
GUARDED, STUCK = 4, 2


async def turn(site: Site, state: str, entity_id: str = LOCKDOWN) -> None:
    """Turn a switch on or off."""
    await site.act(f"switch.turn_{state}", entity_id)


def shown(site: Site, entity_id: str = LOCKDOWN) -> tuple[str, list[str]]:
    """Return the state of a switch, and the doors that have not confirmed it."""
    state = site.state(entity_id)
    unconfirmed: list[str] = state.attributes["unconfirmed"]
    assert state.attributes.get("assumed_state", False) is bool(unconfirmed)
    return state.state, unconfirmed


async def count(site: Site, topic: str) -> int:
    """Return how many commands of a topic the panel has received."""
    return (await site.sent()).count(topic)


async def is_locked_down(site: Site, door: int) -> bool:
    """Return whether a door is in do not disturb."""
    return (await site.pdk.door(PANEL, door))["dnd"] is True


async def test_lockdown(site: Site) -> None:
    """It is on once every door confirms it, and ends only what it began."""
    failed = async_capture_events(site.hass, EVENT_COMMAND_FAILED)
    doors = {door.id: door for door in site.entry.runtime_data.site.lockdown.doors}
    await site.happen(GUARDED, "dnd")
    await site.wait_for_state("switch.meeting_room_do_not_disturb", "on")
    await site.faults(commands={"refuse": "Not now.", "doors": [STUCK]})
    with raises_error("lockdown_on_failed", doors="Garage"):
        await turn(site, "on")
    assert shown(site) == ("off", ["Garage"])
    (event,) = failed
    assert event.data["reason"] == "command_rejected"
    assert event.data["device_id"] == site.device(STUCK).id  # type: ignore[union-attr]
    sent = await count(site, "door.actuate.dnd")
    assert sent == len(doors) - 1

    # tried again
    await site.faults(commands=None)
    await turn(site, "on")
    assert shown(site) == ("on", [])
    assert await count(site, "door.actuate.dnd") == sent + 1

    # a restart in the middle: the panel repeats nothing, so nothing is certain
    await site.set_up()
    state, unconfirmed = shown(site)
    assert (state, len(unconfirmed)) == ("on", len(doors))
    for door in doors:
        await site.emit("door.forceclose.on", door)
    await wait_until(lambda: shown(site) == ("on", []))

    # somebody ends it at one door
    await site.happen(1, "dnd")
    await site.wait_for_state(LOCKDOWN, "off")
    assert shown(site) == ("off", ["Front door"])
    await turn(site, "on")
    await site.wait_for_state(LOCKDOWN, "on")

    await turn(site, "off")
    assert shown(site) == ("off", [])
    assert site.state(LOCKDOWN).attributes["others"] == ["Meeting room"]
    for door in doors:
        assert await is_locked_down(site, int(door)) is (door == GUARDED)
    now = site.entry.runtime_data.site.lockdown.doors
    await wait_until(lambda: not any(door.toggling.locked() for door in now))


async def test_evacuation(site: Site, hass_read_only_user: MockUser) -> None:
    """It holds all doors open, and locks those that it opened."""
    er.async_get(site.hass).async_update_entity(EVACUATION, disabled_by=None)
    await site.set_up()
    assert shown(site, EVACUATION) == ("off", [])
    with pytest.raises(Unauthorized):
        await site.act(
            "switch.turn_on", EVACUATION, Context(user_id=hass_read_only_user.id)
        )
    await site.happen(GUARDED, "dnd")
    with raises_error("evacuation_on_failed"):
        await turn(site, "on", EVACUATION)
    assert shown(site, EVACUATION) == ("off", ["Meeting room"])
    with raises_error("lockdown_excluded"):
        await turn(site, "on")
    await site.happen(GUARDED, "dnd")
    await turn(site, "on", EVACUATION)
    assert shown(site, EVACUATION) == ("on", [])
    await turn(site, "off", EVACUATION)
    assert shown(site, EVACUATION) == ("off", [])
    assert site.state(FRONT).state == "locked"

    # with a code it does not exist, as it would open doors without
    await site.set_up(code="1234")
    assert site.hass.states.get(EVACUATION) is None
    assert site.state(LOCKDOWN).state == "off"


async def test_not_connected(site: Site) -> None:
    """Nothing is sent without a connection, and nothing was asked for."""
    await site.set_online(False)
    await wait_until(lambda: not site.entry.runtime_data.site.connected)
    with raises_error("not_connected"):
        await (
            site.hass.data["entity_components"]["switch"]
            .get_entity(LOCKDOWN)
            .async_turn_on()
        )
    assert not site.entry.runtime_data.site.lockdown.requested
