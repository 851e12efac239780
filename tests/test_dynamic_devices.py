"""An administrator adds, renames and deletes doors in PDK."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.prodatakey.const import DOMAIN
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import (
    FRONT,
    MIN_READ_INTERVAL,
    OTHER_SIGNAL,
    PANEL,
    Site,
    let_pass,
    wait_until,
)

DOORS = f"panels/{PANEL}/doors"
MEETING_ROOM = f"{DOORS}/4"

type Hour = Callable[[], Awaitable[None]]


def name_of(device: dr.DeviceEntry | None) -> str | None:
    """Return the name of a device."""
    return device.name if device else None


@pytest.fixture
def an_hour_passes(site: Site, monkeypatch: pytest.MonkeyPatch) -> Hour:
    """Return a function that has the list of doors read."""

    async def hour() -> None:
        monkeypatch.setattr(MIN_READ_INTERVAL, -1)
        # A door with another name shows that it was read.
        name = f"Garage, {dt_util.utcnow()}"
        await site.pdk.control("PATCH", f"{DOORS}/2", {"name": name})
        let_pass(site.hass, hours=1, seconds=1)
        await wait_until(lambda: name_of(site.device(2)) == name)
        await site.hass.async_block_till_done()

    return hour


async def test_added_and_changed(
    site: Site, an_hour_passes: Hour, entity_registry: er.EntityRegistry
) -> None:
    """Within the hour new doors work, and changed ones are what the list says."""
    position = "binary_sensor.front_door_door_position"
    await site.emit("door.input.dps.opened", 1)
    shown = await site.wait_for_state(position, "on")
    assert shown.attributes["device_class"] == "door"
    # first seen in an event, it is a door until the list says that it is a lamp
    body = {"doorId": 30, "door": {"id": 30, "name": "Lamp"}}
    await site.emit("door.input.relay.on", body=body)
    await site.wait_for_state("lock.lamp", "unlocked")

    lamp = {"id": 30, "name": "Lamp", "type": "ioDevice", "publicIcon": "light"}
    reader = {
        "id": 8,
        "name": "Lift",
        "type": "additionalElevatorReader",
        "primaryReader": "40",
        "dps": True,
        "rex": True,
        "forcedAlarm": True,
    }
    lift = {"id": 40, "type": "elevatorReader"}
    north = {"id": "north-1", "name": "North", "rex": True}
    for door in (lamp, reader, lift, north):
        await site.pdk.control("POST", DOORS, door)
    await site.pdk.control("PATCH", MEETING_ROOM, {"name": "Library"})
    await site.pdk.control("PATCH", f"{DOORS}/1", {"publicIcon": "rollUpDoor"})
    await an_hour_passes()
    assert site.state("binary_sensor.north_request_to_exit").state == "unknown"
    # a second reader has what it has ever sent, and not what is configured
    lift_rex = "binary_sensor.lift_request_to_exit"
    assert site.state("event.lift_access").state == "unknown"
    assert site.hass.states.get(lift_rex) is None
    await site.emit("door.input.rex.on", 8)
    await site.wait_for_state(lift_rex, "on")
    assert site.hass.states.get("binary_sensor.lift_door_position") is None
    await site.happen("north-1", "hold")
    await site.wait_for_state("lock.north", "unlocked")
    assert site.device("north-1")
    # the ids of a renamed door stay
    assert name_of(site.device(4)) == "Library"
    assert site.state("lock.meeting_room").name == "Library"
    assert site.state("button.meeting_room_open").name == "Library Open"
    assert site.state("switch.lamp").state == "unknown"
    assert entity_registry.async_get("lock.lamp") is None
    # shown as a garage door from its next change on
    await site.emit("door.input.dps.closed", 1)
    shown = await site.wait_for_state(position, "off")
    assert shown.attributes["device_class"] == "garage_door"
    # also where the list has the reader before its door
    for part, primary in ((7, 1), (8, 40)):
        door_device = site.device(primary)
        assert door_device
        assert getattr(site.device(part), "via_device_id", None) == door_device.id


async def test_deleted_and_back(
    site: Site,
    an_hour_passes: Hour,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A door is removed after it was missing from two lists in a row.

    One list is not enough, and one that cannot be read does not count.
    """
    await site.happen(4, "hold")
    await site.wait_for_state("lock.meeting_room", "unlocked")
    await site.pdk.control("DELETE", MEETING_ROOM)
    await an_hour_passes()
    await site.pdk.control("POST", DOORS, {"id": 4, "name": "Meeting room"})
    await an_hour_passes()
    await site.pdk.control("DELETE", MEETING_ROOM)
    await an_hour_passes()
    read = (await site.pdk.requests())["devices"]
    await site.pdk.faults(devices={"status": 500, "count": 1})
    let_pass(site.hass, hours=1, seconds=1)
    async with asyncio.timeout(5):
        while (await site.pdk.requests())["devices"] == read:
            pass
    await site.hass.async_block_till_done()
    assert site.state("lock.meeting_room").state == "unlocked"
    assert site.device(4)

    await an_hour_passes()
    assert site.hass.states.get("lock.meeting_room") is None
    assert entity_registry.async_get("lock.meeting_room") is None
    assert site.device(4) is None
    # Home Assistant reports calls of its own that will stop working.
    assert "stop working" not in caplog.text

    await site.pdk.control("POST", DOORS, {"id": 4, "name": "Meeting room"})
    await an_hour_passes()
    assert site.state("lock.meeting_room").state == "unknown"
    await site.happen(4, "hold")
    await site.wait_for_state("lock.meeting_room", "unlocked")


