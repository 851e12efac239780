"""Runs Home Assistant with the integration on a simulated panel, until Ctrl-C."""

import argparse
import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
import fcntl
import json
from pathlib import Path
import shutil
import signal
import sys
import time

from aiohttp import ClientSession

from homeassistant import const

from .home_assistant import PASSWORD, USER, HomeAssistantClient, write_configuration
from .processes import ROOT, DemoError, is_free, lives_until, running, say, until

PANEL_ID = "1070ABC"
CONNECTION = "binary_sensor.headquarters_connection"
CREDENTIALS = {"client_id": "demo", "client_secret": "demo-secret"}
# Home Assistant ends like this where it wants to be started again.
RESTART = 100
LAST_PORT = 65535


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Home Assistant with a simulated ProdataKey panel, until Ctrl-C.",
    )
    parser.add_argument("--port", type=port, default=8123, help="of Home Assistant")
    parser.add_argument(
        "--panel-port", type=port, default=8700, help="of the simulation"
    )
    parser.add_argument(
        "--empty", action="store_true", help="leave the integration to be added by hand"
    )
    parser.add_argument(
        "--keep", action="store_true", help="go on with what the last demo left"
    )
    parser.add_argument(
        "--live", action="store_true", help="people come and go by themselves"
    )
    parser.add_argument(
        "--speed", type=float, default=1, help="times as fast as real, for the doors"
    )
    parser.add_argument(
        "--folder",
        type=lambda text: Path(text).absolute(),
        default=ROOT / ".demo",
        help="where all of it is kept; emptied at each start",
    )
    return parser.parse_args(arguments)


def port(text: str) -> int:
    """Return the number of a port."""
    if not 0 <= (number := int(text)) <= LAST_PORT:
        raise ValueError
    return number


def check_ports(options: argparse.Namespace) -> None:
    """Refuse a port that somebody listens on, before anything is started."""
    if options.port in (0, options.panel_port):
        raise DemoError("--port has to be another one than --panel-port, and not 0")
    for option, number in (
        ("--port", options.port),
        ("--panel-port", options.panel_port),
    ):
        if number and not is_free(number):
            raise DemoError(
                f"port {number} is taken (by another demo?). {option} N chooses another one"
            )


