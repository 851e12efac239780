"""Rows: receive only, from npm's servers of Socket.IO 2.x and 4."""

from collections.abc import AsyncIterator, Iterable
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


async def receive(effort: Effort) -> list[Figure]:
    """Compare the socket of each generation with others that receive the same events."""
    speed, cpu = await _measure("socket.io", "3", ("ours", "node", "floor"), effort)
    _, cpu_2 = await _measure("socket.io-4", "4", ("ours", "floor"), effort)
    what, node, unit = "receive only", "socket.io-client 2.5.0", "us CPU/event"
    floor, goal = "aiohttp + orjson", "<= 1.2"
    return [
        compare(what, "events/s", speed["ours"], node, speed["node"], ">= 2"),
        compare(what, unit, cpu["ours"], floor, cpu["floor"], goal),
        compare(f"{what}, PDK 2.0", unit, cpu_2["ours"], floor, cpu_2["floor"], goal),
    ]


type Values = dict[str, list[float]]


async def _measure(
    library: str, protocol: str, clients: Iterable[str], effort: Effort
) -> tuple[Values, Values]:
    """Return the events in a second and the CPU microseconds an event of each client."""
    speed: Values = {name: [] for name in clients}
    cpu: Values = {name: [] for name in clients}
    async with _server(library, effort.received) as url:
        for _ in range(effort.rounds):
            for name in clients:
                used = await _run(name, protocol, url, effort.received)
                speed[name].append(effort.received / used["seconds"])
                cpu[name].append(used["cpu"] / effort.received * 1e6)
    return speed, cpu


@asynccontextmanager
async def _server(library: str, count: int) -> AsyncIterator[str]:
    """Run npm's server, which sends frames that were built before."""
    with NamedTemporaryFile() as frames:
        frames.write(websocket_frames(mixed_events(count)))
        frames.flush()
        server = str(SCRIPTS / "server.js")
        command = (NODE, server, PACKAGE, library, frames.name)
        async with program(*command) as process:
            yield f"http://127.0.0.1:{await process.read_line()}"


async def _run(name: str, protocol: str, url: str, count: int) -> dict[str, float]:
    """Return the seconds and the CPU seconds that a client needs to receive all."""
    if name == "node":
        script = str(SCRIPTS / "client.js")
        command = [NODE, script, PACKAGE, url, str(count), json.dumps(TOPICS)]
    else:
        module = ("-m", "benchmarks.client", name)
        command = [sys.executable, *module, protocol, url, str(count)]
    async with program(*command) as process:
        used: dict[str, float] = await process.read_line()
    return used
