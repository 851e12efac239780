"""One event touches one door, and no secret reaches a log."""

import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback

from .common import CREDENTIALS, PANEL, wait_for_state, wait_until
from .simulator_process import SimulatedPdk


def many_doors(count: int) -> list[dict[str, object]]:
    """Return that many doors with everything a door can have."""
    return [
        {"id": number, "name": f"Door {number}", "dps": True, "rex": True}
        for number in range(1, count + 1)
    ]


async def test_one_event_touches_one_doors_entities(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With 200 doors, a relay's event writes its lock and its relay, nothing else."""
    await pdk.reset(
        {
            "applications": [CREDENTIALS],
            "panels": [{"id": PANEL, "name": "Headquarters", "doors": many_doors(200)}],
        }
    )
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await pdk.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 77}})
    await wait_for_state(hass, "lock.door_77", "locked")

    written: list[str] = []
    monkeypatch.setattr(
        "homeassistant.helpers.entity.Entity._async_write_ha_state",
        lambda entity: written.append(entity.entity_id),
    )
    await pdk.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 77}})
    await wait_until(lambda: written)
    await pdk.emit(PANEL, "door.input.rex.on", {"body": {"doorId": 78}})
    await wait_until(lambda: len(written) >= 3)
    assert sorted(written) == [
        "binary_sensor.door_77_relay",
        "binary_sensor.door_78_request_to_exit",
        "lock.door_77",
    ]
    monkeypatch.undo()
    await hass.config_entries.async_unload(entry.entry_id)


async def test_an_event_that_changes_nothing_writes_nothing(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The panel repeats itself; the states do not."""
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 1}})
    await wait_for_state(hass, "lock.front_door", "unlocked")
    written: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        written.append(event.data["entity_id"])

    hass.bus.async_listen("state_changed", note)
    hass.bus.async_listen("state_reported", note, event_filter=callback(lambda _: True))
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 1}})
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 4}})
    await wait_for_state(hass, "lock.meeting_room", "unlocked")
    assert "lock.front_door" not in written


async def test_no_secret_in_any_log(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    short_back_off: None,
) -> None:
    """Neither tokens nor a PIN nor a person, through connects, faults and failures."""
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp", "asyncio", "engineio", "socketio", "custom_components"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await pdk.act(PANEL, 1, "badge", pin="48151623")
    await pdk.emit(PANEL, "door.request.unknown", {"body": {"pin": "48151623"}})
    for fault in (
        {"mode": "error44"},
        {"mode": "abort"},
        {"mode": "http", "status": 403},
    ):
        await pdk.faults(handshake={**fault, "count": 1})
        await pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
        await wait_until(lambda: not entry.runtime_data.connected)
        await wait_until(lambda: entry.runtime_data.connected)
    await hass.config_entries.async_unload(entry.entry_id)
    secrets = ("demo-secret", "48151623", "Bearer ", "token=", "eyJ")
    ours = [record.getMessage() for record in caplog.records]
    assert not [line for line in ours if any(secret in line for secret in secrets)]
    assert any("Ignored a malformed door.request.unknown" in line for line in ours)
