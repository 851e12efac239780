"""A panel is set up, loses its connection, is reloaded, unloaded and removed."""

import asyncio
import inspect

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .common import (
    CONNECTION,
    FRONT,
    MIN_READ_INTERVAL,
    OTHER_PANEL,
    PANEL,
    Json,
    Site,
    add_entry,
    let_pass,
    raises_error,
    setup_integration,
)

STORE = f"prodatakey.{PANEL}"


def our_tasks() -> list[str]:
    """Return the tasks that run code of the integration, whoever has started them."""
    coroutines = (task.get_coro() for task in asyncio.all_tasks())
    return [
        coroutine.__qualname__
        for coroutine in coroutines
        if inspect.iscoroutine(coroutine)
        and f"components/{DOMAIN}/" in coroutine.cr_code.co_filename
    ]


async def test_devices(site: Site) -> None:
    """The doors are connected via the panel."""
    cloud_node, gate = site.device(), site.device(5)
    assert cloud_node
    assert gate
    assert (cloud_node.manufacturer, cloud_node.model) == ("ProdataKey", "Cloud node")
    assert (cloud_node.name, cloud_node.serial_number) == ("Headquarters", PANEL)
    assert cloud_node.configuration_url == "https://pdk.io"
    assert (gate.name, gate.via_device_id) == ("Warehouse gate", cloud_node.id)
    assert gate.model == "Reader"
    assert (gate.hw_version, gate.sw_version) == ("red1cn.d", "1.1.41")
    assert gate.serial_number == "805"


async def test_unload_and_remove(
    site: Site, entity_registry: er.EntityRegistry, hass_storage: Json
) -> None:
    """No task, socket or listener is left after an unload, nothing after a removal."""
    listeners = dict(site.hass.bus.async_listeners())
    await site.set_up()
    assert site.hass.bus.async_listeners() == listeners
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    await site.pdk.sockets(PANEL, 0)
    assert our_tasks() == []
    assert hass_storage[STORE]["data"]["doors"][0]["state"] == {"relay": True}
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    await site.hass.async_block_till_done()
    assert STORE not in hass_storage
    assert not entity_registry.entities
    assert not site.hass.states.async_all()


