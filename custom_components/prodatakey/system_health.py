"""Information for Home Assistant's system health page."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.core import HomeAssistant, callback

from .account import get_service
from .const import DOMAIN
from .coordinator import ProdatakeyConfigEntry


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the information."""
    register.async_register_info(_async_get_info)


async def _async_get_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the information."""
    loaded: list[ProdatakeyConfigEntry] = hass.config_entries.async_loaded_entries(
        DOMAIN
    )
    connected = [entry for entry in loaded if entry.runtime_data.site.connected]
    enabled = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    return {
        "can_reach_server": system_health.async_check_can_reach_url(
            hass, get_service().accounts_url
        ),
        "panels_connected": f"{len(connected)} / {len(enabled)}",
    }
