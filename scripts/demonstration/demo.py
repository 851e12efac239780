"""Runs Home Assistant with the integration on a simulated panel, until Ctrl-C."""

import argparse
import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
import json
from pathlib import Path
import signal
import sys
import time
from typing import Any

from aiohttp import ClientSession

from homeassistant import const

from .claim import claim
from .dashboard import expose_doors, hide_panel, show_panels
from .greeting import greet, warn_of_network
from .home_assistant import CREDENTIALS, USER, HomeAssistantClient, write_configuration
from .options import LOCALHOST, parse_arguments
from .processes import DemoError, lives_until, running, say, until

DOMAIN = "prodatakey"
PANEL_ID = "1070ABC"
# On PDK 2.0.
WORKSHOP_ID = "3090GHI"
# Home Assistant's exit code when it wants to be restarted.
RESTART = 100
WATCH_INTERVAL = 2


@asynccontextmanager
async def simulated_panel(
    folder: Path, *arguments: str
) -> AsyncGenerator[tuple[Process, dict[str, Any]]]:
    """Run the simulated pdk.io; return its process and addresses."""
    log = folder / "simulator.log"
    log.unlink(missing_ok=True)

    async def addresses() -> dict[str, Any] | None:
        for line in log.read_text().splitlines():
            with suppress(ValueError):
                if "accounts_url" in (found := json.loads(line)):
                    return dict(found)
        return None

    command = (sys.executable, "-m", "simulator", "--exit-with-parent")
    async with running(*command, *arguments, log=log) as process:
        started = until("simulated panel", addresses, 30)
        yield process, await lives_until(process, log, started)


class Demo:
    """Home Assistant in a folder of its own, on the simulated panels."""

    def __init__(
        self,
        options: argparse.Namespace,
        session: ClientSession,
        addresses: dict[str, Any],
    ) -> None:
        """Initialize without starting anything."""
        self._options = options
        self._folder = options.folder
        self._session = session
        self._addresses = addresses
        self._mornings: set[str] = set()
        self._shown: set[str] = set()
        self._views: dict[str, list[str]] = {}
        """The titles of the views of each entry."""
        self.log = self._folder / "home-assistant.log"
        self.hass = HomeAssistantClient(session, f"http://127.0.0.1:{options.port}")

    def write_addresses(self) -> None:
        """Write the addresses to a file for other programs."""
        addresses = self._addresses | {"home_assistant_url": self.hass.url}
        (self._folder / "addresses.json").write_text(json.dumps(addresses))

    @asynccontextmanager
    async def home_assistant(self) -> AsyncGenerator[Process]:
        """Run Home Assistant and wait until it has started."""
        config = self._folder / "config"
        options = self._options
        write_configuration(
            config, options.port, start_page=options.empty, bind=options.bind
        )
        script = str(Path(__file__).with_name("run_home_assistant.py"))
        command = (sys.executable, script, "--config", str(config))
        env = {"PDK_ACCOUNTS_URL": self._addresses["accounts_url"]}
        async with running(*command, log=self.log, folder=config, env=env) as process:
            await lives_until(process, self.log, self.hass.wait_until_it_answers())
            await self._log_in()
            await lives_until(process, self.log, self.hass.wait_until_it_runs())
            yield process

    async def _log_in(self) -> None:
        """Use the stored token, or create the user and a token."""
        token = self._folder / "token"
        if token.exists():
            self.hass.token = token.read_text()
            return
        say(f"creating the user {USER}")
        await self.hass.onboard()
        token.touch(mode=0o600)
        token.write_text(self.hass.token)

    async def set_up(self) -> None:
        """Add the panels if there is none, and wait until every state is known."""
        if not await self.hass.entries(DOMAIN):
            for panel_id in (PANEL_ID, WORKSHOP_ID):
                say(f"adding the integration for panel {panel_id}")
                await self._add(panel_id)
        await until("connected panel", self.run_mornings, 60)
        await until("known state of all doors", self._all_known, 30)
        await self._query_endpoints()
        await self._show_panels()

    async def _add(self, panel_id: str) -> None:
        """Add a panel as a user would, with the credentials of the first one."""
        entries = await self.hass.entries(DOMAIN)
        known = {"credentials": entries[0]["entry_id"]} if entries else CREDENTIALS
        await self.hass.configure(
            DOMAIN, known, {"panel_id": panel_id}, {"unlock_mode": "hold"}
        )

    async def watch(self) -> None:
        """Run the morning of panels that are added later, and show their doors."""
        while True:
            # Home Assistant does not answer while it stops.
            with suppress(DemoError):
                await self.run_mornings()
                if self._mornings - self._shown:
                    await self._show_panels()
                await self._hide_panels()
            await asyncio.sleep(WATCH_INTERVAL)

    async def _show_panels(self) -> None:
        """Put the panels on the dashboard, and their locks into Assist."""
        mornings = set(self._mornings)
        entries = await self.hass.entries(DOMAIN)
        self._views |= await show_panels(
            self.hass, [each for each in entries if each["state"] == "loaded"]
        )
        await expose_doors(self.hass)
        self._shown = mornings

    async def _hide_panels(self) -> None:
        """Take the panels that were removed off the dashboard."""
        entries = {each["entry_id"] for each in await self.hass.entries(DOMAIN)}
        for entry_id in self._views.keys() - entries:
            await hide_panel(self.hass, self._views.pop(entry_id))

    async def run_mornings(self) -> bool | None:
        """Run the morning of each panel once; return None until all are connected.

        A panel sends only changes, so before its morning every state is unknown.
        """
        entries = await self.hass.entries(DOMAIN)
        enabled = [each for each in entries if not each["disabled_by"]]
        loaded = [each for each in enabled if each["state"] == "loaded"]
        panels = (await self._control("GET", "state"))["panels"]
        connected = {key for key, panel in panels.items() if panel["sockets"]}
        # A config flow connects for a moment too, before its entry is loaded.
        if len(connected) != len(loaded):
            return None
        for panel in connected - self._mornings:
            await self._control("POST", f"panels/{panel}/morning")
            self._mornings.add(panel)
        return len(loaded) == len(enabled) or None

    async def _control(self, method: str, path: str) -> Any:
        """Call the simulator's control API."""
        url = f"{self._addresses['control_url']}/{path}"
        async with self._session.request(method, url) as response:
            return await response.json()

    async def _all_known(self) -> bool | None:
        """Return None while the state of a lock is unknown."""
        states = await self.hass.call("GET", "/api/states")
        locks = [each for each in states if each["entity_id"].startswith("lock.")]
        return all(each["state"] != "unknown" for each in locks) or None

    async def _query_endpoints(self) -> None:
        """Discover the wireless endpoints, and query those that there are."""
        panels = (await self._control("GET", "state"))["panels"].values()
        # PDK 2.0 has no command for that.
        able = {each["name"] for each in panels if each["generation"] == 1}
        for entry in await self.hass.entries(DOMAIN):
            panel = {"config_entry_id": entry["entry_id"]}
            if entry["state"] != "loaded" or entry["title"] not in able:
                continue
            wait = {"wait": 1}
            found = await self.hass.act(f"{DOMAIN}.discover_endpoints", panel | wait)
            if found["endpoints"]:
                await self.hass.act(f"{DOMAIN}.query_signal", panel)


