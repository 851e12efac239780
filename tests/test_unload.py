"""A panel is unloaded, removed, or joined by a second one."""

import asyncio
from datetime import timedelta
import inspect
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.prodatakey import door_list
from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .common import PANEL, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

OTHER_PANEL = "2080DEF"
STORE = f"prodatakey.{PANEL}"


def our_tasks() -> list[str]:
    """Return what runs of the integration, whoever has started it."""
    coroutines = (task.get_coro() for task in asyncio.all_tasks())
    return [
        coroutine.__qualname__
        for coroutine in coroutines
        if inspect.iscoroutine(coroutine)
        and f"components/{DOMAIN}/" in coroutine.cr_code.co_filename
    ]


@pytest.fixture
async def other(hass: HomeAssistant, panel: SimulatedPdk) -> MockConfigEntry:
    """Set up a second panel of the account; it has doors of the same ids."""
    other = MockConfigEntry(
        domain=DOMAIN,
        title="Branch office",
        unique_id=OTHER_PANEL,
        data={
            "client_id": "demo",
            "client_secret": "demo-secret",
            "panel_id": OTHER_PANEL,
        },
    )
    other.add_to_hass(hass)
    await hass.config_entries.async_setup(other.entry_id)
    await wait_until(lambda: other.runtime_data.connected)
    return other


async def test_a_second_panel(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    other: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Each has its own door 1, and one that goes leaves the other alone."""
    await panel.act(OTHER_PANEL, 1, "hold")
    await wait_for_state(hass, "lock.entrance", "unlocked")
    await panel.act(PANEL, 1, "lock")
    await panel.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 1}})
    await wait_for_state(hass, "lock.front_door", "locked")
    assert state_of(hass, "lock.entrance").state == "unlocked"
    await hass.config_entries.async_remove(entry.entry_id)
    await panel.sockets(PANEL, 0)
    await panel.act(OTHER_PANEL, 1, "lock")
    await wait_for_state(hass, "lock.entrance", "locked")
    assert not dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    left = dr.async_entries_for_config_entry(device_registry, other.entry_id)
    assert {part for device in left for part in device.identifiers} == {
        (DOMAIN, OTHER_PANEL),
        (DOMAIN, f"{OTHER_PANEL}_1"),
        (DOMAIN, f"{OTHER_PANEL}_2"),
    }
    await hass.config_entries.async_unload(other.entry_id)


async def test_nothing_is_left_of_a_panel(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    hass_storage: dict[str, Any],
) -> None:
    """No task, socket or listener after the unload; no file or entity after the removal."""
    before = dict(hass.bus.async_listeners())
    await hass.config_entries.async_reload(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    assert hass.bus.async_listeners() == before
    coordinator = entry.runtime_data
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, "lock.front_door", "unlocked")
    await hass.config_entries.async_unload(entry.entry_id)
    await panel.sockets(PANEL, 0)
    assert our_tasks() == []
    assert coordinator.listeners._by_subject == {}
    assert hass_storage[STORE]["data"]["doors"][0]["state"] == {"relay": True}
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert STORE not in hass_storage
    assert not entity_registry.entities
    assert not hass.states.async_all()


async def test_removed_while_the_doors_are_read(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    hass_storage: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An answer that comes too late brings nothing back."""
    monkeypatch.setattr(door_list, "YOUNG", -1)
    read = (await panel.requests())["devices"]
    await panel.faults(devices={"delay": 0.5})
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1, seconds=1))
    async with asyncio.timeout(5):
        while (await panel.requests())["devices"] == read:
            pass
    await hass.config_entries.async_unload(entry.entry_id)
    assert our_tasks() == []
    await hass.async_block_till_done()
    await hass.config_entries.async_remove(entry.entry_id)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=2))
    await hass.async_block_till_done()
    assert STORE not in hass_storage
    assert not device_registry.devices


async def test_unloaded_while_a_command_is_under_way(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Whoever has asked for it hears at once that nobody will answer."""
    await panel.faults(commands="ignored")
    unlocking = hass.async_create_task(
        hass.services.async_call(
            "lock", "unlock", {"entity_id": "lock.front_door"}, blocking=True
        )
    )
    await panel.commands(PANEL)
    await hass.config_entries.async_unload(entry.entry_id)
    async with asyncio.timeout(2):
        with pytest.raises(HomeAssistantError) as unanswered:
            await unlocking
    assert unanswered.value.translation_key == "no_answer"


async def test_a_new_door_while_unloading(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What would be added too late does not stand in the way of the next set-up."""
    deliver = entry.runtime_data.stream._deliver
    told: list[str] = []

    @callback
    def once(event: Event[EventStateChangedData]) -> None:
        if entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS and not told:
            told.append(event.data["entity_id"])
            deliver("door.input.relay.on", {"body": {"doorId": 77}})

    hass.bus.async_listen(EVENT_STATE_CHANGED, once)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert told
    assert {state.state for state in hass.states.async_all()} == {"unavailable"}
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await hass.async_block_till_done()
    assert "does not generate unique IDs" not in caplog.text
