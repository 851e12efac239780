"""ProdataKey (pdk.io) access control in Home Assistant."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from .account import async_get_accounts
from .const import CONF_PANEL_ID, DOMAIN, MANUFACTURER
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .errors import setup_error
from .pdk.accounts import Panel
from .pdk.errors import PdkError
from .pdk.panel import PanelAccess

PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.LOCK]


async def async_setup_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> bool:
    """Set up one panel; its connection follows by itself."""
    accounts = async_get_accounts(hass, entry.data)
    try:
        panel = await accounts.panel(entry.data[CONF_PANEL_ID])
        access = PanelAccess(async_get_clientsession(hass), accounts, panel)
        doors = await access.doors()
    except PdkError as err:
        raise setup_error(err, entry.title) from err
    _async_create_panel_device(hass, entry, panel)
    coordinator = PanelCoordinator(hass, entry, access)
    coordinator.take_doors(doors)
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> bool:
    """Unload a panel, and end its connection."""
    if unloaded := await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        await entry.runtime_data.stop()
    return unloaded


def _async_create_panel_device(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, panel: Panel
) -> None:
    """Create the device that the doors hang on."""
    dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, panel.id)},
        manufacturer=MANUFACTURER,
        model="Cloud node",
        name=panel.name,
        serial_number=panel.id,
        configuration_url=panel.uri,
    )
