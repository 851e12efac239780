"""Row: receive only, from a genuine socket.io 2.x server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
import json
from pathlib import Path
import sys
from tempfile import NamedTemporaryFile

from .measure import ROUNDS, Effort, Figure, Goal, compared
from .processes import PROJECT, line_of, output_of, running
from .wire import TOPICS, mixed_events, websocket_frames

NODE = str(Path(sys.executable).with_name("node"))
# Node looks for packages from this file's folder on.
MODULES = str(PROJECT / "tests" / "node" / "package.json")
SCRIPTS = PROJECT / "benchmarks" / "node"

type Times = dict[str, float]


async def receive(effort: Effort) -> list[Figure]:
    """Compare the stream's client with others, all receiving the same."""
    count = effort.of(200_000, 30_000)
    names = ("ours", "node", "plain", "floor", "typed")
    runs: dict[str, list[Times]] = {name: [] for name in names}
    async with _genuine_server(count) as url:
        for _ in range(ROUNDS):
            for name in names:
                runs[name].append(await _run(name, url, count))

    speed = {name: [count / run["seconds"] for run in runs[name]] for name in names}
    cpu = {name: [run["cpu"] / count * 1e6 for run in runs[name]] for name in names}
    by_speed = partial(compared, "receive only", "events/s", speed["ours"])
    by_cpu = partial(compared, "receive only", "us CPU/event", cpu["ours"])
    return [
        by_speed(
            "socket.io-client 2.5.0", speed["node"], Goal(limit=1.2, at_least=True)
        ),
        by_cpu("aiohttp + orjson", cpu["floor"], Goal(limit=1.5)),
        by_speed("python-socketio 5", speed["plain"]),
        compared(
            "receive, typed events",
            "us CPU/event",
            cpu["typed"],
            "aiohttp + orjson",
            cpu["floor"],
        ),
    ]


@asynccontextmanager
async def _genuine_server(count: int) -> AsyncIterator[str]:
    """Run npm's server with pre-built frames; give its address."""
    with NamedTemporaryFile() as frames:
        frames.write(websocket_frames(mixed_events(count)))
        frames.flush()
        server = str(SCRIPTS / "server.js")
        async with running(NODE, server, MODULES, frames.name) as process:
            yield f"http://127.0.0.1:{await line_of(process)}"


async def _run(name: str, url: str, count: int) -> Times:
    """Let one client receive everything."""
    if name == "node":
        client = str(SCRIPTS / "client.js")
        topics = json.dumps(TOPICS)
        command = (NODE, client, MODULES, url, str(count), topics)
    else:
        module = "benchmarks.receivers"
        command = (sys.executable, "-m", module, name, url, str(count))
    times: Times = await output_of(*command)
    return times
