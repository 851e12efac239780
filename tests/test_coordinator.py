"""The connection is lost and comes back; an event changes one door; logs hold no secret."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from .common import (
    CONNECTION,
    CREDENTIALS,
    FRONT,
    PANEL,
    Json,
    emit,
    set_online,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk


def our_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration has logged."""
    return [r.getMessage() for r in caplog.records if "prodatakey" in r.name]


async def test_short_drop(
    hass: HomeAssistant, panel: SimulatedPdk, caplog: pytest.LogCaptureFixture
) -> None:
    """States are assumed until the panel reports them again; nothing is logged."""
    door = "binary_sensor.front_door_door_position"
    await panel.act(PANEL, 1, "open")
    await wait_for_state(hass, door, "on")
    caplog.set_level("INFO")
    caplog.clear()
    await panel.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await wait_for_state(hass, CONNECTION, "off")
    assert state_of(hass, door).attributes["assumed_state"] is True
    assert state_of(hass, "lock.meeting_room").state == "unknown"
    await wait_for_state(hass, CONNECTION, "on")
    assert state_of(hass, door).attributes["assumed_state"] is True
    await emit(panel, "door.input.dps.opened")
    await panel.act(PANEL, 4, "hold")
    await wait_for_state(hass, "lock.meeting_room", "unlocked")
    assert "assumed_state" not in state_of(hass, door).attributes
    assert our_lines(caplog) == []


async def test_outage(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    caplog: pytest.LogCaptureFixture,
    short_backoff: None,
) -> None:
    """All but the connection is unavailable; one line down and one up, however long."""
    caplog.set_level("INFO")
    caplog.clear()
    await set_online(panel, False)
    await wait_for_state(hass, FRONT, "unavailable")
    assert state_of(hass, CONNECTION).state == "off"
    assert state_of(hass, "button.front_door_open").state == "unavailable"
    # More attempts fail now, each with a request for a token.
    await panel.faults(handshake={"mode": "error44", "count": 3})
    await set_online(panel, True)
    await wait_for_state(hass, CONNECTION, "on")
    assert state_of(hass, FRONT).state == "unknown"
    down, up = our_lines(caplog)
    assert down.startswith("Headquarters is unavailable: ")
    assert up == "Headquarters is available again"


async def test_one_event_writes_one_door(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With 50 doors, a relay's event writes its lock and its relay, nothing else."""
    doors: list[Json] = [
        {"id": number, "name": f"Door {number}", "dps": True, "rex": True}
        for number in range(1, 51)
    ]
    panel = {"id": PANEL, "name": "Headquarters", "doors": doors}
    await pdk.reset({"applications": [CREDENTIALS], "panels": [panel]})
    await setup_integration(hass, entry)
    await emit(pdk, "door.input.relay.off", 7)
    await wait_for_state(hass, "lock.door_7", "locked")
    written: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(
            "homeassistant.helpers.entity.Entity._async_write_ha_state",
            lambda entity: written.append(entity.entity_id),
        )
        await emit(pdk, "door.input.relay.on", 7)
        await emit(pdk, "door.input.rex.on", 8)
        await wait_until(lambda: len(written) >= 3)
    assert sorted(written) == [
        "binary_sensor.door_7_relay",
        "binary_sensor.door_8_request_to_exit",
        "lock.door_7",
    ]


async def test_an_event_that_changes_nothing_writes_nothing(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The panel repeats itself; the states do not."""
    await emit(panel, "door.input.relay.on")
    await wait_for_state(hass, FRONT, "unlocked")
    written: list[str] = []

    @callback
    def handle(event: Event[EventStateChangedData]) -> None:
        written.append(event.data["entity_id"])

    hass.bus.async_listen("state_changed", handle)
    hass.bus.async_listen(
        "state_reported", handle, event_filter=callback(lambda _: True)
    )
    await emit(panel, "door.input.relay.on")
    await emit(panel, "door.input.relay.on", 4)
    await wait_for_state(hass, "lock.meeting_room", "unlocked")
    assert FRONT not in written
