"""Texts of the translations for what Home Assistant does not translate itself."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import (
    async_get_cached_translations,
    async_get_translations,
)

from .const import DOMAIN


@callback
def async_get_text(hass: HomeAssistant, key: str, default: str) -> str:
    """Return a text in Home Assistant's language, as far as it is loaded."""
    texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
    return texts.get(f"component.{DOMAIN}.common.{key}", default)


async def async_load_text(hass: HomeAssistant, key: str, default: str = "") -> str:
    """Return a text in Home Assistant's language, also before an entry is set up."""
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    return texts.get(f"component.{DOMAIN}.common.{key}", default)