async def run(options: argparse.Namespace) -> None:
    """Run the demo until Home Assistant ends or the task is cancelled."""
    with claim(options):
        if options.bind != LOCALHOST:
            warn_of_network(options)
        say("starting the simulated panel")
        arguments = ["--port", str(options.panel_port), "--speed", str(options.speed)]
        arguments += ["--home-assistant", f"http://127.0.0.1:{options.port}/"]
        arguments += ["--live"] if options.live else []
        async with (
            simulated_panel(options.folder, *arguments) as (panel, addresses),
            ClientSession() as session,
        ):
            demo = Demo(options, session, addresses)
            demo.write_addresses()
            await run_home_assistant(options, demo, panel, addresses["accounts_url"])


async def run_home_assistant(
    options: argparse.Namespace, demo: Demo, panel: Process, panel_url: str
) -> None:
    """Run Home Assistant, again and again if it is restarted from its menu."""
    started = time.monotonic()
    first = True
    say(f"starting Home Assistant {const.__version__} (10 s, the first time more)")
    while True:
        async with demo.home_assistant() as process:
            # What the user has changed since is not set up again.
            if first and not options.empty:
                await lives_until(process, demo.log, demo.set_up())
            greet(options, panel_url, time.monotonic() - started)
            watching = asyncio.create_task(demo.watch())
            try:
                log = options.folder / "simulator.log"
                await lives_until(panel, log, process.wait())
            finally:
                watching.cancel()
        if process.returncode != RESTART:
            raise DemoError(f"Home Assistant ended by itself ({process.returncode})")
        say("Home Assistant restarts")
        first, started = False, time.monotonic()


async def main(options: argparse.Namespace) -> int:
    """Run the demo; end everything at Ctrl-C or SIGTERM."""
    task = asyncio.ensure_future(run(options))
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop() -> None:
        for number in signals:
            loop.add_signal_handler(number, lambda: None)
        print()
        say("ending everything (a few seconds)")
        task.cancel()

    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        say("ended")
    except DemoError as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse_arguments())))
