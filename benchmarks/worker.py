"""A Home Assistant to measure in, with panels of a fake pdk.io: `... URL`."""

import asyncio
from collections.abc import Awaitable
from contextlib import closing
import gc
import os
from pathlib import Path
import sqlite3
import sys
import time
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.recorder import async_initialize_recorder, get_instance
from homeassistant.setup import async_setup_component

from .fake_pdk import doors_of
from .home import async_add_entry, running_home
from .processes import serve

type Entities = list[dict[str, Any]]

DATABASE = "home-assistant_v2.db"
RECORDED = {
    "state rows": "count(*) FROM states",
    "attribute rows": "count(*) FROM state_attributes",
    "attribute bytes": "sum(length(shared_attrs)) FROM state_attributes",
    "event rows": "count(*) FROM events",
}


async def _usage_of(set_up: Awaitable[object]) -> dict[str, float]:
    """Return the CPU seconds and the megabytes that a set-up uses."""
    memory, cpu = _resident(), time.process_time()
    await set_up
    cpu = time.process_time() - cpu
    return {"cpu": cpu, "memory": (_resident() - memory) / 1e6}


def _resident() -> int:
    """Return the bytes of memory that this process occupies."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Worker:
    """What the benchmarks call in this process."""

    def __init__(self, hass: HomeAssistant, url: str) -> None:
        """Initialize without entries."""
        self._hass = hass
        self._url = url

    async def add_panel(self, panel: str) -> dict[str, float]:
        """Set up a panel, and return what that used."""
        # Imported here: the process of the bare entities has nothing of ours in memory.
        from . import ours

        return await _usage_of(ours.async_add_panel(self._hass, self._url, panel))

    async def entities(self) -> list[Entities]:
        """Return the entities of each panel, as a bare entry lists them."""
        panels = self._hass.config_entries.async_entries("prodatakey")
        return [self._listed(entry.entry_id) for entry in panels]

    async def add_bare(self, entities: Entities) -> dict[str, float]:
        """Set up an entry of bare entities, and return what that used."""
        data = {"panel_id": str(len(entities)), "entities": entities}

        async def add() -> None:
            await async_add_entry(self._hass, "bare", data)
            await self._hass.async_block_till_done()

        return await _usage_of(add())

    async def add_floor(self, panel: str) -> None:
        """Add a bare lock and a bare sensor for each door, on a bare stream."""
        bare: dict[str, Any] = {"device": "Bare door", "enabled": True}
        lock = bare | {"platform": "lock", "unique_id": "lock", "name": "lock"}
        sensors = [
            bare
            | {"platform": "binary_sensor", "unique_id": f"{door}", "name": f"{door}"}
            | {"door": door}
            for door in range(1, doors_of(panel) + 1)
        ]
        data = {"url": self._url, "panel_id": panel, "entities": [lock, *sensors]}
        await async_add_entry(self._hass, "bare", data)

    async def begin(self, count: int) -> None:
        """Begin to measure so many changes of states.

        Nobody listens to them before: set-up costs more where somebody does.
        """
        self._left = count
        self._stop = self._hass.bus.async_listen(EVENT_STATE_CHANGED, self._count)
        self._all_changed = self._hass.loop.create_future()
        self._cpu = time.process_time()

    async def cpu(self) -> float:
        """Wait for all of these changes, and return the CPU seconds that they used."""
        await self._all_changed
        cpu = time.process_time() - self._cpu
        self._stop()
        return cpu

    async def record(self) -> None:
        """Record states and events in a SQLite database from now on, as most users do.

        Each person who is let in is shown at once, not only every few seconds.
        """
        from . import ours

        ours.show_every_entry()
        async_initialize_recorder(self._hass)
        assert await async_setup_component(self._hass, "recorder", {"recorder": {}})

    async def recorded(self) -> dict[str, int]:
        """Return the rows of the database, and the bytes of all attributes."""
        await get_instance(self._hass).async_block_till_done()
        with closing(sqlite3.connect(self._hass.config.path(DATABASE))) as database:
            return {
                name: database.execute(f"SELECT {what}").fetchone()[0]
                for name, what in RECORDED.items()
            }

    async def unlock(self, entity_id: str) -> tuple[int, int]:
        """Unlock, and return when the action was called and when it returned."""
        called = time.monotonic_ns()
        await self._hass.services.async_call(
            "lock", "unlock", {"entity_id": entity_id}, blocking=True
        )
        return called, time.monotonic_ns()

    @callback
    def _count(self, _: object) -> None:
        """Count a change of a state."""
        self._left -= 1
        if self._left == 0:
            self._all_changed.set_result(None)

    def _listed(self, entry_id: str) -> Entities:
        """Return an entry's entities, also those that are disabled."""
        devices = dr.async_get(self._hass)
        entities = er.async_get(self._hass)
        return [
            {
                "platform": entity.domain,
                "unique_id": entity.unique_id,
                "name": entity.original_name,
                "device": device.name if device else None,
                "enabled": entity.disabled_by is None,
            }
            for entity in er.async_entries_for_config_entry(entities, entry_id)
            for device in (devices.async_get(entity.device_id or ""),)
        ]


async def _main(url: str) -> None:
    async with running_home() as hass:
        await serve(Worker(hass, url))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
