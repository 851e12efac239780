"""The simulated pdk.io between two resets, and the process around it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .clock import Clock
from .faults import Faults
from .host import LOOPBACK, PanelHost
from .observers import Observers
from .panel import NotFoundError, Panel
from .people.runner import PeopleRunner
from .scenario import PanelSpec, Scenario
from .tokens import Tokens
from .v2.system import System


class World:
    """The running panels of a scenario."""

    def __init__(
        self, scenario: Scenario, first_port: int, observers: Observers
    ) -> None:
        """Initialize without starting; port 0 means any free ports."""
        self.scenario = scenario
        self.people: PeopleRunner | None = None
        self._observers = observers
        self.faults = Faults()
        self.faults.update(scenario.faults)
        self.id_tokens = Tokens()
        self.requests: Counter[str] = Counter()
        self.hosts: dict[str, PanelHost] = {}
        self.systems: dict[str, System] = {}
        self._clock = Clock(scenario.speed)
        self._next_port = first_port

    async def start(self) -> None:
        """Start the panels and the people."""
        for panel in self.scenario.panels:
            await self.add_panel(panel)
        if spec := self.scenario.people:
            self.people = PeopleRunner(
                spec, self.scenario.panels, lambda i: self.host(i).panel, self._clock
            )
        self._observers.notify()

    async def add_panel(self, spec: PanelSpec) -> PanelHost:
        """Add a panel, in place of one with the same id."""
        if former := self.hosts.pop(spec.id, None):
            await former.leave_system()
            await former.stop()
        host = PanelHost(Panel(spec, self._clock, self.faults, self._observers))
        await host.start(self._next_port)
        self._next_port += 1 if self._next_port else 0
        self.hosts[spec.id] = host
        if spec.generation > 1:
            host.join_system(self.system(spec.system.id))
        return host

    async def stop(self) -> None:
        """Stop everything."""
        if self.people:
            self.people.stop()
        for system in self.systems.values():
            await system.kick("close")
        for host in self.hosts.values():
            await host.stop()

    def host(self, panel_id: str) -> PanelHost:
        """Return a panel on the network."""
        try:
            return self.hosts[panel_id]
        except KeyError:
            raise NotFoundError(f"There is no panel {panel_id}.") from None

    def system(self, system_id: str) -> System:
        """Return a system of PDK 2.0; without a site it is not served."""
        return self.systems.setdefault(system_id, System(system_id, self._observers))


class Simulation:
    """The process: its address stays the same when a reset replaces the world."""

    world: World

    def __init__(self) -> None:
        """Initialize without an address."""
        self.observers = Observers()
        self._port = 0
        self._first_panel_port = 0

    async def start(self, port: int, fixed: bool, scenario: Scenario) -> None:
        """Start on the port of the accounts service; panels follow a fixed one."""
        self._port = port
        self._first_panel_port = port + 1 if fixed else 0
        self.world = World(scenario, self._first_panel_port, self.observers)
        await self.world.start()

    async def reset(self, scenario: Scenario) -> None:
        """Stop everything and start again with a scenario."""
        await self.world.stop()
        self.world = World(scenario, self._first_panel_port, self.observers)
        await self.world.start()

    def addresses(self) -> Mapping[str, Any]:
        """Return all addresses."""
        url = f"http://{LOOPBACK}:{self._port}"
        return {
            "accounts_url": url,
            "control_url": f"{url}/control",
            "panels": {key: host.uri for key, host in self.world.hosts.items()},
        }
