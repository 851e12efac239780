"""An event loop that skips all waiting, with a stream and a simulated pdk.io inside."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
import selectors
import time
from typing import Any, override

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from simulator import scenario
from simulator.accounts import Accounts
from simulator.v2.systems import Systems
from simulator.world import Simulation
from tests.network import Proxy
from tests.pdk.common import proxied_client
from tests.pdk.running_stream import CONNECTED, RunningStream
from tests.simulator_process import PANEL

type Test = Callable[[Outage], Coroutine[Any, Any, None]]


class _SkippingSelector(selectors.DefaultSelector):
    """A selector that moves the clock on where others wait.

    Both ends of each connection are in this process, so nothing can be on its way when
    nothing is ready.
    """

    now = 1000.0

    @override
    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready, else let the time pass."""
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        if ready := super().select(0.001):
            return ready
        self.now += timeout
        return []


class _Connector(aiohttp.TCPConnector):
    """A connector that records when there was a request for each path, and can refuse."""

    def __init__(self) -> None:
        """Initialize without requests."""
        super().__init__()
        self.refused_ports: set[int] = set()
        self.requests = defaultdict[str, list[float]](list)

    @override
    async def connect(self, req: Any, traces: Any, timeout: Any) -> Any:
        """Record a request, also on a connection that stands already."""
        self.requests[req.url.path].append(time.monotonic())
        if req.url.port in self.refused_ports:
            key = req.connection_key
            raise aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "no"))
        return await super().connect(req, traces, timeout)


@dataclass(slots=True)
class Outage:
    """A stream that is connected, and everything that can end that."""

    site: str
    simulation: Simulation
    connector: _Connector
    stream: RunningStream
    proxy: Proxy
    accounts_port: int
    began: float = 0

    @property
    def seconds(self) -> float:
        """Return the seconds since the last restart of the count."""
        return time.monotonic() - self.began

    @property
    def requests(self) -> dict[str, list[float]]:
        """Return when there were requests for each path since then."""
        return {
            path: [at - self.began for at in times]
            for path, times in self.connector.requests.items()
        }

    def restart(self) -> None:
        """Count from now."""
        self.began = time.monotonic()
        self.connector.requests.clear()
        self.stream.reports.clear()

    def set_faults(self, *, refused: Iterable[str] = (), **faults: Any) -> None:
        """Set faults of the simulator; services that are refused stay so."""
        ports = {"accounts": self.accounts_port, "panel": self.proxy.port}
        self.connector.refused_ports.update(ports[each] for each in refused)
        self.simulation.world.faults.update(faults)

    async def kick(self) -> None:
        """Let the panel end the connection."""
        host = self.simulation.world.host(self.site)
        await (host.system or host).kick("abort")

    async def wait_connected(self) -> None:
        """Wait for a connection since the last restart of the count."""
        while CONNECTED not in self.stream.statuses:
            await asyncio.sleep(0.1)


def in_virtual_time(site: str, test: Test) -> None:
    """Run a test with a stream of a site that is connected."""
    skip_waiting(_run(site, test))


def skip_waiting(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in an event loop that skips the waiting."""
    selector = _SkippingSelector()
    with (
        pytest.MonkeyPatch.context() as patch,
        asyncio.Runner(
            loop_factory=lambda: asyncio.SelectorEventLoop(selector)
        ) as runner,
    ):
        patch.setattr(time, "monotonic", lambda: selector.now)
        runner.run(work)


async def _run(site: str, test: Test) -> None:
    """Run the simulator, a proxy, a stream behind it, and the test."""
    simulation = Simulation()
    accounts = Accounts(simulation)
    app = web.Application()
    app.add_routes(accounts.routes())
    Systems(simulation, accounts).attach(app)
    connector = _Connector()
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(connector=connector) as session,
        Proxy() as proxy,
    ):
        assert server.port
        await simulation.start(server.port, False, scenario.load())
        accounts_url = str(server.make_url(""))
        client = await proxied_client(session, accounts_url, site, proxy)
        # also if the address of the panel is requested again
        simulation.world.host(PANEL).panel.faults.update({"uri": proxy.uri})
        async with RunningStream(client) as stream:
            outage = Outage(site, simulation, connector, stream, proxy, server.port)
            await test(outage)
        await simulation.world.stop()
