"""Row: receive only, from npm's socket.io 2.x server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import sys
from tempfile import NamedTemporaryFile

from .fake_pdk import TOPICS, mixed_events, websocket_frames
from .measure import Effort, Figure, compare
from .processes import PROJECT, program

NODE = str(Path(sys.executable).with_name("node"))
# Node searches for packages from the folder of this file upwards.
PACKAGE = str(PROJECT / "tests" / "node" / "package.json")
SCRIPTS = PROJECT / "benchmarks" / "node"

CLIENTS = ("ours", "node", "floor")


async def receive(effort: Effort) -> list[Figure]:
    """Compare the stream's socket with others that receive the same events."""
    speed: dict[str, list[float]] = {name: [] for name in CLIENTS}
    cpu: dict[str, list[float]] = {name: [] for name in CLIENTS}
    async with _server(effort.received) as url:
        for _ in range(effort.rounds):
            for name in CLIENTS:
                used = await _run(name, url, effort.received)
                speed[name].append(effort.received / used["seconds"])
                cpu[name].append(used["cpu"] / effort.received * 1e6)
    what, node, unit = "receive only", "socket.io-client 2.5.0", "us CPU/event"
    return [
        compare(what, "events/s", speed["ours"], node, speed["node"], ">= 2"),
        compare(what, unit, cpu["ours"], "aiohttp + orjson", cpu["floor"], "<= 1.25"),
    ]


@asynccontextmanager
async def _server(count: int) -> AsyncIterator[str]:
    """Run npm's server, which sends frames that were built before."""
    with NamedTemporaryFile() as frames:
        frames.write(websocket_frames(mixed_events(count)))
        frames.flush()
        server = str(SCRIPTS / "server.js")
        async with program(NODE, server, PACKAGE, frames.name) as process:
            yield f"http://127.0.0.1:{await process.read_line()}"


async def _run(name: str, url: str, count: int) -> dict[str, float]:
    """Return the seconds and the CPU seconds that a client needs to receive all."""
    if name == "node":
        script = str(SCRIPTS / "client.js")
        command = (NODE, script, PACKAGE, url, str(count), json.dumps(TOPICS))
    else:
        command = (sys.executable, "-m", "benchmarks.client", name, url, str(count))
    async with program(*command) as process:
        used: dict[str, float] = await process.read_line()
    return used
