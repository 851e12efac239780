"""Runs the demo as a user does, and a door from both ends: the panel's and Home Assistant's."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import signal
import sys
import tempfile
from typing import Any

from aiohttp import ClientSession

from .demo import PANEL_ID
from .home_assistant import HomeAssistantClient
from .processes import ROOT, DemoError, end, free_port, is_free, until

DOOR = 1
LOCK = "lock.front_door"
READY_TIMEOUT = 300
REACTION_TIMEOUT = 15
UNWANTED = (" ERROR ", " CRITICAL ", "Traceback", "Attempting install")


def say(text: str) -> None:
    """Tell what is going on."""
    print(f"smoke: {text}", flush=True)


@asynccontextmanager
async def demo(folder: Path, port: int) -> AsyncGenerator[Process]:
    """Run the demo, and end it as Ctrl-C does."""
    process = await asyncio.create_subprocess_exec(
        str(ROOT / "scripts" / "demo"),
        *("--port", str(port), "--panel-port", "0", "--folder", str(folder)),
        stdout=PIPE,
    )
    try:
        async with asyncio.timeout(READY_TIMEOUT):
            await _read_until_ready(process)
        yield process
    finally:
        await end(process, signal.SIGINT)


async def _read_until_ready(process: Process) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        text = line.decode().rstrip()
        print(text, flush=True)
        if "Ctrl-C ends it" in text:
            return
    raise DemoError("the demo ended before it was ready")


class Front:
    """The front door, seen from the panel and from Home Assistant."""

    def __init__(
        self, session: ClientSession, hass: HomeAssistantClient, control_url: str
    ) -> None:
        """Look at the front door."""
        self._session = session
        self._hass = hass
        self._panel = f"{control_url}/panels/{PANEL_ID}"

    async def hold(self) -> None:
        """Have the panel hold the door unlocked, as PDK's own app could."""
        url = f"{self._panel}/doors/{DOOR}/hold"
        async with self._session.post(url) as response:
            response.raise_for_status()

    async def lock(self) -> None:
        """Lock the door in Home Assistant."""
        await self._hass.call(
            "POST", "/api/services/lock/lock", json={"entity_id": LOCK}
        )

    async def commands(self) -> list[dict[str, Any]]:
        """Tell what the panel has been sent."""
        async with self._session.get(f"{self._panel}/commands") as response:
            commands: list[dict[str, Any]] = (await response.json())["commands"]
            return commands

    async def becomes(self, wanted: str) -> None:
        """Wait until Home Assistant shows the lock like this."""

        async def shown() -> bool | None:
            state = await self._hass.call("GET", f"/api/states/{LOCK}")
            return state["state"] == wanted or None

        await until(f"{wanted} {LOCK}", shown, REACTION_TIMEOUT)
        say(f"{LOCK} is {wanted}")


async def try_the_door(folder: Path) -> None:
    """Unlock the door at the panel and lock it in Home Assistant."""
    addresses = json.loads((folder / "addresses.json").read_text())
    token = (folder / "token").read_text()
    async with ClientSession() as session:
        hass = HomeAssistantClient(session, addresses["home_assistant_url"], token)
        if (state := await hass.entry_state("prodatakey")) != "loaded":
            raise DemoError(f"the entry is {state}")
        front = Front(session, hass, addresses["control_url"])
        await front.hold()
        await front.becomes("unlocked")
        await front.lock()
        topics = [
            topic
            for command in await front.commands()
            if (topic := command["topic"]).startswith("door.")
        ]
        if topics != ["door.actuate.close"]:
            raise DemoError(f"the panel got {topics}")
        say("the panel got door.actuate.close")
        await front.becomes("locked")


def check_log(log: Path) -> None:
    """Look for what a user should not find in Home Assistant's log."""
    text = log.read_text()
    if any(word in text for word in UNWANTED):
        raise DemoError(f"Home Assistant's log says:\n{text}")


async def main() -> None:
    """Run the demo on free ports, use it, and see that it ends."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        folder = Path(name)
        async with demo(folder, port) as process:
            await try_the_door(folder)
        check_log(folder / "home-assistant.log")
        if process.returncode != 0 or not is_free(port):
            raise DemoError(f"the demo ended with {process.returncode}")
    say("passed")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except DemoError as error:
        say(f"FAILED: {error}")
        sys.exit(1)
