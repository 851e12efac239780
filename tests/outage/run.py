"""Home Assistant behind a cable that is pulled: `python -m tests.outage.run FOLDER`.

Home Assistant runs in a network namespace of its own. One cable leads to the simulated
pdk.io, another one to this process. Prints how many commands arrived late, as JSON.
Needs root, and `ip` of iproute2.
"""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
import json
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Self
from urllib.parse import urlsplit

from aiohttp import ClientSession

from scripts.demonstration.demo import simulated_panel
from scripts.demonstration.home_assistant import (
    CREDENTIALS,
    HomeAssistantClient,
    write_configuration,
)
from scripts.demonstration.processes import (
    DemoError,
    end,
    free_port,
    lives_until,
    running,
    until,
)
from tests.simulator_process import SimulatedPdk

# Not of tests.common, which is for pytest only.
PANEL, WORKSHOP = "1070ABC", "3090GHI"
PDK, HERE = "10.251.77", "10.251.78"
"""The networks of both cables: .1 is this end, .2 is Home Assistant's."""
SCRIPT = """\
unlock_both:
  mode: restart
  sequence:
    - parallel:
        - action: lock.unlock
          target: {entity_id: lock.front_door}
        - action: lock.unlock
          target: {entity_id: lock.side_entrance}
"""
LOCKS = {PANEL: "lock.front_door", WORKSHOP: "lock.side_entrance"}
CONNECTIONS = (
    "binary_sensor.headquarters_connection",
    "binary_sensor.workshop_connection",
)


def ip(*arguments: str) -> None:
    """Configure the network."""
    subprocess.run(["ip", *arguments], check=True)


class Cables:
    """Two cables to a network namespace."""

    def __init__(self) -> None:
        """Initialize with names that nobody else has."""
        self.namespace = f"outage-{os.getpid()}"
        self._names = {PDK: f"pdk{os.getpid()}", HERE: f"here{os.getpid()}"}

    def __enter__(self) -> Self:
        """Lay the cables."""
        ip("netns", "add", self.namespace)
        ip("-n", self.namespace, "link", "set", "lo", "up")
        for network, name in self._names.items():
            peer = f"{name}x"
            ip("link", "add", name, "type", "veth", "peer", "name", peer)
            ip("link", "set", peer, "netns", self.namespace)
            ip("addr", "add", f"{network}.1/24", "dev", name)
            ip("-n", self.namespace, "addr", "add", f"{network}.2/24", "dev", peer)
            ip("link", "set", name, "up")
            ip("-n", self.namespace, "link", "set", peer, "up")
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the namespace, and with it the cables."""
        ip("netns", "del", self.namespace)
        for name in self._names.values():
            subprocess.run(["ip", "link", "del", name], check=False, stderr=-3)

    def pull(self) -> None:
        """Pull the cable to pdk.io."""
        ip("link", "set", self._names[PDK], "down")

    def plug_in(self) -> None:
        """Plug it in again."""
        ip("link", "set", self._names[PDK], "up")

    def connections_that_hold_data(self) -> int:
        """Return how many connections have sent what the other end has not received."""
        shown = subprocess.run(
            ["ip", "netns", "exec", self.namespace, "cat", "/proc/net/tcp"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.splitlines()[1:]
        remote = "".join(f"{int(each):02X}" for each in reversed(f"{PDK}.1".split(".")))
        fields = [line.split() for line in shown]
        return sum(
            each[2].startswith(remote) and int(each[4].partition(":")[0], 16) > 0
            for each in fields
        )


@asynccontextmanager
async def forwarding(port: int) -> AsyncGenerator[None]:
    """Forward a port of the cable's end to the simulator, which listens on 127.0.0.1."""

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def accept(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, forth), copy(back, writer))

    async with await asyncio.start_server(accept, f"{PDK}.1", port) as server:
        yield
        server.abort_clients()


