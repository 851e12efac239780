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

from .feeder import panel_id
from .home import add_entry, add_panel, home, until_connected

DOORS = 900
SMALL = 1

type Entities = list[dict[str, Any]]


def resident() -> int:
    """Return the bytes of memory that this process occupies."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def set_up_panel(hass: HomeAssistant, url: str, doors: int) -> Entities:
    """Set up a panel; return its entities as a bare entry lists them."""
    entry = await add_panel(hass, url, panel_id(doors, doors))
    await until_connected(entry)
    return listed(hass, entry)


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


async def _main(source: str) -> None:
    logging.disable(logging.WARNING)
    async with home() as hass:
        if source.startswith("http"):
            small = await set_up_panel(hass, source, SMALL)
        else:
            small, large = json.loads(Path(source).read_text(encoding="utf-8"))
            await set_up_bare(hass, small)
        memory, cpu = resident(), time.process_time()
        if source.startswith("http"):
            large = await set_up_panel(hass, source, DOORS)
        else:
            await set_up_bare(hass, large)
        cpu = time.process_time() - cpu
        memory = resident() - memory
        result = {"cpu": cpu, "memory": memory, "entities": [small, large]}
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
