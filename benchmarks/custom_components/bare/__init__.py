"""Entities that do nothing: what Home Assistant itself takes for as many."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .entity import BareEntity

type BareConfigEntry = ConfigEntry[dict[str, BareEntity]]

DOMAIN = "bare"


async def async_setup_entry(hass: HomeAssistant, entry: BareConfigEntry) -> bool:
    """Set up the entities that the entry lists."""
    entry.runtime_data = {}
    platforms = {listed["platform"] for listed in entry.data["entities"]}
    await hass.config_entries.async_forward_entry_setups(entry, platforms)
    return True
