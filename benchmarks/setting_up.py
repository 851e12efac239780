"""What setting up 900 doors takes: `… FEEDER_URL` or, for bare entities, `… FILE`.

The entities of a first, small entry come before, so that imports are not counted.
"""

import asyncio
import gc
import json
import logging
import os
from pathlib import Path
import sys
import time
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .collector import Collector
from .feeder import panel_id
from .home import add_entry, add_panel, home, until_connected

DOORS = 900
SMALL = 1

type Entities = list[dict[str, Any]]


class Used:
    """CPU seconds and megabytes of memory that this process takes from now on."""

    def __init__(self) -> None:
        """Begin."""
        self._memory = resident()
        self._collector = Collector()
        self._cpu = time.process_time()

    def since(self) -> dict[str, float]:
        """Return what it has taken."""
        cpu = time.process_time() - self._cpu
        collecting = self._collector.seconds
        memory = (resident() - self._memory) / 1e6
        return {"cpu": cpu, "without": cpu - collecting, "memory": memory}


def resident() -> int:
    """Return the bytes of memory that this process occupies."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def set_up_panel(hass: HomeAssistant, url: str, doors: int) -> ConfigEntry:
    """Set up a panel."""
    entry = await add_panel(hass, url, panel_id(doors, doors))
    await until_connected(entry)
    return entry


def listed(hass: HomeAssistant, entry: ConfigEntry) -> Entities:
    """Return an entry's entities, disabled ones too, as a bare entry lists them."""
    devices = dr.async_get(hass)

    def device_of(entity: er.RegistryEntry) -> str | None:
        device = devices.async_get(entity.device_id or "")
        return device.name if device else None

    return [
        {
            "platform": entity.domain,
            "unique_id": entity.unique_id,
            "name": entity.original_name,
            "device": device_of(entity),
            "enabled": entity.disabled_by is None,
        }
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
    ]


async def set_up_bare(hass: HomeAssistant, entities: Entities) -> None:
    """Set up bare entities, and wait as long as for a panel."""
    await add_entry(
        hass, "bare", {"panel_id": str(len(entities)), "entities": entities}
    )
    await hass.async_block_till_done()


async def _panels(hass: HomeAssistant, url: str) -> dict[str, Any]:
    """Return what a large panel takes, and the entities that it and a small one have."""
    small = await set_up_panel(hass, url, SMALL)
    used = Used()
    large = await set_up_panel(hass, url, DOORS)
    return used.since() | {"entities": [listed(hass, small), listed(hass, large)]}


async def _bare(hass: HomeAssistant, file: str) -> dict[str, float]:
    """Return what as many bare entities take."""
    small, large = json.loads(Path(file).read_text(encoding="utf-8"))
    await set_up_bare(hass, small)
    used = Used()
    await set_up_bare(hass, large)
    return used.since()


async def _main(source: str) -> None:
    logging.disable(logging.WARNING)
    async with home() as hass:
        measure = _panels if source.startswith("http") else _bare
        print(json.dumps(await measure(hass, source)), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
