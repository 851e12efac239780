"""A user locks, unlocks and opens doors."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .common import (
    ANSWER_TIMEOUT,
    CONNECTION,
    FRONT,
    OPENING_TIMEOUT,
    PANEL,
    Json,
    access_granted,
    act,
    drop_connection,
    emit,
    emit_all,
    raises_error,
    sent,
    setup_integration,
    state_of,
    wait_for_attribute,
    wait_for_state,
)
from .simulator_process import SimulatedPdk


def see_states(hass: HomeAssistant) -> list[str]:
    """Return a list that receives each new state of the front door's lock."""
    seen: list[str] = []

    @callback
    def handle(event: Event[EventStateChangedData]) -> None:
        old, new = event.data["old_state"], event.data["new_state"]
        if event.data["entity_id"] == FRONT and old and new and old.state != new.state:
            seen.append(new.state)

    hass.bus.async_listen("state_changed", handle)
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
    hass: HomeAssistant,
    panel: SimulatedPdk,
    states: list[str],
    action: str,
    before: str,
    topic: str,
) -> None:
    """The panel gets one command; the lock shows what the panel says, and no more."""
    await emit(panel, f"door.input.relay.{before}")
    await wait_for_state(hass, FRONT, "unlocked" if before == "on" else "locked")
    seen = see_states(hass)
    await panel.faults(commands="ignored")
    acting = hass.async_create_task(act(hass, f"lock.{action}"))
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1})
    assert seen == []
    await panel.carry_out(PANEL, command)
    await acting
    if action == "open":
        assert seen == ["opening"]
        for relay in ("on", "off"):
            await emit(panel, f"door.input.relay.{relay}")
        await wait_for_state(hass, FRONT, "locked")
    assert seen == states


async def test_relay_is_not_reported(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door that is opened does not show *opening* for ever; its state is assumed."""
    monkeypatch.setattr(OPENING_TIMEOUT, 0.1)
    await act(hass, "lock.lock")
    await panel.faults(commands="ignored")
    opening = hass.async_create_task(act(hass, "lock.open"))
    (command,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, command)
    await opening
    assert state_of(hass, FRONT).state == "opening"
    locked = await wait_for_state(hass, FRONT, "locked")
    assert locked.attributes["assumed_state"] is True


async def test_changed_by(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """It is whose access turned the relay, whichever of the two is reported first.

    Nobody is named for a request to exit, a denied one, a schedule or a command.
    """
    await panel.control("PATCH", f"panels/{PANEL}/doors/1", {"dwell": 1})
    await panel.act(PANEL, 1, "badge", person=1)
    for state in ("unlocked", "locked"):
        lock = await wait_for_state(hass, FRONT, state)
        assert lock.attributes["changed_by"] == "Amelia Hartmann"
    for action in ("lock.unlock", "lock.lock"):
        await act(hass, action)
        assert "changed_by" not in state_of(hass, FRONT).attributes
    await emit(panel, "door.request.denied", metadata={"personName": "Jonas"})
    await emit(panel, "door.input.rex.on")
    await emit(panel, "door.input.relay.on")
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert "changed_by" not in unlocked.attributes
    await emit_all(panel, access_granted("Jonas"))
    await wait_for_attribute(hass, FRONT, "changed_by", "Jonas")


@pytest.mark.parametrize(
    ("options", "topic", "body"),
    [
        ({"unlock_duration": 2.5}, "door.try.dwellopen", {"dwell": 25}),
        ({}, "door.try.open", {}),
    ],
)
async def test_momentary_unlock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    options: Json,
    topic: str,
    body: Json,
) -> None:
    """Unlocking opens for a while, and nothing ever holds the door open."""
    await setup_integration(hass, entry, unlock_mode="momentary", **options)
    await act(hass, "lock.unlock")
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, {"doorId": 1, **body})
    await wait_for_state(hass, FRONT, "unlocked")
    await act(hass, "lock.lock")
    await act(hass, "lock.open")
    assert await sent(panel) == [topic, "door.actuate.close", "door.try.open"]


async def test_unlock_is_rejected(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The user reads why, and it leaves no trace in the state."""
    await act(hass, "lock.lock")
    seen = see_states(hass)
    reason = "The door is in do not disturb."
    await panel.faults(commands={"refuse": reason})
    with raises_error("command_rejected", name="Front door", reason=reason):
        await act(hass, "lock.unlock")
    with raises_error("command_rejected", name="Front door", reason=reason):
        await act(hass, "prodatakey.open_door", duration=1)
    assert seen == []


async def test_unlock_while_not_connected(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A command fails at once while the stream is down, and is not kept for later."""
    await panel.faults(handshake={"mode": "http", "status": 503})
    await drop_connection(panel)
    await wait_for_state(hass, CONNECTION, "off")
    with raises_error("not_connected"):
        await act(hass, "lock.unlock")
    await panel.faults(handshake=None)
    await wait_for_state(hass, CONNECTION, "on")
    assert await sent(panel) == []


async def test_a_newer_event_counts_more_than_the_answer(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A door is locked at the panel while the answer to an unlock is on its way."""
    await panel.faults(commands="ignored")
    unlocking = hass.async_create_task(act(hass, "lock.unlock"))
    (command,) = await panel.commands(PANEL)
    await emit(panel, "door.input.relay.off")
    await panel.carry_out(PANEL, command)
    await unlocking
    assert state_of(hass, FRONT).state == "locked"


async def test_no_answer(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is assumed then, and the command is not sent again."""
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.3)
    await act(hass, "lock.lock")
    await panel.faults(commands="ignored")
    with raises_error("no_answer"):
        await act(hass, "lock.unlock")
    lock = state_of(hass, FRONT)
    assert (lock.state, lock.attributes["assumed_state"]) == ("locked", True)
    assert await sent(panel) == ["door.actuate.close", "door.actuate.open"]


async def test_open_door(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The panel gets tenths of a second, rounded, in one command.

    A duration out of range is rejected, not made to fit: the door could stay open.
    """
    open_door = "prodatakey.open_door"
    for rejected in (0, 0.04, 0.09, -1, 540.1, 1e9, "nan", "soon", None):
        with pytest.raises(vol.Invalid):
            await act(hass, open_door, duration=rejected)
    with pytest.raises(vol.Invalid):
        await act(hass, open_door)
    assert await sent(panel) == []
    dwells = {0.1: 1, 3: 30, 2.34: 23, 2.36: 24, "1.5": 15, 540: 5400}
    for duration in dwells:
        await act(hass, open_door, duration=duration)
    received = await panel.commands(PANEL)
    assert {command["topic"] for command in received} == {"door.try.dwellopen"}
    assert [command["body"] for command in received] == [
        {"doorId": 1, "dwell": dwell} for dwell in dwells.values()
    ]


async def test_force_toggle(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """It holds the door unlocked, so it is disabled until a user enables it."""
    entity_id = "button.front_door_force_toggle"
    registered = entity_registry.async_get(entity_id)
    assert registered
    assert registered.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    entity_registry.async_update_entity(entity_id, disabled_by=None)
    await setup_integration(hass, entry)
    await act(hass, "button.press", entity_id)
    assert await sent(panel) == ["door.actuate.forcetoggle"]
    await wait_for_state(hass, FRONT, "unlocked")
