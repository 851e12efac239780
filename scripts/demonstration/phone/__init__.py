"""A stand-in for Home Assistant's integration of phones: it shows messages on the screen.

The demo loads it as `mobile_app`, so that whatever asks for a phone offers this one. The
real integration needs a phone, and packages for its connection through the internet.
"""

from collections.abc import Mapping
from typing import Any

from homeassistant.components import persistent_notification
from homeassistant.config_entries import SOURCE_IMPORT, ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, discovery
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, PHONE

CONFIG_SCHEMA = cv.empty_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions `notify.notify` and `notify.mobile_app_demo_phone`."""
    hass.async_create_task(
        discovery.async_load_platform(hass, Platform.NOTIFY, DOMAIN, {}, config)
    )
    hass.async_create_task(
        hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_IMPORT})
    )
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up the phone."""
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.NOTIFY])
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Unload the phone."""
    return await hass.config_entries.async_unload_platforms(entry, [Platform.NOTIFY])


def show(
    hass: HomeAssistant,
    message: str,
    title: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Show a message in Home Assistant; it replaces one with the same tag."""
    tag = (options or {}).get("tag")
    persistent_notification.async_create(
        hass,
        message,
        f"{PHONE}: {title}" if title else PHONE,
        f"{DOMAIN}_{tag}" if tag else None,
    )
