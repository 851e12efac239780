"""A real Home Assistant core, without recorder, frontend or anything else."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
import os
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from homeassistant import auth, bootstrap, loader
from homeassistant.components.network.network import async_get_network
from homeassistant.config_entries import ConfigEntries, ConfigEntry
from homeassistant.core import HomeAssistant

from .processes import PROJECT

SECONDS_TO_CONNECT = 300
# The list of doors is read once more after connecting.
SETTLING = 0.5

# Next to the project's own: Home Assistant looks into every folder of that name.
sys.path.append(str(PROJECT / "benchmarks"))


@asynccontextmanager
async def home() -> AsyncIterator[HomeAssistant]:
    """Start a Home Assistant with an empty configuration, and stop it."""
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


async def add_panel(hass: HomeAssistant, accounts_url: str, panel: str) -> ConfigEntry:
    """Set up a panel; its stream follows."""
    os.environ["PDK_ACCOUNTS_URL"] = accounts_url
    credentials = {"client_id": "demo", "client_secret": "demo-secret"}
    return await add_entry(hass, "prodatakey", {**credentials, "panel_id": panel})


async def add_entry(
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


async def until_connected(entry: ConfigEntry) -> None:
    """Wait for a panel's stream, and for what its beginning sets off."""
    async with asyncio.timeout(SECONDS_TO_CONNECT):
        while not entry.runtime_data.connected:
            await asyncio.sleep(0.01)
    await asyncio.sleep(SETTLING)
