"""Everything there is between two resets."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .audience import Audience
from .clock import LoopClock
from .faults import Faults
from .host import LOOPBACK, Host
from .life import Life
from .panel import NotFoundError, Panel
from .scenario import PanelSpec, Scenario
from .tokens import Tokens


class World:
    """A scenario come to life."""

    def __init__(self, scenario: Scenario, first_port: int, audience: Audience) -> None:
        """Build it, silent yet; port 0 takes any free ones."""
        self.scenario = scenario
        self.life: Life | None = None
        self._audience = audience
        self.faults = Faults()
        self.faults.update(scenario.faults)
        self.id_tokens = Tokens()
        self.requests: Counter[str] = Counter()
        self.hosts: dict[str, Host] = {}
        self._clock = LoopClock(scenario.speed)
        self._next_port = first_port

    async def start(self) -> None:
        """Bring the panels online."""
        for panel in self.scenario.panels:
            await self.add_panel(panel)
        if spec := self.scenario.life:
            panels = self.scenario.panels
            self.life = Life(spec, panels, self._panel, self._clock)
        self._audience.wake()

    async def add_panel(self, spec: PanelSpec) -> Host:
        """Add a panel; one of the same id makes room."""
        if former := self.hosts.pop(spec.id, None):
            await former.stop()
        host = Host(Panel(spec, self._clock, self.faults, self._audience))
        await host.start(self._next_port)
        self._next_port += 1 if self._next_port else 0
        self.hosts[spec.id] = host
        return host

    async def stop(self) -> None:
        """End everything."""
        if self.life:
            self.life.stop()
        for host in self.hosts.values():
            await host.stop()

    def _panel(self, panel_id: str) -> Panel:
        return self.host(panel_id).panel

    def host(self, panel_id: str) -> Host:
        """Return a panel on the network."""
        try:
            return self.hosts[panel_id]
        except KeyError:
            raise NotFoundError(f"There is no panel {panel_id}.") from None


class Simulation:
    """The process: one address, one world after another."""

    world: World

    def __init__(self) -> None:
        """Start without an address."""
        self.audience = Audience()
        self._port = 0
        self._first_panel_port = 0

    async def start(self, port: int, fixed: bool, scenario: Scenario) -> None:
        """Take the port that the accounts service got; `fixed` ones are followed."""
        self._port = port
        self._first_panel_port = port + 1 if fixed else 0
        self.world = World(scenario, self._first_panel_port, self.audience)
        await self.world.start()

    async def reset(self, scenario: Scenario) -> None:
        """Drop everything and build it anew."""
        await self.world.stop()
        self.world = World(scenario, self._first_panel_port, self.audience)
        await self.world.start()

    def addresses(self) -> Mapping[str, Any]:
        """Return where everything is found."""
        url = f"http://{LOOPBACK}:{self._port}"
        return {
            "accounts_url": url,
            "control_url": f"{url}/control",
            "panels": {key: host.uri for key, host in self.world.hosts.items()},
        }
