"""Count our functions that an event and a command pass: `python -m benchmarks.hops`."""

import asyncio
from collections import Counter
from pathlib import Path
import sys
from types import CodeType, FrameType

import aiohttp

from homeassistant.helpers.entity import Entity

from . import ours
from .fake_pdk import RELAY_OFF, RELAY_ON, door_event, fake_pdk, websocket_frames
from .home import running_home

LOCK = "lock.door_1"
WRITE = Entity.async_write_ha_state.__code__
SEND = aiohttp.ClientWebSocketResponse.send_str.__code__


def _print_calls(what: str, start: CodeType, end: CodeType) -> None:
    """Print our calls from a start to an end."""
    calls: Counter[CodeType] = Counter()

    def on_event(frame: FrameType, kind: str, _: object) -> None:
        if kind != "call":
            return
        if frame.f_code is start:
            calls.clear()
        if frame.f_code.co_filename.startswith(ours.FOLDER):
            calls[frame.f_code] += 1
        elif frame.f_code is end and start in calls:
            sys.setprofile(None)
            files = len({code.co_filename for code in calls})
            print(f"{what}: {len(calls)} functions in {files} files")
            for code, count in calls.items():
                print(f"  {count} x {Path(code.co_filename).name} {code.co_qualname}")

    sys.setprofile(on_event)


async def _main() -> None:
    async with fake_pdk() as pdk, running_home() as hass:
        await ours.async_add_panel(hass, pdk.url, "ours-1")
        # The first report of an aspect also adds entities, so the second is counted.
        await pdk.write("ours-1", [websocket_frames([door_event(RELAY_ON, 1)])])
        while not hass.states.is_state(LOCK, "unlocked"):
            await asyncio.sleep(0.01)
        _print_calls("event, from the frame to the state", ours.READ, WRITE)
        await pdk.write("ours-1", [websocket_frames([door_event(RELAY_OFF, 1)])])
        while sys.getprofile():
            await asyncio.sleep(0.01)
        _print_calls("command, from the action to the frame", ours.UNLOCK, SEND)
        await hass.services.async_call("lock", "unlock", {"entity_id": LOCK}, True)


asyncio.run(_main())