async def test_removed_while_the_doors_are_read(
    site: Site,
    device_registry: dr.DeviceRegistry,
    hass_storage: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that comes too late brings nothing back."""
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    read = (await site.pdk.requests())["devices"]
    await site.pdk.faults(devices={"delay": 0.5})
    let_pass(site.hass, hours=1, seconds=1)
    async with asyncio.timeout(5):
        while (await site.pdk.requests())["devices"] == read:
            pass
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    assert our_tasks() == []
    await site.hass.async_block_till_done()
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    let_pass(site.hass, hours=2)
    await site.hass.async_block_till_done()
    assert STORE not in hass_storage
    assert not device_registry.devices


async def test_a_new_door_while_unloading(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Entities that would be added too late do not prevent the next set-up."""
    delivered: list[str] = []

    @callback
    def deliver_once(event: Event[EventStateChangedData]) -> None:
        if site.entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS and not delivered:
            delivered.append(event.data["entity_id"])
            site.deliver("door.input.relay.on", {"body": {"doorId": 77}})

    site.hass.bus.async_listen(EVENT_STATE_CHANGED, deliver_once)
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    await site.hass.async_block_till_done()
    assert delivered
    locks = site.hass.states.async_all("lock")
    assert {state.state for state in locks} == {"unavailable"}
    await site.set_up()
    await site.hass.async_block_till_done()
    assert "does not generate unique IDs" not in caplog.text


async def test_reload_and_stop(site: Site) -> None:
    """Neither a reload nor a stop shows the connection as lost."""
    changes = async_capture_events(site.hass, EVENT_STATE_CHANGED)
    await site.set_up()
    await site.hass.async_block_till_done()
    assert [
        change.data["new_state"].state
        for change in changes
        if change.data["entity_id"] == CONNECTION and change.data["new_state"]
    ] == ["unavailable", "unknown", "on"]
    changes.clear()
    await site.hass.async_stop(force=True)
    await site.pdk.sockets(PANEL, 0)
    assert changes == []


async def test_two_panels_of_an_account(site: Site) -> None:
    """Two panels share an ID token but no door; removing one leaves the other."""
    other = add_entry(site.hass, OTHER_PANEL)
    await setup_integration(site.hass, other)
    assert (await site.pdk.requests())["token"] == 1
    await site.pdk.act(OTHER_PANEL, 1, "hold")
    await site.wait_for_state("lock.entrance", "unlocked")
    await site.emit("door.input.relay.off")
    await site.wait_for_state(FRONT, "locked")
    assert site.state("lock.entrance").state == "unlocked"
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    await site.pdk.sockets(PANEL, 0)
    await site.pdk.act(OTHER_PANEL, 1, "lock")
    await site.wait_for_state("lock.entrance", "locked")
    registry = dr.async_get(site.hass)
    assert not dr.async_entries_for_config_entry(registry, site.entry.entry_id)
    left = dr.async_entries_for_config_entry(registry, other.entry_id)
    assert {part for device in left for _, part in device.identifiers} == {
        OTHER_PANEL,
        f"{OTHER_PANEL}_1",
        f"{OTHER_PANEL}_2",
    }


def our_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the integration has logged."""
    return [r.getMessage() for r in caplog.records if "prodatakey" in r.name]


async def test_short_drop(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """States are assumed until the panel reports them again; nothing is logged."""
    door = "binary_sensor.front_door_door_position"
    await site.happen(1, "open")
    await site.wait_for_state(door, "on")
    caplog.set_level("INFO")
    caplog.clear()
    await site.pdk.control("POST", f"panels/{PANEL}/raw", {"frame": "41"})
    await site.wait_for_state(CONNECTION, "off")
    assert site.state(door).attributes["assumed_state"] is True
    assert site.state("lock.meeting_room").state == "unknown"
    await site.wait_for_state(CONNECTION, "on")
    assert site.state(door).attributes["assumed_state"] is True
    await site.emit("door.input.dps.opened")
    await site.happen(4, "hold")
    await site.wait_for_state("lock.meeting_room", "unlocked")
    assert "assumed_state" not in site.state(door).attributes
    assert our_lines(caplog) == []


async def test_outage(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """An outage makes all but the connection unavailable; two lines are logged."""
    caplog.set_level("INFO")
    caplog.clear()
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    assert site.state(CONNECTION).state == "off"
    assert site.state("button.front_door_open").state == "unknown"
    with raises_error("not_connected", name="Front door"):
        await site.act("button.press", "button.front_door_open")
    # More attempts fail now, each with a request for a token.
    await site.pdk.faults(handshake={"mode": "error44", "count": 3})
    await site.set_online(True)
    await site.wait_for_state(CONNECTION, "on")
    assert site.state(FRONT).state == "unknown"
    down, up = our_lines(caplog)
    assert down.startswith("Headquarters is unavailable: ")
    assert up == "Headquarters is available again"
    # nothing of ours for the health of the entry, after a restart neither
    await site.set_up()
    ours = [each for each in caplog.records if "prodatakey" in each.name]
    levels = {each.levelname for each in ours if each.name != "homeassistant.loader"}
    assert levels <= {"DEBUG", "INFO"}


async def test_an_event_writes_one_entity(site: Site) -> None:
    """A relay's event writes its lock and nothing else; what changes nothing, nothing."""
    await site.emit("door.input.relay.on")
    await site.wait_for_state(FRONT, "unlocked")
    written: list[str] = []

    @callback
    def handle(event: Event[EventStateChangedData]) -> None:
        written.append(event.data["entity_id"])

    site.hass.bus.async_listen("state_changed", handle)
    site.hass.bus.async_listen(
        "state_reported", handle, event_filter=callback(lambda _: True)
    )
    await site.emit("door.input.relay.on")
    await site.emit("door.input.relay.on", 4)
    await site.emit("door.input.rex.on", 1)
    rex = "binary_sensor.front_door_request_to_exit"
    await site.wait_for_state(rex, "on")
    assert written == ["lock.meeting_room", rex]