@contextmanager
def take_folder(folder: Path, *, keep: bool) -> Generator[None]:
    """Have the folder for ourselves, empty if nothing is to be kept."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "lock"
    if not lock.exists() and any(folder.iterdir()):
        raise DemoError(
            f"{folder} is not empty, and no demo's. --folder F chooses another folder"
        )
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                f"another demo runs in {folder}. --folder F chooses another folder"
            ) from None
        for old in folder.iterdir():
            if not keep and old.is_dir():
                shutil.rmtree(old)
            elif not keep and old != lock:
                old.unlink()
        yield


@asynccontextmanager
async def simulated_panel(
    folder: Path, *arguments: str
) -> AsyncGenerator[tuple[Process, dict[str, str]]]:
    """Run the simulated pdk.io; gives the addresses it listens on."""
    log = folder / "simulator.log"
    log.unlink(missing_ok=True)

    async def addresses() -> dict[str, str] | None:
        for line in log.read_text().splitlines():
            with suppress(ValueError):
                if "accounts_url" in (words := json.loads(line)):
                    return dict(words)
        return None

    command = (sys.executable, "-m", "simulator", "--exit-with-parent")
    async with running(*command, *arguments, log=log) as process:
        started = until("sign of the simulated panel", addresses, 30)
        yield process, await lives_until(process, log, started)


class Demo:
    """Home Assistant in a folder of its own."""

    def __init__(
        self, options: argparse.Namespace, session: ClientSession, accounts_url: str
    ) -> None:
        """Prepare; nothing is started yet."""
        self._options = options
        self._folder = options.folder
        self._log = self._folder / "home-assistant.log"
        self._accounts_url = accounts_url
        self.hass = HomeAssistantClient(session, f"http://127.0.0.1:{options.port}")

    def write_down(self, addresses: dict[str, str]) -> None:
        """Leave the addresses to other programs."""
        everything = addresses | {"home_assistant_url": self.hass.url}
        (self._folder / "addresses.json").write_text(json.dumps(everything))

    @asynccontextmanager
    async def home_assistant(self) -> AsyncGenerator[Process]:
        """Run Home Assistant, and wait until it is up."""
        config = self._folder / "config"
        write_configuration(config, self._options.port)
        command = (sys.executable, "-m", "homeassistant", "--config", str(config))
        env = {"PDK_ACCOUNTS_URL": self._accounts_url}
        async with running(*command, log=self._log, folder=config, env=env) as process:
            await lives_until(process, self._log, self.hass.wait_until_it_answers())
            await self._log_in()
            await lives_until(process, self._log, self.hass.wait_until_it_runs())
            yield process

    async def _log_in(self) -> None:
        """Use the token of the last time, or create the user and a token."""
        token = self._folder / "token"
        if token.exists():
            self.hass.token = token.read_text()
            return
        say(f"creating the user {USER}")
        await self.hass.onboard()
        token.touch(mode=0o600)
        token.write_text(self.hass.token)

    async def add_integration(self) -> None:
        """Add the panel as a user would, and wait until it is loaded."""
        if await self.hass.entry_state("prodatakey") is None:
            say(f"adding the integration for panel {PANEL_ID}")
            await self.hass.configure("prodatakey", CREDENTIALS, {"panel_id": PANEL_ID})
        await until("loaded panel", self._is_loaded, 60)

        await until("connection of the panel", self._is_connected, 30)
        await self._find_endpoints()

    async def _is_loaded(self) -> bool | None:
        return await self.hass.entry_state("prodatakey") == "loaded" or None

    async def _is_connected(self) -> bool | None:
        state = await self.hass.call("GET", f"/api/states/{CONNECTION}")
        return state["state"] == "on" or None

    async def _find_endpoints(self) -> None:
        """Ask the wireless endpoints once, so that the dashboard can show them."""
        entries = "/api/config/config_entries/entry?domain=prodatakey"
        (entry,) = await self.hass.call("GET", entries)
        panel = {"config_entry_id": entry["entry_id"]}
        for action, fields in (
            ("discover_endpoints", {"wait": 1}),
            ("query_signal", {}),
        ):
            path = f"/api/services/prodatakey/{action}?return_response"
            await self.hass.call("POST", path, json=panel | fields)


def greet(options: argparse.Namespace, panel_url: str, seconds: float) -> None:
    """Tell where everything is."""
    say(f"ready after {seconds:.0f} s")
    print(f"""
  Home Assistant   http://127.0.0.1:{options.port}   (user {USER}, password {PASSWORD})
  Simulated panel  {panel_url}
  Logs             {options.folder}/*.log
""")
    if options.empty:
        print(
            "  Settings > Devices & services > Add integration > ProdataKey,\n"
            f"  with client id {CREDENTIALS['client_id']}"
            f" and client secret {CREDENTIALS['client_secret']}\n"
        )
    print("  Ctrl-C ends it.", flush=True)


async def run(options: argparse.Namespace) -> None:
    """Run the demo until Home Assistant ends or the task is cancelled."""
    began = time.monotonic()
    check_ports(options)
    with take_folder(options.folder, keep=options.keep):
        await run_in(options, began)


async def run_in(options: argparse.Namespace, began: float) -> None:
    """Run everything in the folder that is ours now."""
    say("starting the simulated panel")
    arguments = ["--port", str(options.panel_port), "--speed", str(options.speed)]
    arguments += ["--live"] if options.live else []
    async with (
        simulated_panel(options.folder, *arguments) as (panel, addresses),
        ClientSession() as session,
    ):
        demo = Demo(options, session, addresses["accounts_url"])
        demo.write_down(addresses)
        say(f"starting Home Assistant {const.__version__} (10 s, the first time more)")
        while True:
            async with demo.home_assistant() as process:
                if not options.empty:
                    await demo.add_integration()
                greet(options, addresses["accounts_url"], time.monotonic() - began)
                await lives_until(
                    panel, options.folder / "simulator.log", process.wait()
                )
            if process.returncode != RESTART:
                raise DemoError(
                    f"Home Assistant ended by itself ({process.returncode})"
                )
            say("Home Assistant restarts")
            began = time.monotonic()


async def main(options: argparse.Namespace) -> int:
    """Run the demo; Ctrl-C, or a polite kill, ends it in good order."""
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
    sys.exit(asyncio.run(main(parse_arguments(sys.argv[1:]))))
