"""Takes events of a panel, to be counted by valgrind: `… FEEDER_URL DOORS EVENTS`.

There is no network and no garbage collection in it: only the way from a frame's text to the state.
"""

import asyncio
import gc
import logging
import os
import sys

import orjson

from .feeder import panel_id
from .home import add_panel, home, until_connected
from .wire import dps_event

# Each door twice, so that its state has changed before.
ROUNDS_BEFORE = 2
MOST = 18_000


async def _main(url: str, doors: int, events: int) -> None:
    logging.disable(logging.WARNING)
    async with home() as hass:
        entry = await add_panel(hass, url, panel_id(0, doors))
        await until_connected(entry)
        before = ROUNDS_BEFORE * doors
        packets = [dps_event(number, doors)[2:] for number in range(before + MOST)]
        gc.collect()
        gc.disable()
        for packet in packets[: before + events]:
            entry.runtime_data.stream._deliver(*orjson.loads(packet))
        # the end of a Home Assistant is not to be counted
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
