"""ProdataKey (pdk.io) access control in Home Assistant."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_CODE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, entity_registry as er
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType

from . import repairs
from .account import async_get_accounts
from .const import CONF_PANEL_ID, DOMAIN, KEYS_ROUND_CODE
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .errors import setup_error, translated_errors
from .live_event import async_somebody
from .memory import Memory
from .pdk.errors import PdkError
from .pdk.panel import PanelAccess
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.LOCK,
    Platform.SENSOR,
    Platform.SWITCH,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> bool:
    """Set up one panel; its connection follows by itself."""
    accounts = async_get_accounts(hass, entry.data)
    try:
        panel = await accounts.panel(entry.data[CONF_PANEL_ID])
        access = PanelAccess(async_get_clientsession(hass), accounts, panel)
        coordinator = PanelCoordinator(hass, entry, access, await async_somebody(hass))
        await coordinator.prepare()
    except PdkError as err:
        repairs.async_take_error(hass, entry, err)
        with translated_errors(entry.title, setup_error(hass, entry, err)):
            raise
    entry.runtime_data = coordinator
    _async_remove_what_goes_round_the_code(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> bool:
    """Unload a panel, and end its connection."""
    if unloaded := await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        await entry.runtime_data.stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> None:
    """Forget a panel."""
    panel_id = entry.data[CONF_PANEL_ID]
    repairs.async_clear(hass, panel_id, *repairs.ALL)
    await Memory(hass, panel_id, dict).remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, device: DeviceEntry
) -> bool:
    """Let a user delete an endpoint, or a door that the panel has no more."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    identifier = coordinator.devices.identifier
    for address in list(coordinator.endpoints.known):
        if identifier(address) in device.identifiers:
            coordinator.forget_endpoint(address)
    kept = {identifier(door_id) for door_id in coordinator.doors.known}
    return not device.identifiers & {*kept, (DOMAIN, coordinator.panel.id)}


def _async_remove_what_goes_round_the_code(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> None:
    """Remove entities that would open a door without the code that is set."""
    if not entry.options.get(CONF_CODE):
        return
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.translation_key in KEYS_ROUND_CODE:
            registry.async_remove(entity.entity_id)
