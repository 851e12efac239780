"""An administrator adds, renames and deletes doors in PDK."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import (
    MIN_READ_INTERVAL,
    OTHER_SIGNAL,
    PANEL,
    device_of,
    discover,
    emit,
    let_pass,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk

DOORS = f"panels/{PANEL}/doors"
MEETING_ROOM = f"{DOORS}/4"

type Hour = Callable[[], Awaitable[None]]
type Device = Callable[[object], dr.DeviceEntry | None]


@pytest.fixture
def device(hass: HomeAssistant, entry: MockConfigEntry) -> Device:
    """Return a function that returns the device of a door, if there is one."""
    return lambda part: device_of(hass, entry, part)


def name_of(device: dr.DeviceEntry | None) -> str | None:
    """Return the name of a device."""
    return device.name if device else None


@pytest.fixture
def an_hour_passes(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    device: Device,
    monkeypatch: pytest.MonkeyPatch,
) -> Hour:
    """Return a function that has the list of doors read."""

    async def hour() -> None:
        monkeypatch.setattr(MIN_READ_INTERVAL, -1)
        # A door with another name shows that it was read.
        name = f"Garage, {dt_util.utcnow()}"
        await panel.control("PATCH", f"{DOORS}/2", {"name": name})
        let_pass(hass, hours=1, seconds=1)
        await wait_until(lambda: name_of(device(2)) == name)
        await hass.async_block_till_done()

    return hour


async def test_added_and_changed(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    device: Device,
    an_hour_passes: Hour,
    entity_registry: er.EntityRegistry,
) -> None:
    """Within the hour new doors work, and changed ones are what the list says."""
    position = "binary_sensor.front_door_door_position"
    await emit(panel, "door.input.dps.opened", 1)
    shown = await wait_for_state(hass, position, "on")
    assert shown.attributes["device_class"] == "door"
    # first seen in an event, it is a door until the list says that it is a lamp
    body = {"doorId": 30, "door": {"id": 30, "name": "Lamp"}}
    await emit(panel, "door.input.relay.on", body=body)
    await wait_for_state(hass, "lock.lamp", "unlocked")

    lamp = {"id": 30, "name": "Lamp", "type": "ioDevice", "publicIcon": "light"}
    reader = {"id": 8, "type": "additionalElevatorReader", "primaryReader": "40"}
    lift = {"id": 40, "type": "elevatorReader"}
    north = {"id": "north-1", "name": "North", "rex": True}
    for door in (lamp, reader, lift, north):
        await panel.control("POST", DOORS, door)
    await panel.control("PATCH", MEETING_ROOM, {"name": "Library"})
    await panel.control("PATCH", f"{DOORS}/1", {"publicIcon": "rollUpDoor"})
    await an_hour_passes()
    assert state_of(hass, "binary_sensor.north_request_to_exit").state == "unknown"
    await panel.act(PANEL, "north-1", "hold")
    await wait_for_state(hass, "lock.north", "unlocked")
    assert device("north-1")
    # the ids of a renamed door stay
    assert name_of(device(4)) == "Library"
    assert state_of(hass, "lock.meeting_room").name == "Library"
    assert state_of(hass, "button.meeting_room_open").name == "Library Open"
    assert state_of(hass, "switch.lamp").state == "unknown"
    assert entity_registry.async_get("lock.lamp") is None
    # shown as a garage door from its next change on
    await emit(panel, "door.input.dps.closed", 1)
    shown = await wait_for_state(hass, position, "off")
    assert shown.attributes["device_class"] == "garage_door"
    # also where the list has the reader before its door
    for part, primary in ((7, 1), (8, 40)):
        door_device = device(primary)
        assert door_device
        assert getattr(device(part), "via_device_id", None) == door_device.id


async def test_deleted_and_back(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    device: Device,
    an_hour_passes: Hour,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two readings in a row without a door count; one does not, nor one that fails."""
    await panel.act(PANEL, 4, "hold")
    await wait_for_state(hass, "lock.meeting_room", "unlocked")
    await panel.control("DELETE", MEETING_ROOM)
    await an_hour_passes()
    await panel.control("POST", DOORS, {"id": 4, "name": "Meeting room"})
    await an_hour_passes()
    await panel.control("DELETE", MEETING_ROOM)
    await an_hour_passes()
    read = (await panel.requests())["devices"]
    await panel.faults(devices={"status": 500, "count": 1})
    let_pass(hass, hours=1, seconds=1)
    async with asyncio.timeout(5):
        while (await panel.requests())["devices"] == read:
            pass
    await hass.async_block_till_done()
    assert state_of(hass, "lock.meeting_room").state == "unlocked"
    assert device(4)

    await an_hour_passes()
    assert hass.states.get("lock.meeting_room") is None
    assert entity_registry.async_get("lock.meeting_room") is None
    assert device(4) is None
    # Home Assistant reports calls of its own that will stop working.
    assert "stop working" not in caplog.text

    await panel.control("POST", DOORS, {"id": 4, "name": "Meeting room"})
    await an_hour_passes()
    assert state_of(hass, "lock.meeting_room").state == "unknown"
    await panel.act(PANEL, 4, "hold")
    await wait_for_state(hass, "lock.meeting_room", "unlocked")


