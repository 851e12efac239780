"""People are welcomed by name."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from tests.common import (
    FRONT,
    FRONT_ACCESS,
    PANEL,
    access_granted,
    emit_all,
    set_online,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)

from .conftest import Home, notify

WELCOME = notify("Welcome at {{ door }}, {{ person }} ({{ person_id }})!")
AMELIA = "Welcome at Front door, Amelia Hartmann (1)!"
CARLOS = "Welcome at Front door, Carlos Mendoza (5)!"


async def automate(home: Home, *readers: str, **inputs: object) -> None:
    """Welcome people, at the front door unless other readers are given."""
    await home.automate(
        "welcome_by_name",
        readers=list(readers) or [FRONT_ACCESS],
        welcome=WELCOME,
        **inputs,
    )


async def badge(home: Home, person: int) -> None:
    """Let a person badge at the front door, and wait until that is handled."""
    before = state_of(home.hass, FRONT_ACCESS)
    await home.pdk.act(PANEL, 1, "badge", person=person)
    await wait_until(lambda: state_of(home.hass, FRONT_ACCESS) is not before)
    await home.hass.async_block_till_done()


async def test_by_name(home: Home) -> None:
    """Who is granted access is welcomed, each time; old and unknown access is not."""
    await automate(home)
    await home.pdk.act(PANEL, 3, "badge", person=2)
    await home.pdk.act(PANEL, 1, "badge", card="lost")
    await badge(home, 1)
    await emit_all(home.pdk, access_granted("Jonas Okafor", 120))
    await badge(home, 5)
    assert home.messages == [AMELIA, CARLOS]


async def test_denied(hass: HomeAssistant, home: Home) -> None:
    """Nobody is welcomed at a door that stays locked."""
    reader = "event.server_room_access"
    await automate(home, reader)
    await home.pdk.act(PANEL, 3, "badge", person=5)
    await wait_until(lambda: state_of(hass, reader).state != "unknown")
    assert state_of(hass, reader).attributes["event_type"] == "access_denied"
    await hass.async_block_till_done()
    assert not home.messages


async def test_some_people_and_conditions(hass: HomeAssistant, home: Home) -> None:
    """Both count; a name may look like a number."""
    greetings = "input_boolean.greetings"
    condition = {"condition": "state", "entity_id": greetings, "state": "on"}
    await automate(home, people=["Priya Raman", "4711"], only_if=[condition])
    for state, person in (("off", 4), ("on", 1), ("on", 4)):
        hass.states.async_set(greetings, state)
        await badge(home, person)
    (message,) = home.messages
    assert "Priya Raman" in message
    await emit_all(home.pdk, access_granted("4711"))
    assert "4711" in await home.message(2)


@pytest.mark.parametrize(
    ("anonymous", "messages"),
    [("", []), ("guest", ["Welcome at Front door, guest (None)!"])],
)
async def test_people_are_not_recorded(
    hass: HomeAssistant,
    home: Home,
    entry: MockConfigEntry,
    anonymous: str,
    messages: list[str],
) -> None:
    """Another word stands for the name, or nothing happens."""
    await setup_integration(hass, entry, record_people=False)
    await automate(home, anonymous=anonymous)
    await badge(home, 1)
    assert home.messages == messages


@pytest.mark.parametrize("before", ["unavailable", None])
async def test_access_from_before_a_restart(
    hass: HomeAssistant, home: Home, entry: MockConfigEntry, before: str | None
) -> None:
    """It is restored while the automation runs, though it was seconds ago."""
    await badge(home, 1)
    last = state_of(hass, FRONT_ACCESS)
    await hass.config_entries.async_unload(entry.entry_id)
    await automate(home)
    if not before:
        hass.states.async_remove(FRONT_ACCESS)
    await setup_integration(hass, entry)
    restored = await wait_for_state(hass, FRONT_ACCESS, last.state)
    assert restored.attributes["event_type"] == "access_granted"
    await hass.async_block_till_done()
    assert not home.messages


async def test_shown_again(
    hass: HomeAssistant, home: Home, short_back_off: None
) -> None:
    """An access is shown again after an outage, or with another name of its entity."""
    await automate(home)
    await badge(home, 1)
    state = state_of(hass, FRONT_ACCESS)
    await set_online(home.pdk, False)
    await wait_for_state(hass, FRONT, "unavailable")
    await set_online(home.pdk, True)
    await wait_until(lambda: state_of(hass, FRONT).state != "unavailable")
    await wait_for_state(hass, FRONT_ACCESS, state.state)
    renamed = {**state.attributes, "friendly_name": "Another"}
    hass.states.async_set(FRONT_ACCESS, state.state, renamed)
    hass.states.async_remove(FRONT_ACCESS)
    hass.states.async_set(FRONT_ACCESS, state.state, state.attributes)
    await hass.async_block_till_done()
    assert home.messages == [AMELIA]
