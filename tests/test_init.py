"""An entry is set up, fails, comes back and goes."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_track_state_change_event

from .common import PANEL, Json, wait_for_state, wait_until
from .simulator_process import SimulatedPdk


async def test_devices(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """The doors hang on the panel."""
    devices = {
        next(iter(device.identifiers)): device
        for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)
    }
    gate = devices[DOMAIN, f"{PANEL}_5"]
    cloud_node = devices[DOMAIN, PANEL]
    assert (cloud_node.manufacturer, cloud_node.model) == ("ProdataKey", "Cloud node")
    assert (cloud_node.name, cloud_node.serial_number) == ("Headquarters", PANEL)
    assert cloud_node.configuration_url == panel.panel_url(PANEL)
    assert (gate.name, gate.via_device_id) == ("Warehouse gate", cloud_node.id)
    assert (gate.hw_version, gate.sw_version) == ("red1cn.d", "1.1.41")
    assert gate.serial_number == "805"


@pytest.mark.parametrize(
    ("fault", "state", "key"),
    [
        ({"token": {"status": 500}}, ConfigEntryState.SETUP_RETRY, "cannot_connect"),
        (
            {"panel_token": {"status": 403}},
            ConfigEntryState.SETUP_RETRY,
            "no_permission",
        ),
        ({"token": {"status": 429}}, ConfigEntryState.SETUP_RETRY, "rate_limited"),
        ({"devices": {"abort": True}}, ConfigEntryState.SETUP_RETRY, "cannot_connect"),
        ({"token": {"status": 401}}, ConfigEntryState.SETUP_ERROR, "invalid_auth"),
    ],
)
async def test_set_up_fails(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    fault: Json,
    state: ConfigEntryState,
    key: str,
) -> None:
    """The entry says why, and tries again where trying can help."""
    await pdk.faults(**fault)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is state
    assert entry.error_reason_translation_key == key


async def test_loads_before_the_stream_connects(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    short_back_off: None,
) -> None:
    """Token and doors are enough; the connection follows."""
    await pdk.faults(handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    await wait_for_state(hass, "lock.front_door", "unavailable")
    await pdk.faults(handshake=None)
    await wait_for_state(hass, "lock.front_door", "unknown")
    await hass.config_entries.async_unload(entry.entry_id)


async def test_unload_and_reload(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """No socket stays behind, and a reload has one again."""
    await hass.config_entries.async_unload(entry.entry_id)
    await panel.sockets(PANEL, 0)
    assert entry.state is ConfigEntryState.NOT_LOADED
    await hass.config_entries.async_setup(entry.entry_id)
    await panel.sockets(PANEL, 1)


async def test_home_assistant_stops(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """The connection ends with it, and nothing is told of that: it was not lost."""
    told: list[str] = []
    hass.bus.async_listen(
        EVENT_STATE_CHANGED,
        callback(lambda event: told.append(event.data["entity_id"])),
    )
    await hass.async_stop(force=True)
    await panel.sockets(PANEL, 0)
    assert told == []


async def test_a_reload_is_no_lost_connection(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """It is not off in between, so nobody is told that it was."""
    shown: list[str] = []

    @callback
    def take(event: Event[EventStateChangedData]) -> None:
        if (state := event.data["new_state"]) is not None:
            shown.append(state.state)

    async_track_state_change_event(hass, "binary_sensor.headquarters_connection", take)
    await hass.config_entries.async_reload(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await hass.async_block_till_done()
    assert shown == ["unavailable", "unknown", "on"]


async def test_panels_of_one_account_share_its_token(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """A second panel of the account asks for no ID token of its own."""
    other = MockConfigEntry(
        domain=DOMAIN, unique_id="2080DEF", data={**entry.data, "panel_id": "2080DEF"}
    )
    other.add_to_hass(hass)
    await hass.config_entries.async_setup(other.entry_id)
    assert other.state is ConfigEntryState.LOADED
    assert (await panel.requests())["token"] == 1
    await hass.config_entries.async_unload(other.entry_id)