@pytest.mark.parametrize("restart", [False, True])
async def test_becomes_another_kind(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    an_hour_passes: Hour,
    entity_registry: er.EntityRegistry,
    restart: bool,
) -> None:
    """A door becomes a fan, a gate loses its reader, and another door is deleted."""
    if restart:
        await hass.config_entries.async_unload(entry.entry_id)
    fan = {"type": "ioDevice", "publicIcon": "fan"}
    await panel.control("PATCH", MEETING_ROOM, fan)
    await panel.control("PATCH", f"{DOORS}/5", {"type": "premiumIoDevice"})
    await panel.control("DELETE", f"{DOORS}/3")
    if restart:
        await setup_integration(hass, entry)
    await an_hour_passes()
    await panel.act(PANEL, 4, "hold")
    await wait_for_state(hass, "switch.meeting_room", "on")
    gone = (
        "lock.meeting_room",
        "event.meeting_room_access",
        "event.warehouse_gate_access",
    )
    assert not [entity_id for entity_id in gone if entity_registry.async_get(entity_id)]
    assert state_of(hass, "lock.warehouse_gate").state == "unknown"
    await an_hour_passes()
    assert hass.states.get("lock.server_room") is None
    assert device_of(hass, entry, 3) is None


async def test_delete_a_stale_device(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    device: Device,
    device_registry: dr.DeviceRegistry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """A user deletes what the panel has no more, but nothing that it has."""
    await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    device_registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, f"{PANEL}_99")}
    )
    await discover(hass, entry)
    endpoint = "endpoint_1_0013a200400a3942"
    for part, deleted in ((99, True), (1, False), (endpoint, True)):
        found = device(part)
        assert found
        answer = await client.remove_device(found.id)
        assert answer["success"] is deleted
        assert (device(part) is None) is deleted
    await hass.async_block_till_done()
    assert hass.states.get(OTHER_SIGNAL) is None
    await discover(hass, entry)
    # what the panel has is not known now
    await hass.config_entries.async_unload(entry.entry_id)
    found = device(endpoint)
    assert found
    assert not (await client.remove_device(found.id))["success"]


async def test_device_that_has_a_reader_after_all(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """A premium I/O device has *Access* once somebody requests it, and keeps it."""
    assert hass.states.get("event.garage_access") is None
    for reload in (False, True):
        if reload:
            await setup_integration(hass, entry)
        await emit(panel, "door.request.unknown", 2)
        await wait_until(lambda: hass.states.get("event.garage_access"))