@dataclass
class House:
    """A Home Assistant that can be started again, and both sites of pdk.io."""

    folder: Path
    cables: Cables
    pdk: SimulatedPdk
    hass: HomeAssistantClient
    port: int
    accounts_url: str

    @asynccontextmanager
    async def home_assistant(self) -> AsyncGenerator[Process]:
        """Run Home Assistant behind the cables."""
        config, log = self.folder / "config", self.folder / "output.log"
        first = not config.exists()
        write_configuration(config, self.port, bind="0.0.0.0")  # noqa: S104 - no network
        (config / "scripts.yaml").write_text(SCRIPT)
        enter = ("ip", "netns", "exec", self.cables.namespace)
        arguments = (sys.executable, "-m", "homeassistant", "--config", str(config))
        env = {"PDK_ACCOUNTS_URL": self.accounts_url}
        async with running(*enter, *arguments, log=log, folder=config, env=env) as ha:
            await lives_until(ha, log, self.hass.wait_until_it_answers())
            if first:
                await self.hass.onboard()
            await lives_until(ha, log, self.hass.wait_until_it_runs())
            if first:
                for panel in (PANEL, WORKSHOP):
                    await self._add(panel)
            for connection in CONNECTIONS:
                await self._wait_for_state(connection, "on")
            yield ha

    async def _add(self, panel: str) -> None:
        credentials: dict[str, str] = CREDENTIALS
        for entry in await self.hass.entries("prodatakey"):
            credentials = {"credentials": entry["entry_id"]}
        options = {"unlock_mode": "hold"}
        answers = (credentials, {"panel_id": panel}, options)
        await self.hass.configure("prodatakey", *answers)

    async def _wait_for_state(self, entity_id: str, wanted: str) -> None:
        async def has_state() -> bool | None:
            state = await self.hass.call("GET", f"/api/states/{entity_id}")
            return state["state"] == wanted or None

        await until(f"{entity_id} that is {wanted}", has_state, 90)

    async def received(self) -> dict[str, int]:
        """Return how many commands each site has received."""
        return {panel: len(await self.pdk.commands(panel, wait=0)) for panel in LOCKS}

    async def outage(
        self, ha: Process, end_commands: Callable[[Process], Awaitable[None]], wait: int
    ) -> dict[str, int]:
        """Unlock while the cable is pulled; return how many commands arrive later."""
        for lock in LOCKS.values():
            # the command of PDK 2.0 finds an open connection then
            path = "/api/services/lock/lock"
            await self.hass.call("POST", path, json={"entity_id": lock})
        before = await self.received()
        self.cables.pull()
        await self.hass.call("POST", "/api/services/script/turn_on", json=UNLOCK_BOTH)

        async def are_sent() -> bool | None:
            return self.cables.connections_that_hold_data() >= len(LOCKS) or None

        await until("commands in the kernel", are_sent, 10)
        await end_commands(ha)
        # a packet that waits for the address of its destination is dropped by then; no
        # reset can take it back
        await asyncio.sleep(5)
        self.cables.plug_in()
        # the kernel tries again after as long as the outage has lasted
        await asyncio.sleep(wait)
        after = await self.received()
        return {panel: after[panel] - before[panel] for panel in LOCKS}

    # What ends a command

    async def sigterm(self, ha: Process) -> None:
        """Stop Home Assistant as its service manager does."""
        await end(ha)

    async def sigkill(self, ha: Process) -> None:
        """Kill Home Assistant."""
        ha.kill()
        await ha.wait()

    async def timeout(self, _: Process) -> None:
        """Wait until the commands are given up."""
        await asyncio.sleep(12)

    async def cancel(self, _: Process) -> None:
        """Stop the script, and stay without network for a minute."""
        await self.hass.call("POST", "/api/services/script/turn_off", json=UNLOCK_BOTH)
        await asyncio.sleep(60)

    async def reload(self, _: Process) -> None:
        """Reload both entries."""
        await self._each_entry("reload")

    async def disable(self, _: Process) -> None:
        """Disable both entries."""
        for entry in await self.hass.entries("prodatakey"):
            await self.hass.send(
                "config_entries/disable",
                entry_id=entry["entry_id"],
                disabled_by="user",
            )

    async def _each_entry(self, action: str) -> None:
        for entry in await self.hass.entries("prodatakey"):
            path = f"/api/config/config_entries/entry/{entry['entry_id']}/{action}"
            with suppress(DemoError):
                await self.hass.call("POST", path)


UNLOCK_BOTH = {"entity_id": "script.unlock_both"}


async def main(folder: Path) -> None:
    """Go through everything that ends a command."""
    late: dict[str, dict[str, int]] = {}
    async with AsyncExitStack() as stack:
        cables = stack.enter_context(Cables())
        simulated = simulated_panel(folder, "--port", "0")
        _, addresses = await stack.enter_async_context(simulated)
        session = await stack.enter_async_context(ClientSession())
        pdk = await stack.enter_async_context(SimulatedPdk(addresses))
        ports = [
            urlsplit(url).port or 0
            for url in (addresses["accounts_url"], addresses["panels"][PANEL])
        ]
        for port in set(ports):
            await stack.enter_async_context(forwarding(port))
        await pdk.faults(PANEL, uri=f"http://{PDK}.1:{ports[1]}/")
        port = free_port()
        hass = HomeAssistantClient(session, f"http://{HERE}.2:{port}")
        url = f"http://{PDK}.1:{ports[0]}"
        house = House(folder, cables, pdk, hass, port, url)
        runs: tuple[dict[Callable[[Process], Awaitable[None]], int], ...] = (
            {house.timeout: 30, house.cancel: 90, house.reload: 30, house.sigterm: 30},
            {house.sigkill: 20},
            {house.disable: 20},
        )
        for run in runs:
            async with house.home_assistant() as ha:
                for end_commands, wait in run.items():
                    received = await house.outage(ha, end_commands, wait)
                    late[end_commands.__name__] = received
                    (folder / "late.json").write_text(json.dumps(late))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    asyncio.run(main(Path(sys.argv[1])))
