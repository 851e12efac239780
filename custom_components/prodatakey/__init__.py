"""The ProdataKey integration: doors of pdk.io access control panels."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryError,
    ConfigEntryNotReady,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceEntry
from homeassistant.helpers.typing import ConfigType

from .account import (
    async_setup_accounts,
    async_share_account,
    async_start_reauth,
    get_credentials,
)
from .const import CONF_PANEL_ID, CONF_SYSTEM_ID, DOMAIN
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .devices import async_get_panel_name, door_identifier, endpoint_identifier
from .exceptions import error_translation
from .issues import ISSUES, async_delete_issues, async_report_missing_permission
from .move import async_finish_move
from .options import Options
from .pdk import (
    AccountClient,
    CannotConnectError,
    InvalidAuthError,
    PanelInfo,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    create_client,
    get_site,
    restore_site,
)
from .pdk.parser import as_dict
from .services import async_setup_services
from .store import MoveStore, PanelStore
from .texts import async_load_text

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
    """Set up the actions and the accounts."""
    async_setup_accounts(hass)
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> bool:
    """Set up a panel from a config entry; the stream connects in the background."""
    await async_finish_move(hass, entry)
    panel_id = entry.data.get(CONF_PANEL_ID, entry.unique_id)
    if not all(get_credentials(entry.data)):
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN, translation_key="no_credentials"
        )
    options = Options.from_mapping(entry.options)
    session = async_get_clientsession(hass)
    account = async_share_account(hass, entry)
    try:
        system_id = entry.data.get(CONF_SYSTEM_ID)
        info, error = await _async_get_site(hass, account, panel_id, system_id)
        client = create_client(session, account, info, options.secrets)
        anonymous_name = await async_load_text(hass, "anonymous_name", "Somebody")
        coordinator = PanelCoordinator(hass, entry, client, options, anonymous_name)
        await coordinator.async_setup(error)
    except PdkError as err:
        if isinstance(err, PermissionMissingError):
            await async_report_missing_permission(hass, entry)
        if isinstance(err, InvalidAuthError) and err.confirmed:
            # not ConfigEntryAuthFailed: Home Assistant would not try again
            async_start_reauth(hass, entry)
        name = async_get_panel_name(hass, entry)
        raise ConfigEntryNotReady(**error_translation(err, name)) from err
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(entry.add_update_listener(_async_handle_update))
    coordinator.async_start()
    return True


async def _async_get_site(
    hass: HomeAssistant, account: AccountClient, panel_id: str, system_id: str | None
) -> tuple[PanelInfo, PdkError | None]:
    """Return the site of an entry, or as it was stored and why it cannot be read.

    Raises PdkError.
    """
    try:
        return await get_site(account, panel_id, system_id), None
    except (CannotConnectError, RateLimitedError) as err:
        stored = await PanelStore(hass, panel_id, dict).async_load()
        site = as_dict(stored.get("site"))
        if (info := restore_site(account, panel_id, system_id, site)) is None:
            raise
        return info, err


async def async_unload_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> bool:
    """Unload a config entry."""
    if unloaded := await hass.config_entries.async_unload_platforms(entry, PLATFORMS):
        await entry.runtime_data.async_stop()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> None:
    """Remove a config entry."""
    panel_id = entry.data.get(CONF_PANEL_ID, entry.unique_id)
    async_delete_issues(hass, panel_id, *ISSUES)
    await PanelStore(hass, panel_id, dict).async_remove()
    await MoveStore(hass, panel_id).async_remove()


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, device: DeviceEntry
) -> bool:
    """Remove the device of an endpoint, or of a door that the panel has no more."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    panel = entry.runtime_data.panel
    panel_id = panel.info.id
    for endpoint in list(panel.endpoints.values()):
        if endpoint_identifier(panel_id, endpoint) in device.identifiers:
            panel.endpoints.remove(endpoint)
    for door in list(panel.doors.values()):
        if door_identifier(panel_id, door.id) in device.identifiers:
            if panel.listed is None or door.id in panel.listed:
                return False
            panel.remove_door(door)
    return (DOMAIN, panel_id) not in device.identifiers


async def _async_handle_update(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> None:
    """Use changed options without a reload; anything else of the entry needs nothing."""
    try:
        options = Options.from_mapping(entry.options)
    except ConfigEntryError:
        # without a usable code the doors must not be there
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    if options != entry.runtime_data.options:
        entry.runtime_data.async_set_options(options)
