"""A panel in Home Assistant, and what can fail between them."""

import asyncio
import logging
import time
from typing import Any
from urllib.parse import urlsplit

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from tests.common import PANEL, Json, state_of, wait_for_state
from tests.network import Proxy
from tests.pdk.common import set_constants
from tests.simulator_process import SimulatedPdk

from .certificates import DOMAIN, Certificates

CONNECTION = "binary_sensor.headquarters_connection"
LOCK = "lock.front_door"
OTHER_LOCK = "lock.meeting_room"
DOORS = {1: LOCK, 4: OTHER_LOCK}

PING_INTERVAL = 0.25
PING_TIMEOUT = 0.5


def stand_still(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let the loop's clock be later, as if the process had stood still until now."""
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + seconds)


class Site:
    """An entry of Home Assistant, its panel, and the network between them."""

    accounts: Proxy
    panel: Proxy
    certificates: Certificates

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        pdk: SimulatedPdk,
        caplog: pytest.LogCaptureFixture,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Initialize; nothing is set up."""
        self.hass = hass
        self.entry = entry
        self.pdk = pdk
        self.monkeypatch = monkeypatch
        self.has_dns = True
        self.expected_errors: tuple[str, ...] = ()
        self._caplog = caplog

    # The network

    async def resolve(self, host: str, port: int, family: int = 0) -> list[Json]:
        """Resolve a name, in place of aiohttp's resolver."""
        if not self.has_dns or not host.endswith(f".{DOMAIN}"):
            raise OSError(None, "DNS lookup failed")
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": 2,
                "proto": 0,
                "flags": 0,
            }
        ]

    def end_dns(self) -> None:
        """Let no name be resolved from now on."""
        self.has_dns = False
        connector: Any = async_get_clientsession(self.hass).connector
        connector.clear_dns_cache()

    async def use_proxies(self) -> None:
        """Put the proxies before the simulator's present addresses."""
        self.accounts.target = urlsplit(self.pdk.accounts_url).port or 0
        self.panel.target = urlsplit(self.pdk.panel_url(PANEL)).port or 0
        await self.pdk.faults(PANEL, uri=f"https://panel.{DOMAIN}:{self.panel.port}/")
        url = f"https://accounts.{DOMAIN}:{self.accounts.port}"
        self.monkeypatch.setenv("PDK_ACCOUNTS_URL", url)
        await self.ping_often()

    async def ping_often(self) -> None:
        """Let a dead connection be noticed within a second."""
        await self.pdk.faults(ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)

    # What happens

    async def set_up(self) -> None:
        """Set the entry up, connected, with both doors reported as locked."""
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.wait_connected()
        for door, lock in DOORS.items():
            await self.report(door, "relay.off")
            await wait_for_state(self.hass, lock, "locked")

    async def report(self, door: int, what: str) -> None:
        """Let the panel report one of a door's inputs."""
        body = {"body": {"doorId": door}}
        await self.pdk.emit(PANEL, f"door.input.{what}", body)

    async def unload(self) -> None:
        """Unload the entry, in whatever state it is."""
        if self.entry.state is not ConfigEntryState.NOT_LOADED:
            await self.hass.config_entries.async_unload(self.entry.entry_id)
            await self.hass.async_block_till_done()

    async def wait_connected(self, seconds: float = 10) -> None:
        """Wait until the user sees that the panel is connected."""
        await wait_for_state(self.hass, CONNECTION, "on", seconds)

    async def wait_disconnected(self) -> None:
        """Wait until the user sees that it is not."""
        await wait_for_state(self.hass, CONNECTION, "off")

    async def wait_unavailable(self) -> None:
        """Wait until the doors cannot be used."""
        await wait_for_state(self.hass, LOCK, "unavailable")
        assert state_of(self.hass, CONNECTION).state == "off"
        assert state_of(self.hass, OTHER_LOCK).state == "unavailable"

    def unlock(self, lock: str = LOCK) -> asyncio.Task[None]:
        """Unlock a door as a user does."""
        return self.act("lock.unlock", lock)

    def act(self, action: str, entity_id: str) -> asyncio.Task[None]:
        """Call an action."""
        domain, name = action.split(".")

        async def call() -> None:
            await self.hass.services.async_call(
                domain, name, {"entity_id": entity_id}, blocking=True
            )

        return self.hass.async_create_task(call())

    async def error_of(self, action: asyncio.Task[None]) -> str:
        """Return the error of an action that fails."""
        with pytest.raises(HomeAssistantError) as failure:
            await asyncio.wait_for(action, 10)
        assert failure.value.translation_key
        return failure.value.translation_key

    # What must be true in the end

    async def check_works(self, commands: int | None) -> None:
        """Check that events and commands pass, and that none was sent twice.

        `commands` is how many the panel must have received; None is at most one.
        """
        received = await self.pdk.commands(PANEL, wait=0)
        assert len(received) in ((0, 1) if commands is None else (commands,))
        await self.pdk.faults(commands=None)
        # that it works is checked now, not how fast this machine is
        set_constants(self.monkeypatch, answer_timeout=10)
        assert state_of(self.hass, CONNECTION).state == "on"
        await self.report(1, "relay.on")
        await wait_for_state(self.hass, LOCK, "unlocked")
        await self.report(1, "relay.off")
        await wait_for_state(self.hass, LOCK, "locked")
        assert "assumed_state" not in state_of(self.hass, LOCK).attributes
        await self.unlock(OTHER_LOCK)
        await wait_for_state(self.hass, OTHER_LOCK, "unlocked")
        after = await self.pdk.commands(PANEL, wait=0)
        assert len(after) == len(received) + 1
        assert len({command["id"] for command in after}) == len(after)
        await self.pdk.sockets(PANEL, 1)

    def check_log(self) -> None:
        """Check that nothing was logged that a user would have to worry about."""
        errors = [
            f"{record.name}: {record.getMessage()} {record.exc_text or ''}"
            for record in self._caplog.get_records("call")
            if record.levelno > logging.WARNING
            or (record.levelno == logging.WARNING and "prodatakey" in record.name)
        ]
        assert not [
            error
            for error in errors
            if not any(expected in error for expected in self.expected_errors)
        ]
