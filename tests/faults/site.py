"""A site in Home Assistant, of either generation of PDK, and what can fail between them."""

import asyncio
from dataclasses import dataclass
import logging
import ssl
import time
from typing import Any, override
from urllib.parse import urlsplit

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from tests.common import PANEL, WORKSHOP, Json, Site, wait_for_state
from tests.network import Proxy
from tests.pdk.common import set_constants
from tests.simulator_process import SimulatedPdk

PING_INTERVAL = 0.25
PING_TIMEOUT = 0.5


def stand_still(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the loop's clock be later, as if the process had stood still until now."""
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + seconds)


def door_input(what: str, door: int = 1, **event: object) -> Json:
    """Return the event of one of a door's inputs."""
    payload = {"body": {"doorId": door}, **event}
    return {"topic": f"door.input.{what}", "payload": payload}


@dataclass(frozen=True, slots=True)
class Generation:
    """A site of one generation of PDK, and its requests."""

    id: str
    fixture: str
    """The fixture of its entry."""
    connection: str
    locks: tuple[str, str]
    """Those of its doors 1 and 4."""
    connects: str
    token: str
    """The kinds of requests that open a connection, and that get a token."""


V1 = Generation(
    id=PANEL,
    fixture="entry",
    connection="binary_sensor.headquarters_connection",
    locks=("lock.front_door", "lock.meeting_room"),
    connects="handshake",
    token="panel_token",
)
V2 = Generation(
    id=WORKSHOP,
    fixture="workshop",
    connection="binary_sensor.workshop_connection",
    locks=("lock.side_entrance", "lock.tool_cage"),
    connects="system_stream",
    token="system_token",
)
BOTH = pytest.mark.parametrize(
    "generation", [V1, V2], ids=["1.0", "2.0"], indirect=True
)
ONLY_V2 = pytest.mark.parametrize("generation", [V2], ids=["2.0"], indirect=True)


