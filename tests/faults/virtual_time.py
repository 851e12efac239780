"""An event loop whose hours pass in no time, with a simulated pdk.io inside."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
import selectors
import time
from typing import Any, override

import aiohttp
from aiohttp import web
import pytest

from custom_components.prodatakey.pdk.accounts import Accounts as Account
from custom_components.prodatakey.pdk.errors import PdkError
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import PanelStream, StreamStatus
from simulator import scenario
from simulator.accounts import Accounts as AccountsService
from simulator.world import Simulation
from tests.common import CREDENTIALS, PANEL

PATHS = {
    "connections": "/socket.io/",
    "ID tokens": "/oauth2/token",
    "panel tokens": f"/api/panels/{PANEL}/token",
}


class Clock:
    """A monotonic clock that is moved on by hand."""

    def __init__(self) -> None:
        """Start somewhere."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class _Skipping(selectors.DefaultSelector):
    """A selector that, where others would wait for time to pass, moves the clock on.

    Both ends of every connection are in this process, so nothing can be on its way
    once nothing is ready.
    """

    def __init__(self, clock: Clock) -> None:
        """Take the clock."""
        super().__init__()
        self._clock = clock

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, else let the time pass."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if ready := super().select(0.001):
            return ready
        self._clock.now += timeout
        return []


def in_virtual_time(
    monkeypatch: pytest.MonkeyPatch, main: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Run something to its end, skipping all waiting."""
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    loop = asyncio.SelectorEventLoop(_Skipping(clock))
    try:
        loop.run_until_complete(main())
    finally:
        loop.run_until_complete(_end_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
        monkeypatch.undo()
        loop.close()


async def _end_all() -> None:
    """End what the servers leave behind."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class Counting(aiohttp.TCPConnector):
    """A connector that notes when each connection is attempted, and can refuse."""

    def __init__(self) -> None:
        """Start without any."""
        super().__init__()
        self.refused_ports: set[int] = set()
        self.attempts: list[tuple[float, str]] = []

    @override
    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        """Note an attempt, be it on a connection that stands already."""
        self.attempts.append((time.monotonic(), req.url.path))
        if req.url.port in self.refused_ports:
            key = req.connection_key
            raise aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "no"))
        return await super().connect(req, traces, timeout)


class Outage:
    """A panel's stream, with everything around it in one virtual time."""

    simulation: Simulation
    connector: Counting
    access: PanelAccess

    def __init__(self) -> None:
        """Start without any status."""
        self.statuses: list[tuple[float, StreamStatus]] = []
        self.began = 0.0
        self.accounts_port = 0
        self.panel_port = 0

    def faults(self, **faults: Any) -> None:
        """Set faults."""
        self.simulation.world.faults.update(faults)

    def note(self, status: StreamStatus, _: PdkError | None) -> None:
        """Take what the stream tells of itself."""
        self.statuses.append((time.monotonic(), status))

    def begin(self) -> None:
        """Count from here."""
        self.connector.attempts.clear()
        self.statuses.clear()
        self.began = time.monotonic()

    def times(self, kind: str) -> list[float]:
        """Return when there were attempts of a kind, in seconds of the outage."""
        path = PATHS[kind]
        return [at - self.began for at, to in self.connector.attempts if to == path]

    async def connected(self) -> None:
        """Wait until the stream is connected."""
        while not self.statuses or self.statuses[-1][1] is not StreamStatus.CONNECTED:
            await asyncio.sleep(0.01)

    async def cut(self) -> None:
        """End the stream's connections."""
        await self.simulation.world.host(PANEL).kick("abort")


@asynccontextmanager
async def streaming() -> AsyncIterator[Outage]:
    """Give a stream that has been connected for a while."""
    outage = Outage()
    outage.simulation = Simulation()
    app = web.Application()
    app.add_routes(AccountsService(outage.simulation).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    outage.accounts_port = runner.addresses[0][1]
    await outage.simulation.start(outage.accounts_port, False, scenario.load())
    outage.connector = Counting()
    async with aiohttp.ClientSession(connector=outage.connector) as session:
        account = Account(
            session,
            CREDENTIALS["client_id"],
            CREDENTIALS["client_secret"],
            f"http://127.0.0.1:{outage.accounts_port}",
        )
        outage.access = PanelAccess(session, account, await account.panel(PANEL))
        outage.panel_port = int(outage.access.panel.uri.rsplit(":", 1)[1].strip("/"))
        stream = PanelStream(
            outage.access, on_event=lambda _: None, on_status=outage.note
        )
        running = asyncio.create_task(stream.run())
        try:
            await outage.connected()
            yield outage
        finally:
            running.cancel()
            await asyncio.wait({running})
            await outage.simulation.world.stop()
            await runner.cleanup()
