"""Prints what blocked the event loop while a panel was set up, used and unloaded."""

import asyncio
import json
import logging
import sys
from typing import override

from homeassistant import block_async_io

from .feeder import panel_id
from .home import add_panel, home, until_connected

DOORS = 10


class Blockers(logging.Handler):
    """Keeps what Home Assistant says of blocking calls."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a remark."""
        if "blocking call" in (text := record.getMessage()):
            self.said.append(text)


async def _main(url: str) -> None:
    blockers = Blockers()
    logging.getLogger().addHandler(blockers)
    async with home() as hass:
        block_async_io.enable()
        entry = await add_panel(hass, url, panel_id(0, DOORS))
        await until_connected(entry)
        await hass.services.async_call(
            "lock", "unlock", {"entity_id": "lock.door_1"}, blocking=True
        )
        await hass.config_entries.async_unload(entry.entry_id)
        print(json.dumps(blockers.said), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