@pytest.mark.parametrize("restart", [False, True])
async def test_becomes_another_kind(
    site: Site, an_hour_passes: Hour, entity_registry: er.EntityRegistry, restart: bool
) -> None:
    """A door becomes a fan, a gate loses its reader, and another door is deleted."""
    if restart:
        await site.hass.config_entries.async_unload(site.entry.entry_id)
    fan = {"type": "ioDevice", "publicIcon": "fan"}
    await site.pdk.control("PATCH", MEETING_ROOM, fan)
    await site.pdk.control("PATCH", f"{DOORS}/5", {"type": "premiumIoDevice"})
    await site.pdk.control("DELETE", f"{DOORS}/3")
    if restart:
        await site.set_up()
    await an_hour_passes()
    await site.happen(4, "hold")
    await site.wait_for_state("switch.meeting_room", "on")
    gone = (
        "lock.meeting_room",
        "event.meeting_room_access",
        "event.warehouse_gate_access",
    )
    assert not [entity_id for entity_id in gone if entity_registry.async_get(entity_id)]
    assert site.state("lock.warehouse_gate").state == "unknown"
    await an_hour_passes()
    assert site.hass.states.get("lock.server_room") is None
    assert site.device(3) is None


async def test_delete_a_stale_device(
    site: Site,
    device_registry: dr.DeviceRegistry,
    hass_ws_client: WebSocketGenerator,
    an_hour_passes: Hour,
) -> None:
    """A user deletes what the panel's last list lacks, but nothing that it has."""
    await async_setup_component(site.hass, "config", {})
    client = await hass_ws_client(site.hass)
    device_registry.async_get_or_create(
        config_entry_id=site.entry.entry_id, identifiers={(DOMAIN, f"{PANEL}_99")}
    )
    await site.discover()
    endpoint = "endpoint_1_0013a200400a3942"
    await site.pdk.control("DELETE", MEETING_ROOM)
    await an_hour_passes()

    async def delete(part: object) -> bool:
        found = site.device(part)
        assert found
        success = (await client.remove_device(found.id))["success"]
        assert (site.device(part) is None) is success
        await site.hass.async_block_till_done()
        return bool(success)

    deleted = {part: await delete(part) for part in (99, 1, endpoint, "", 4)}
    assert deleted == {99: True, 1: False, endpoint: True, "": False, 4: True}
    (left,) = site.entry.runtime_data.panel.endpoints.values()
    assert left.address not in endpoint
    for entity_id in (OTHER_SIGNAL, "lock.meeting_room"):
        assert site.hass.states.get(entity_id) is None
    # an empty list removes nothing by itself
    site.entry.runtime_data.panel.update_doors([])
    assert site.state(FRONT).state == "unknown"
    assert await delete(1)
    assert site.hass.states.get(FRONT) is None
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.discover()
    # what the panel has is not known now
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    found = site.device(endpoint)
    assert found
    assert not (await client.remove_device(found.id))["success"]


async def test_device_that_has_a_reader_after_all(site: Site) -> None:
    """A premium I/O device has *Access* once somebody requests it, and keeps it."""
    assert site.hass.states.get("event.garage_access") is None
    for reload in (False, True):
        if reload:
            await site.set_up()
        await site.emit("door.request.unknown", 2)
        await wait_until(lambda: site.hass.states.get("event.garage_access"))
