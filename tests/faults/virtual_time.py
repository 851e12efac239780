"""An event loop that skips all waiting, with a stream and a simulated pdk.io inside."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
import selectors
import time
from typing import Any, override

import aiohttp
from aiohttp import web
import pytest

from custom_components.prodatakey.pdk.models import CloudNodeInfo
from custom_components.prodatakey.pdk.site import Client, create_client
from simulator import scenario
from simulator.accounts import Accounts as AccountsService
from simulator.v2.systems import Systems
from simulator.world import Simulation
from tests.common import PANEL, WORKSHOP_SYSTEM
from tests.network import Proxy
from tests.pdk.common import account_client, panel_client
from tests.pdk.running_stream import CONNECTED, RunningStream

PATHS = {
    "connections": "/socket.io/",
    "ID tokens": "/oauth2/token",
    "panel tokens": f"/api/panels/{PANEL}/token",
}
SYSTEM_PATHS = {
    "connections": "/socket.io/",
    "ID tokens": "/oauth2/token",
    "system tokens": f"/api/systems/{WORKSHOP_SYSTEM}/token",
    "cloud nodes": f"/{WORKSHOP_SYSTEM}/cloud-nodes",
}


class _Clock:
    """A monotonic clock that is moved on by hand."""

    now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class _SkippingSelector(selectors.DefaultSelector):
    """A selector that moves the clock on where others wait.

    Both ends of each connection are in this process, so nothing can be on its way when
    nothing is ready.
    """

    def __init__(self, clock: _Clock) -> None:
        """Initialize with a clock."""
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
    monkeypatch: pytest.MonkeyPatch,
    test: Callable[[Outage], Coroutine[Any, Any, None]],
    site: str = PANEL,
) -> None:
    """Run a test with a stream that is connected, of a site of either generation."""

    async def main() -> None:
        async with _connected_stream(site) as outage:
            await test(outage)

    clock = _Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    loop = asyncio.SelectorEventLoop(_SkippingSelector(clock))
    try:
        loop.run_until_complete(main())
    finally:
        loop.run_until_complete(_cancel_all_tasks())
        loop.run_until_complete(loop.shutdown_asyncgens())
        monkeypatch.undo()
        loop.close()


async def _cancel_all_tasks() -> None:
    """Cancel what the servers leave behind."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _Connector(aiohttp.TCPConnector):
    """A connector that records each request, and can refuse."""

    def __init__(self) -> None:
        """Initialize without requests."""
        super().__init__()
        self.refused_ports: set[int] = set()
        self.requests: list[tuple[float, str]] = []

    @override
    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        """Record a request, also on a connection that stands already."""
        self.requests.append((time.monotonic(), req.url.path))
        if req.url.port in self.refused_ports:
            key = req.connection_key
            raise aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "no"))
        return await super().connect(req, traces, timeout)


class Outage:
    """A stream that is connected, and everything that can end that."""

    def __init__(
        self,
        simulation: Simulation,
        connector: _Connector,
        stream: RunningStream,
        proxy: Proxy,
        accounts_port: int,
        site: str,
    ) -> None:
        """Initialize at the present time."""
        self.paths = PATHS if site == PANEL else SYSTEM_PATHS
        self._site = site
        self.stream = stream
        self.proxy = proxy
        self._simulation = simulation
        self._connector = connector
        self._accounts_port = accounts_port
        self.restart()

    @property
    def seconds(self) -> float:
        """Return the seconds since the last restart of the count."""
        return time.monotonic() - self._began

    def restart(self) -> None:
        """Count from now."""
        self._began = time.monotonic()
        self._connector.requests.clear()
        self.stream.reports.clear()

    def faults(self, **faults: Any) -> None:
        """Set faults of the simulator."""
        self._simulation.world.faults.update(faults)

    def refuse(self, *, accounts: bool = False, panel: bool = False) -> None:
        """Refuse connections to the accounts service, or to the panel."""
        ports = (self._accounts_port,) * accounts + (self.proxy.port,) * panel
        self._connector.refused_ports.update(ports)

    def times(self, kind: str) -> list[float]:
        """Return when there were requests of a kind."""
        path = self.paths[kind]
        return [at - self._began for at, to in self._connector.requests if to == path]

    def kick(self) -> Awaitable[None]:
        """Let the panel end the connection."""
        panel = self._simulation.world.host(self._site).panel
        return (panel.system or self._simulation.world.host(self._site)).kick("abort")

    async def wait_connected(self) -> None:
        """Wait for a connection since the last restart of the count."""
        while CONNECTED not in self.stream.statuses:
            await asyncio.sleep(0.1)

    @property
    def connected(self) -> bool:
        """Return whether the last status is that it is connected."""
        return self.stream.statuses[-1] is CONNECTED


@asynccontextmanager
async def _connected_stream(site: str) -> AsyncIterator[Outage]:
    """Run the simulator, a proxy, and a stream behind it."""
    simulation = Simulation()
    app = web.Application()
    accounts = AccountsService(simulation)
    app.add_routes(accounts.routes())
    Systems(simulation, accounts).attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    await simulation.start(port, False, scenario.load())
    connector = _Connector()
    uri = simulation.world.host(PANEL).uri if site == PANEL else f":{port}"
    target = int(uri.rsplit(":", 1)[1].strip("/"))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        Proxy(target) as proxy,
    ):
        account = account_client(session, f"http://127.0.0.1:{port}")
        client: Client = panel_client(session, account, proxy.uri)
        if site != PANEL:
            node = simulation.world.host(site).panel.cloud_node
            client = create_client(
                session,
                account,
                CloudNodeInfo(
                    id=site,
                    name="Site",
                    uri=f"{proxy.uri}{WORKSHOP_SYSTEM}/",
                    system_id=WORKSHOP_SYSTEM,
                    cloud_node_id=node,
                ),
            )
        async with RunningStream(client) as stream:
            yield Outage(simulation, connector, stream, proxy, port, site)
        await simulation.world.stop()
        await runner.cleanup()
