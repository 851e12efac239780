"""A Home Assistant core without recorder, frontend or anything else."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import logging
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from homeassistant import auth, bootstrap, loader
from homeassistant.components.network.network import async_get_network
from homeassistant.config_entries import ConfigEntries, ConfigEntry
from homeassistant.core import HomeAssistant

# Home Assistant searches every folder `custom_components` of the path.
sys.path.append(str(Path(__file__).parent))


@asynccontextmanager
async def running_home() -> AsyncIterator[HomeAssistant]:
    """Start a Home Assistant with an empty configuration, and stop it."""
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as folder:
        (Path(folder) / "configuration.yaml").touch()
        hass = HomeAssistant(folder)
        loader.async_setup(hass)
        hass.config.skip_pip = True
        hass.config_entries = ConfigEntries(hass, {})
        await loader.async_get_custom_components(hass)
        assert await bootstrap.async_load_base_functionality(hass)
        await async_get_network(hass)
        hass.auth = await auth.auth_manager_from_config(hass, [], [])
        await hass.async_start()
        yield hass
        await hass.async_stop(force=True)


async def async_add_entry(
    hass: HomeAssistant, domain: str, data: Mapping[str, Any]
) -> ConfigEntry:
    """Add an entry as a config flow would, and set it up."""
    entry: ConfigEntry = ConfigEntry(
        data=data,
        discovery_keys=MappingProxyType({}),
        domain=domain,
        minor_version=1,
        options={},
        source="user",
        subentries_data=None,
        title=data.get("panel_id", domain),
        unique_id=data.get("panel_id", domain),
        version=1,
    )
    await hass.config_entries.async_add(entry)
    return entry
