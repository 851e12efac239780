"""Kill Home Assistant in lockdowns and holds: `python -m tests.power_cut.doors FOLDER SEED KILLS`.

FOLDER/found.json has what was found, FOLDER/kills.log a line for each kill.
"""

import asyncio
from collections import Counter
from contextlib import suppress
import json
from pathlib import Path
from random import Random
import sys
from typing import Any

from aiohttp import ClientSession

from scripts.demonstration.demo import simulated_panel
from scripts.demonstration.home_assistant import (
    HomeAssistantClient,
    write_configuration,
)
from scripts.demonstration.processes import DemoError, free_port, until
from tests.simulator_process import SimulatedPdk

from .run import CONFIGURATION, PANEL, House, home_assistant

FRONT, GUARDED = 1, 4
LOCKDOWN = {"entity_id": "switch.headquarters_lockdown"}
HOLD = {"entity_id": "lock.front_door", "duration": {"seconds": 2}}
# When a kill strikes, in seconds after the call.
LONGEST = {"on": 0.5, "off": 0.5, "hold": 4.0}


class DoorsHouse(House):
    """Home Assistant's API, and the doors of the panel in truth."""

    async def furnish(self) -> None:
        """Add the panel; a guard puts one door into do not disturb."""
        await self.add_panel()
        self.doors = range(1, len(await self.locks()) + 1)
        await self.pdk.act(PANEL, GUARDED, "dnd")

    async def call_action(self, action: str, fields: Any) -> None:
        """Call an action that returns no response."""
        await self.hass.call("POST", f"/api/services/{action}", json=fields)

    async def locks(self) -> list[str]:
        """Return the locks."""
        states: Any = await self.hass.call("GET", "/api/states")
        ids = [state["entity_id"] for state in states]
        return [each for each in ids if each.startswith("lock.")]

    async def in_do_not_disturb(self) -> set[int]:
        """Return the doors that are in do not disturb."""
        states = {door: await self.pdk.door(PANEL, door) for door in self.doors}
        return {door for door, state in states.items() if state["dnd"]}

    async def report_all(self) -> None:
        """Let the panel report do not disturb at each door, and wait until it is shown.

        Else a kill between a toggle that goes the wrong way and the one back is unknown.
        """
        locked_down = await self.in_do_not_disturb()
        for door in self.doors:
            topic = f"door.forceclose.{'on' if door in locked_down else 'off'}"
            await self.pdk.emit(PANEL, topic, {"body": {"doorId": door}})

        async def is_shown() -> bool | None:
            path = f"/api/states/{LOCKDOWN['entity_id']}"
            state: Any = await self.hass.call("GET", path)
            others: list[str] = state["attributes"]["others"]
            return len(others) == len(locked_down) or None

        await until("reports", is_shown, 10)

    async def turn(self, state: str) -> None:
        """Turn the lockdown on or off, as a user who tries again does."""

        async def succeeds() -> bool | None:
            with suppress(DemoError):
                await self.call_action(f"switch/turn_{state}", LOCKDOWN)
                return True
            return None

        await until(f"lockdown {state}", succeeds, 60)

    async def is_locked(self) -> bool | None:
        """Return whether the front door is locked, None if not."""
        return not (await self.pdk.door(PANEL, FRONT))["relay"] or None


async def kill(
    house: DoorsHouse, what: str, after: float, run: tuple[Any, ...]
) -> list[int]:
    """Kill Home Assistant so long after a call; return the doors that are wrong then."""
    call: tuple[str, Any] = ("prodatakey/hold_open", HOLD)
    if what != "hold":
        call = (f"switch/turn_{what}", LOCKDOWN)
    async with home_assistant(*run) as process:
        await house.wait_until_connected()
        await house.report_all()
        if what == "off":
            await house.turn("on")
        calling = asyncio.create_task(house.call_action(*call))
        await asyncio.sleep(after)
        process.kill()
        await process.wait()
        with suppress(DemoError):
            await calling
    async with home_assistant(*run):
        await house.wait_until_connected()
        if what == "hold":
            await until("front door locked", house.is_locked, 30)
            return []
        if after < LONGEST[what] / 2:
            await house.turn("on")
            if await house.in_do_not_disturb() != {*house.doors}:
                return [*house.doors]
        await house.turn("off")
        return sorted(await house.in_do_not_disturb() ^ {GUARDED})


async def main(folder: Path, seed: int, count: int) -> None:
    """Kill so many lockdowns and holds."""
    random = Random(seed)
    config = folder / "config"
    port = free_port()
    write_configuration(config, port)
    (config / "configuration.yaml").write_text(CONFIGURATION)
    found = Counter[str]()
    async with (
        simulated_panel(folder, "--port", "0") as (_, addresses),
        ClientSession() as session,
        SimulatedPdk(addresses) as pdk,
    ):
        hass = HomeAssistantClient(session, f"http://127.0.0.1:{port}")
        house = DoorsHouse(hass, pdk)
        run = (config, hass, addresses["accounts_url"])
        async with home_assistant(*run):
            await house.furnish()
        for _ in range(count):
            for what, longest in LONGEST.items():
                after = random.uniform(0, longest)
                wrong = await kill(house, what, after, run)
                found[f"{what} wrong" if wrong else what] += 1
                with (folder / "kills.log").open("a") as log:
                    log.write(f"{what} after {after:.2f} s: {wrong}\n")
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
