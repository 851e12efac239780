"""Runs scripts/demo, operates a door from both ends, and uses a blueprint."""

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

from .demonstration.demo import PANEL_ID
from .demonstration.home_assistant import HomeAssistantClient
from .demonstration.options import ROOT
from .demonstration.processes import DemoError, end, free_port, is_free, until

DOOR = 1
LOCK = "lock.front_door"
FORCED = "binary_sensor.front_door_forced_open"
READY_TIMEOUT = 300
REACTION_TIMEOUT = 15
UNWANTED = (" ERROR ", " CRITICAL ", "Traceback", "Attempting install")


def say(text: str) -> None:
    """Print a line about the progress."""
    print(f"smoke: {text}", flush=True)


@asynccontextmanager
async def demo(folder: Path, port: int) -> AsyncGenerator[Process]:
    """Run the demo until the block ends, then end it as Ctrl-C does."""
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


class FrontDoor:
    """The front door, at the panel and in Home Assistant."""

    def __init__(
        self, session: ClientSession, hass: HomeAssistantClient, control_url: str
    ) -> None:
        """Initialize the door."""
        self._session = session
        self._hass = hass
        self._panel = f"{control_url}/panels/{PANEL_ID}"

    async def hold(self) -> None:
        """Hold the door unlocked at the panel."""
        await self._act("hold")

    async def force(self) -> None:
        """Force the door."""
        await self._act("force")

    async def _act(self, action: str) -> None:
        url = f"{self._panel}/doors/{DOOR}/{action}"
        async with self._session.post(url) as response:
            response.raise_for_status()

    async def lock(self) -> None:
        """Lock the door in Home Assistant."""
        await self._hass.call(
            "POST", "/api/services/lock/lock", json={"entity_id": LOCK}
        )

    async def commands(self) -> list[dict[str, Any]]:
        """Return the commands that the panel received."""
        async with self._session.get(f"{self._panel}/commands") as response:
            commands: list[dict[str, Any]] = (await response.json())["commands"]
            return commands

    async def wait_for(self, wanted: str) -> None:
        """Wait for a state of the lock in Home Assistant."""

        async def has_state() -> bool | None:
            state = await self._hass.call("GET", f"/api/states/{LOCK}")
            return state["state"] == wanted or None

        await until(f"{wanted} {LOCK}", has_state, REACTION_TIMEOUT)
        say(f"{LOCK} is {wanted}")


async def operate_door(folder: Path) -> None:
    """Unlock the door at the panel and lock it in Home Assistant."""
    addresses = json.loads((folder / "addresses.json").read_text())
    token = (folder / "token").read_text()
    async with ClientSession() as session:
        hass = HomeAssistantClient(session, addresses["home_assistant_url"], token)
        states = [each["state"] for each in await hass.entries("prodatakey")]
        if states != ["loaded", "loaded"]:
            raise DemoError(f"the entries are {states}")
        front = FrontDoor(session, hass, addresses["control_url"])
        await front.wait_for("locked")
        await front.hold()
        await front.wait_for("unlocked")
        await front.lock()
        topics = [
            topic
            for command in await front.commands()
            if (topic := command["topic"]).startswith("door.")
        ]
        if topics != ["door.actuate.close"]:
            raise DemoError(f"the panel received {topics}")
        say("the panel received door.actuate.close")
        await front.wait_for("locked")
        await notify_phone(hass, front)


async def notify_phone(hass: HomeAssistantClient, front: FrontDoor) -> None:
    """Use a blueprint: the stand-in phone is notified of a forced door."""
    devices = await hass.send("config/device_registry/list")
    phone = next(each["id"] for each in devices if each["name"] == "Demo phone")
    inputs = {"doors": {"entity_id": FORCED}, "phone": phone}
    blueprint = {"path": "prodatakey/forced_or_propped_door.yaml", "input": inputs}
    automation = {"alias": "Forced door", "use_blueprint": blueprint}
    path = "/api/config/automation/config/forced_door"
    await hass.call("POST", path, json=automation)

    async def automation_is_on() -> bool | None:
        states = await hass.call("GET", "/api/states")
        automations = {each["entity_id"]: each["state"] for each in states}
        return automations.get("automation.forced_door") == "on" or None

    async def is_notified() -> bool | None:
        notifications = await hass.send("persistent_notification/get")
        titles = [each["title"] for each in notifications]
        return "Demo phone: Alarm: Front door" in titles or None

    await until("automation", automation_is_on, REACTION_TIMEOUT)
    await front.force()
    await until("notification of the phone", is_notified, REACTION_TIMEOUT)
    say("the phone is notified of the forced door")


def check_log(log: Path) -> None:
    """Raise an error if Home Assistant's log has one."""
    text = log.read_text()
    if any(word in text for word in UNWANTED):
        raise DemoError(f"Home Assistant's log says:\n{text}")


async def main() -> None:
    """Run the demo on free ports, operate a door, and check that the demo ends."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        folder = Path(name)
        async with demo(folder, port) as process:
            await operate_door(folder)
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
