"""A panel in Home Assistant, with everything that can fail on the way to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import json
import logging
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any, Self
from urllib.parse import urlsplit

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.pdk import stream
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from tests.common import PANEL, state_of, wait_for_state, wait_until
from tests.simulator_process import Json, SimulatedPdk

from .certificates import DOMAIN, Certificates
from .front import Front

CONNECTION = "binary_sensor.headquarters_connection"
LOCK = "lock.front_door"
OTHER_LOCK = "lock.meeting_room"
LOCKS = {1: LOCK, 4: OTHER_LOCK}

PING_INTERVAL = 0.25
PING_TIMEOUT = 0.5
BRISK = {
    "rest.TIMEOUT.total": 0.6,
    "rest.SHORTEST_WAIT": 0.1,
    "socketio2.CONNECT_TIMEOUT": 0.6,
    "stream.ANSWER_TIMEOUT": 0.6,
    "back_off.BACK_OFF": (0.1,),
    "back_off.LONGEST_BACK_OFF": 0.1,
    "renewal.SHORTEST_TOKEN_LIFE": 0.2,
}


class OwnSimulator:
    """A simulator of a test's own, that can be killed and frozen."""

    def __init__(self) -> None:
        """Prepare; `start` runs it."""
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> Json:
        """Run it, on any free ports; return what it says once it is ready."""
        command = [sys.executable, "-m", "simulator", "--port", "0", "--quiet"]
        self._process = subprocess.Popen(  # noqa: ASYNC220 - takes a millisecond
            [*command, "--exit-with-parent"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        ready: Json = json.loads(await asyncio.to_thread(self._process.stdout.readline))
        return ready

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it without giving it a chance to say goodbye."""
        if process := self._process:
            self._process = None
            process.kill()
            process.wait(10)
            assert process.stdin
            assert process.stdout
            process.stdin.close()
            process.stdout.close()


class Site:
    """An entry of Home Assistant, the panel that it is for, and what is between."""

    accounts: Front
    panel: Front
    own: OwnSimulator
    pdk: SimulatedPdk
    certificates: Certificates

    def __init__(
        self,
        hass: HomeAssistant,
        entry: MockConfigEntry,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Prepare."""
        self.hass = hass
        self.entry = entry
        self._caplog = caplog
        self.has_dns = True
        self.expected_errors: tuple[str, ...] = ()

    # What is between

    async def lookup(self, host: str) -> str:
        """Resolve a name as the world's name servers do, while there are any."""
        if not self.has_dns or not host.endswith(f".{DOMAIN}"):
            raise OSError(None, "DNS lookup failed")
        return "127.0.0.1"

    def forget_addresses(self) -> None:
        """Forget what was resolved before."""
        connector: Any = async_get_clientsession(self.hass).connector
        connector.clear_dns_cache()

    async def use(self, ready: Json) -> None:
        """Hand on to the simulator that says this."""
        self.pdk._ready = ready
        self.accounts.target = urlsplit(ready["accounts_url"]).port or 0
        self.panel.target = urlsplit(ready["panels"][PANEL]).port or 0
        await self.pdk.faults(PANEL, uri=f"https://panel.{DOMAIN}:{self.panel.port}/")
        await self.ping_often()

    async def ping_often(self) -> None:
        """Let a dead connection be noticed within a second."""
        await self.pdk.faults(ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)

    # What happens

    async def set_up(self) -> None:
        """Set the entry up, connected, with both doors known to be locked."""
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.is_connected()
        for door, lock in LOCKS.items():
            await self.pdk.emit(
                PANEL, "door.input.relay.off", {"body": {"doorId": door}}
            )
            await wait_for_state(self.hass, lock, "locked")

    async def is_connected(self, seconds: float = 10) -> None:
        """Wait until the user sees that the panel is connected."""
        await wait_for_state(self.hass, CONNECTION, "on", seconds)

    async def is_disconnected(self, seconds: float = 5) -> None:
        """Wait until the user sees that it is not."""
        await wait_for_state(self.hass, CONNECTION, "off", seconds)

    async def is_unavailable(self, seconds: float = 5) -> None:
        """Wait until the doors cannot be used."""
        await wait_for_state(self.hass, LOCK, "unavailable", seconds)
        assert state_of(self.hass, CONNECTION).state == "off"
        assert state_of(self.hass, OTHER_LOCK).state == "unavailable"

    def unlocking(self, lock: str = LOCK) -> asyncio.Task[None]:
        """Unlock a door as a user does."""
        return self.hass.async_create_task(self._unlock(lock))

    async def _unlock(self, lock: str) -> None:
        await self.hass.services.async_call(
            "lock", "unlock", {"entity_id": lock}, blocking=True
        )

    async def error_of(self, action: asyncio.Task[None]) -> str:
        """Return what a user is told of an action that fails."""
        with pytest.raises(HomeAssistantError) as failure:
            await asyncio.wait_for(action, 10)
        assert failure.value.translation_key
        return str(failure.value.translation_key)

    # What must hold in the end

    async def works(self, commands: int | None) -> None:
        """Prove that events and commands pass, and that none was sent twice.

        `commands` is how many the panel must have received by now; None is at most one.
        """
        received = await self.pdk.commands(PANEL, wait=0)
        if commands is not None:
            assert len(received) == commands
        assert len(received) <= 1
        await self.pdk.faults(commands=None)
        # what is proved now is that it works, not how fast this machine is
        stream.ANSWER_TIMEOUT = 10.0
        assert state_of(self.hass, CONNECTION).state == "on"
        await self.pdk.act(PANEL, 1, "hold")
        await self.pdk.act(PANEL, 1, "lock")
        await self.pdk.emit(PANEL, "door.input.relay.off", {"body": {"doorId": 1}})
        await wait_for_state(self.hass, LOCK, "locked")
        assert "assumed_state" not in state_of(self.hass, LOCK).attributes
        await asyncio.wait_for(self.unlocking(OTHER_LOCK), 5)
        await wait_for_state(self.hass, OTHER_LOCK, "unlocked")
        after = await self.pdk.commands(PANEL, wait=0)
        assert len(after) == len(received) + 1
        assert len({command["id"] for command in after}) == len(after)
        await self.pdk.sockets(PANEL, 1)

    def check_log(self) -> None:
        """See that nothing was logged that a user would have to worry about."""
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

    async def tear_down(self) -> None:
        """End the entry in whatever state it is."""
        await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.hass.async_block_till_done()


@asynccontextmanager
async def fronted(
    site: Site,
    certificates: Certificates,
    ready: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Site]:
    """Put names, TLS and a network between a site and its simulator."""

    async def resolve(_: object, host: str, port: int, family: int = 0) -> list[Json]:
        address = await site.lookup(host)
        return [
            {
                "hostname": host,
                "host": address,
                "port": port,
                "family": 2,
                "proto": 0,
                "flags": 0,
            }
        ]

    monkeypatch.setattr("aiohttp.resolver.AsyncResolver.resolve", resolve)
    site.certificates = certificates
    site.accounts, site.panel = Front(certificates.good), Front(certificates.good)
    await site.accounts.start(0)
    await site.panel.start(0)
    async with SimulatedPdk(ready) as site.pdk:
        await site.use(await site.pdk.control("POST", "reset"))
        monkeypatch.setenv(
            "PDK_ACCOUNTS_URL", f"https://accounts.{DOMAIN}:{site.accounts.port}"
        )
        try:
            yield site
        finally:
            await site.tear_down()
            await site.accounts.stop()
            await site.panel.stop()


class Stopwatch:
    """Seconds from one moment to the next."""

    def __init__(self) -> None:
        """Start now."""
        self._began = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return asyncio.get_running_loop().time() - self._began

    @classmethod
    def start(cls) -> Self:
        """Start now."""
        return cls()


__all__ = [
    "BRISK",
    "CONNECTION",
    "LOCK",
    "OTHER_LOCK",
    "PANEL",
    "PING_INTERVAL",
    "PING_TIMEOUT",
    "OwnSimulator",
    "Site",
    "Stopwatch",
    "fronted",
    "state_of",
    "wait_for_state",
    "wait_until",
]