class FaultySite(Site):
    """An entry of Home Assistant, its panel, and the network between them."""

    accounts: Proxy
    panel: Proxy
    certificates: dict[str, ssl.SSLContext]

    def __init__(
        self,
        generation: Generation,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        pdk: SimulatedPdk,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Initialize; nothing is set up."""
        super().__init__(hass, entry, pdk)
        self.generation = generation
        self.connection = generation.connection
        self.lock, self.other_lock = generation.locks
        self.monkeypatch = monkeypatch
        self.expected_warning = "none"
        self._caplog = caplog

    # The network

    async def use_proxies(self) -> None:
        """Put the proxies before the simulator's present addresses."""
        if self.generation is V2:
            # the simulated systems have the address of the accounts service
            self.panel = self.accounts
        self.panel.target = urlsplit(self.pdk.panel_url(PANEL)).port or 0
        self.accounts.target = urlsplit(self.pdk.accounts_url).port or 0
        await self.pdk.faults(PANEL, uri=self.panel.uri)
        self.monkeypatch.setenv("PDK_ACCOUNTS_URL", self.accounts.uri)
        await self.ping_often()

    async def ping_often(self) -> None:
        """Let a dead connection be noticed within a second."""
        await self.pdk.faults(ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)

    async def ping_seldom(self) -> None:
        """Let no connection end because this machine is busy."""
        await self.pdk.faults(ping_interval=25, ping_timeout=20)

    # What happens

    @override
    async def set_up(self, **options: Any) -> None:
        """Set the entry up, connected, with both doors reported as locked."""
        await super().set_up(**options)
        await self.wait_connected()
        for door, lock in ((1, self.lock), (4, self.other_lock)):
            await self.report(door, "relay.off")
            await self.wait_for_state(lock, "locked")

    async def ignore_commands(self, ignored: bool) -> None:
        """Let the panel receive commands, and neither execute nor answer them."""
        hanging = {"hang": True} if ignored else None
        ignoring = "ignored" if ignored else None
        await self.pdk.faults(commands=ignoring, system_command=hanging)

    async def count_commands(self) -> int:
        """Return how many commands the panel has received, or requests for one."""
        received = await self.pdk.commands(PANEL, wait=0)
        assert len({command["id"] for command in received}) == len(received)
        requests: int = (await self.pdk.requests())["system_command"]
        return len(received) + requests

    async def hang_connecting(self, hanging: bool) -> None:
        """Let new connections hang before the panel accepts them."""
        handshake = {"mode": "no_connect"} if hanging else None
        stream = {"hang": True} if hanging else None
        await self.pdk.faults(handshake=handshake, system_stream=stream)

    async def set_token_lifetime(self, seconds: float) -> None:
        """Set the lifetime of tokens that are issued from now on."""
        await self.pdk.faults(panel_token_lifetime=seconds)
        await self.pdk.switches(WORKSHOP, token_lifetime=seconds)

    async def report(self, door: int, what: str) -> None:
        """Let the panel report one of a door's inputs."""
        await self.emit_all(door_input(what, door))

    async def kick(self, how: str = "abort") -> None:
        """Let the panel end all connections."""
        await self.pdk.kick(self.panel_id, how)

    async def unload(self) -> None:
        """Unload the entry, in whatever state it is."""
        if self.entry.state is not ConfigEntryState.NOT_LOADED:
            await self.hass.config_entries.async_unload(self.entry.entry_id)
            await self.hass.async_block_till_done()

    async def wait_connected(self) -> None:
        """Wait until the user sees that the panel is connected, and events arrive."""
        await wait_for_state(self.hass, self.connection, "on", 40)
        await self.pdk.sockets(self.panel_id, 1, 20)

    async def wait_disconnected(self) -> None:
        """Wait until the user sees that it is not."""
        await self.wait_for_state(self.connection, "off")

    async def wait_unavailable(self) -> None:
        """Wait until the doors cannot be used."""
        await self.wait_for_state(self.lock, "unavailable")
        assert self.state(self.connection).state == "off"
        assert self.state(self.other_lock).state == "unavailable"
        assert " is unavailable: " in self.log_lines()[-1]

    @property
    def misses_permission(self) -> bool:
        """Return whether the user is told that the credentials lack permission."""
        issue = f"permission_missing_{self.panel_id}"
        return (DOMAIN, issue) in ir.async_get(self.hass).issues

    def unlock(self, lock: str = "") -> asyncio.Task[None]:
        """Unlock a door as a user does."""
        action = self.act("lock.unlock", lock or self.lock)
        return self.hass.async_create_task(action)

    # What must be true in the end

    async def check_works(self, commands: int | None) -> None:
        """Check that events and commands pass, and that none was sent twice.

        `commands` is how many the panel must have received; None is at most one.
        """
        received = await self.count_commands()
        assert received in ((0, 1) if commands is None else (commands,))
        about_it = [x for x in self.log_lines() if x.startswith(self.entry.title)]
        assert all(" is unavailable: " in line for line in about_it[::2])
        assert all(line.endswith(" is available again") for line in about_it[1::2])
        # that it works is checked now, not how fast this machine is
        set_constants(self.monkeypatch, answer_timeout=10, request_timeout=10)
        assert self.state(self.connection).state == "on"
        await self.report(1, "relay.on")
        await self.wait_for_state(self.lock, "unlocked")
        await self.report(1, "relay.off")
        await self.wait_for_state(self.lock, "locked")
        assert "assumed_state" not in self.state(self.lock).attributes
        await self.unlock(self.other_lock)
        await self.wait_for_state(self.other_lock, "unlocked")
        assert await self.count_commands() == received + 1
        await self.pdk.sockets(self.panel_id, 1)

    def log_lines(self, level: int = logging.INFO) -> list[str]:
        """Return what the integration logs for users who do not debug."""
        return [
            record.getMessage()
            for record in self._caplog.get_records("call")
            if record.levelno >= level and "prodatakey" in record.name
        ]

    def check_log(self) -> None:
        """Check that nothing was logged that a user would have to worry about."""
        warnings = self.log_lines(logging.WARNING)
        assert not [each for each in warnings if self.expected_warning not in each]
        records = self._caplog.get_records("call")
        assert not [record for record in records if record.levelno > logging.WARNING]
