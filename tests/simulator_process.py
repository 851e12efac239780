"""The simulated pdk.io in a process of its own, and a client of its control API.

A plugin of pytest, loaded with ``-p tests.simulator_process``, for its fixture: tests with and
without Home Assistant share one process.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
import json
from pathlib import Path
import subprocess
import sys
from typing import Any, Self

import aiohttp
import pytest

_PROJECT = Path(__file__).parent.parent
_SECONDS_TO_END = 10

# The sites of the built-in scenario.
PANEL = "1070ABC"
OTHER_PANEL = "2080DEF"
# The built-in site of PDK 2.0, and its system.
WORKSHOP = "3090GHI"
WORKSHOP_SYSTEM = "5b7e6a0c-64f1-4c0e-9a3d-1f0d2c8b7e55"
CREDENTIALS = {"client_id": "demo", "client_secret": "demo-secret"}

type Json = dict[str, Any]


@contextmanager
def simulator_process(*arguments: str) -> Iterator[Json]:
    """Run the simulator on free ports; return its addresses."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--quiet"]
    with subprocess.Popen(
        [*command, "--exit-with-parent", *arguments],
        cwd=_PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(_SECONDS_TO_END)


@pytest.fixture(scope="session")
def simulator_ready() -> Iterator[Json]:
    """Run one simulator for all tests of this process."""
    with simulator_process() as ready:
        yield ready


class SimulatedPdk:
    """A client of the control API; belongs to one event loop."""

    def __init__(self, ready: Json) -> None:
        """Initialize with the addresses that the process printed."""
        self._ready = ready
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the HTTP session."""
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the HTTP session."""
        assert self._session
        await self._session.close()

    @property
    def accounts_url(self) -> str:
        """Return the address of the accounts service."""
        return str(self._ready["accounts_url"])

    def panel_url(self, panel: str) -> str:
        """Return the address of a panel."""
        return str(self._ready["panels"][panel])

    async def control(self, method: str, path: str, body: Any = None) -> Json:
        """Call the control API; `path` is what follows /control/."""
        assert self._session
        url = f"{self._ready['control_url']}/{path}"
        async with self._session.request(method, url, json=body or {}) as response:
            answer: Json = await response.json()
            assert response.ok, answer
            return answer

    async def reset(self, scenario: Json | None = None) -> None:
        """Restart with a scenario; the default is the built-in one."""
        self._ready = await self.control("POST", "reset", scenario)

    async def act(self, panel: str, door: int | str, act: str, **body: Any) -> Json:
        """Perform an action at a door; return the state of the door."""
        return await self.control("POST", f"panels/{panel}/doors/{door}/{act}", body)

    async def emit(self, panel: str, topic: str, *payload: Any) -> None:
        """Emit an event; without a payload it has no argument."""
        event: Json = {"topic": topic}
        if payload:
            event["payload"] = payload[0]
        await self.control("POST", f"panels/{panel}/emit", event)

    async def report(
        self, panel: str, topic: str, door: object = None, **content: Any
    ) -> None:
        """Emit an event of a door or of the site, in the envelope of PDK 2.0.

        `holderName` and `occurred` go where they belong, everything else into the body.
        """
        if door is not None:
            content["doorId"] = door
        event = {"topic": topic, "content": content}
        await self.control("POST", f"panels/{panel}/emit", event)

    async def switches(self, panel: str, **switches: Any) -> Json:
        """Set switches of the system that a panel has in PDK 2.0; see simulator/v2."""
        return await self.control("PUT", f"panels/{panel}/switches", switches)

    async def system(self, panel: str) -> Json:
        """Return the system of a panel that is on PDK 2.0, and what clients did there."""
        system: Json = (await self.state())["panels"][panel]["system"]
        return system

    async def migrate(self, panel: str, stage: str, **details: Any) -> None:
        """Bring a site to a stage: started, staged, completed or rolledback.

        `systemId` may be given; with `event=False` no event reports it.
        """
        body = {"stage": stage, **details}
        await self.control("POST", f"panels/{panel}/migrate", body)

    async def set_online(self, panel: str, online: bool, *, event: bool = True) -> None:
        """Take a site off the network or put it back; PDK 2.0 may report it."""
        action = "online" if online else "offline"
        await self.control("POST", f"panels/{panel}/{action}", {"event": event})

    async def kick(self, panel: str, how: str = "close") -> None:
        """Close the connections of all clients, or abort them; new ones work."""
        await self.control("POST", f"panels/{panel}/kick", {"how": how})

    async def revoke(self, panel: str) -> None:
        """Invalidate all tokens for the site; clients stay connected."""
        await self.control("POST", f"panels/{panel}/revoke")

    async def carry_out(self, panel: str, command: Json) -> None:
        """Emit the result of a command."""
        done = {"body": {"commandId": command["id"]}}
        await self.emit(panel, "command.result.succeed", done)

    async def commands(self, panel: str, after: int = 0, wait: float = 5) -> list[Json]:
        """Wait for at least one command; return all received ones."""
        path = f"panels/{panel}/commands?after={after}&wait={wait}"
        received: list[Json] = (await self.control("GET", path))["commands"]
        return received

    async def faults(self, panel: str | None = None, /, **faults: Any) -> Json:
        """Set faults of all panels, or of one."""
        path = f"panels/{panel}/faults" if panel else "faults"
        return await self.control("PUT", path, faults)

    async def state(self) -> Json:
        """Return the state of everything."""
        return await self.control("GET", "state")

    async def door(self, panel: str, door: int | str) -> Json:
        """Return the state of a door."""
        state = await self.state()
        found: Json = state["panels"][panel]["doors"][str(door)]
        return found

    async def requests(self) -> Json:
        """Return the number of requests of each kind."""
        return await self.control("GET", "requests")

    async def subscriptions(self, panel: str, count: int, wait: float = 10) -> None:
        """Wait until clients of a panel on PDK 2.0 have subscribed so often."""
        async with asyncio.timeout(wait):
            # Each iteration waits for a response, so this does not need to sleep.
            while len((await self.system(panel))["subscriptions"]) < count:
                pass

    async def sockets(self, panel: str, count: int, wait: float = 5) -> None:
        """Wait until a number of clients receives the events of a panel."""
        async with asyncio.timeout(wait):
            # Each iteration waits for a response, so this does not need to sleep.
            while (await self.state())["panels"][panel]["sockets"] != count:
                pass
