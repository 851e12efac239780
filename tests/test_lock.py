"""A user locks, unlocks and opens doors."""

import pytest

from homeassistant.components.lock import DOMAIN as LOCK
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component

from .common import PANEL, Json, state_of, wait_for_state
from .simulator_process import SimulatedPdk

FRONT = "lock.front_door"


async def act(hass: HomeAssistant, action: str, entity_id: str = FRONT) -> None:
    """Call an action of the lock."""
    await hass.services.async_call(
        LOCK, action, {"entity_id": entity_id}, blocking=True
    )


async def test_unknown_until_the_panel_speaks(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The API has no snapshot of states, and nothing is guessed."""
    assert state_of(hass, FRONT).state == "unknown"
    await panel.act(PANEL, 1, "hold")
    assert not (await wait_for_state(hass, FRONT, "unlocked")).attributes.get(
        "assumed_state"
    )
    await panel.act(PANEL, 1, "lock")
    await wait_for_state(hass, FRONT, "locked")


@pytest.mark.parametrize(
    ("action", "topic", "states"),
    [
        ("unlock", "door.actuate.open", ["unlocking", "unlocked"]),
        ("lock", "door.actuate.close", ["locking", "locked"]),
        ("open", "door.try.open", ["opening", "unlocked"]),
    ],
)
async def test_an_action_reaches_the_panel(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    action: str,
    topic: str,
    states: list[str],
) -> None:
    """The panel gets one command, and the lock shows what is going on."""
    seen: list[str] = []

    @callback
    def see(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == FRONT and event.data["new_state"]:
            seen.append(event.data["new_state"].state)

    hass.bus.async_listen("state_changed", see)
    await act(hass, action)
    (command,) = await panel.commands(PANEL)
    assert command["topic"] == topic
    assert command["body"] == {"doorId": 1}
    await wait_for_state(hass, FRONT, states[-1])
    assert [seen[0], seen[-1]] == states


async def test_a_dwell_ends(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """A door that is opened for a moment locks again by itself."""
    await panel.control("PATCH", f"panels/{PANEL}/doors/1", {"dwell": 2})
    await act(hass, "open")
    await wait_for_state(hass, FRONT, "unlocked")
    await wait_for_state(hass, FRONT, "locked")


async def test_a_refusal_in_the_panels_words(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The user reads why, and the lock shows what it showed before."""
    await panel.faults(commands={"refuse": "The door is in do not disturb."})
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, "unlock")
    assert refusal.value.translation_key == "command_refused"
    assert refusal.value.translation_placeholders == {
        "panel": "Headquarters",
        "reason": "The door is in do not disturb.",
    }
    assert state_of(hass, FRONT).state == "unknown"


async def test_no_answer(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panel that stays silent has perhaps opened, perhaps not: the user is told."""
    monkeypatch.setattr("custom_components.prodatakey.pdk.stream.ANSWER_TIMEOUT", 0.2)
    await panel.faults(commands="ignored")
    with pytest.raises(HomeAssistantError) as unanswered:
        await act(hass, "unlock")
    assert unanswered.value.translation_key == "no_answer"
    assert state_of(hass, FRONT).state == "unknown"


async def test_not_connected(
    hass: HomeAssistant, panel: SimulatedPdk, short_back_off: None
) -> None:
    """A command is refused at once while the stream is down, and not kept for later."""
    await panel.faults(handshake={"mode": "http", "status": 503})
    await panel.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await wait_for_state(hass, "binary_sensor.headquarters_connection", "off")
    with pytest.raises(HomeAssistantError) as refused:
        await act(hass, "unlock")
    assert refused.value.translation_key == "not_connected"
    await panel.faults(handshake=None)
    await wait_for_state(hass, "binary_sensor.headquarters_connection", "on")
    assert await panel.commands(PANEL, wait=0) == []


async def test_doors_do_not_wait_for_each_other(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """A command for one door that gets no answer does not hold up another's."""
    await panel.faults(commands={"refuse": "no", "doors": [1]})
    refused = hass.async_create_task(act(hass, "unlock"))
    await act(hass, "unlock", "lock.meeting_room")
    with pytest.raises(HomeAssistantError):
        await refused
    assert state_of(hass, "lock.meeting_room").state == "unlocked"


async def test_a_newer_event_counts_more_than_the_answer(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Somebody locks at the panel while the answer to an unlock is on its way."""
    await panel.faults(commands="ignored")
    unlocking = hass.async_create_task(act(hass, "unlock"))
    (command,) = await panel.commands(PANEL)
    await panel.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 1}})
    await panel.carry_out(PANEL, command)
    await unlocking
    assert state_of(hass, FRONT).state == "locked"


async def stop_a_script(hass: HomeAssistant, panel: SimulatedPdk) -> Json:
    """Unlock by a script that is stopped while that is under way; give the command."""
    await panel.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 1}})
    await wait_for_state(hass, FRONT, "locked")
    await panel.faults(commands="ignored")
    step = {"action": "lock.unlock", "target": {"entity_id": FRONT}}
    script = {"script": {"unlock": {"sequence": [step]}}}
    assert await async_setup_component(hass, "script", script)
    which = {"entity_id": "script.unlock"}
    await hass.services.async_call("script", "turn_on", which, blocking=True)
    (command,) = await panel.commands(PANEL)
    await hass.services.async_call("script", "turn_off", which, blocking=True)
    assert state_of(hass, "script.unlock").state == "off"
    return command


async def test_a_stopped_script_and_an_answer(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The command is under way all the same, and what becomes of it is shown."""
    command = await stop_a_script(hass, panel)
    assert state_of(hass, FRONT).state == "unlocking"
    await panel.carry_out(PANEL, command)
    unlocked = await wait_for_state(hass, FRONT, "unlocked")
    assert "assumed_state" not in unlocked.attributes


async def test_a_stopped_script_and_no_answer(
    hass: HomeAssistant, panel: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody hears the error, but the lock shows that nobody knows."""
    monkeypatch.setattr("custom_components.prodatakey.pdk.stream.ANSWER_TIMEOUT", 0.5)
    await stop_a_script(hass, panel)
    locked = await wait_for_state(hass, FRONT, "locked")
    assert locked.attributes["assumed_state"] is True


async def test_several_commands_at_once(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Shown is the last one that has no answer."""
    await panel.faults(commands="ignored")
    acting = []
    for sent, action in enumerate(("unlock", "lock", "unlock")):
        acting.append(hass.async_create_task(act(hass, action)))
        await panel.commands(PANEL, after=sent)
    commands = await panel.commands(PANEL, wait=0)
    for which, shown in ((2, "locking"), (1, "unlocking"), (0, "unlocked")):
        await panel.carry_out(PANEL, commands[which])
        await acting[which]
        assert state_of(hass, FRONT).state == shown
