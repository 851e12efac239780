"""Run the simulated pdk.io: `python -m simulator`."""

import argparse
import asyncio
from dataclasses import replace
import json
import logging
import math
from pathlib import Path
import signal
import sys

from aiohttp import web

from .accounts import Accounts
from .control import Control, handle_errors
from .host import LOOPBACK
from .scenario import BUILT_IN, PeopleSpec, ScenarioError, load, seconds_of_day
from .v2.systems import Systems
from .web import WebPage
from .world import Simulation

_MAX_BODY = 256 * 1024 * 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8700, help="0 means any free ports")
    parser.add_argument("--scenario", type=Path, default=BUILT_IN, metavar="FILE.json")
    parser.add_argument(
        "--quiet", action="store_true", help="do not log events and commands"
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when stdin ends"
    )
    parser.add_argument(
        "--speed", type=_speed, metavar="X", help="simulated seconds in a real one"
    )
    parser.add_argument(
        "--home-assistant", metavar="URL", help="address for a link on the page"
    )
    live = parser.add_argument_group("people who come and go")
    live.add_argument("--live", action="store_true", help="let people come and go")
    live.add_argument(
        "--seed", type=int, default=0, metavar="N", help="equal seeds, equal days"
    )
    live.add_argument(
        "--begin",
        type=seconds_of_day,
        metavar="HH:MM",
        help="time of the first day; default: a minute before the first arrival",
    )
    return parser.parse_args()


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < math.inf:
        raise ValueError
    return speed


async def _wait_for_end_of_stdin() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


async def _wait_until_stopped(stopped: asyncio.Event, exit_with_parent: bool) -> None:
    tasks: list[asyncio.Task[object]] = [asyncio.create_task(stopped.wait())]
    if exit_with_parent:
        tasks.append(asyncio.create_task(_wait_for_end_of_stdin()))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


async def _run(arguments: argparse.Namespace) -> None:
    # Before anything else: the parent may send a signal as soon as we print.
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    simulation = Simulation()
    page = WebPage(simulation, arguments.home_assistant)
    app = web.Application(
        middlewares=[handle_errors, page.notify_observers], client_max_size=_MAX_BODY
    )
    accounts = Accounts(simulation)
    app.add_routes(accounts.routes())
    app.add_routes(Control(simulation).routes())
    app.add_routes(page.routes())
    Systems(simulation, accounts).attach(app)
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=1
    )
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, arguments.port).start()
    port: int = runner.addresses[0][1]
    scenario = load(arguments.scenario)
    if arguments.speed:
        scenario = replace(scenario, speed=arguments.speed)
    if arguments.live:
        people = PeopleSpec(seed=arguments.seed, begins=arguments.begin)
        scenario = replace(scenario, people=people)
    await simulation.start(port, arguments.port > 0, scenario)
    print(json.dumps(simulation.addresses()), flush=True)
    await _wait_until_stopped(stopped, arguments.exit_with_parent)
    await simulation.world.stop()
    await runner.cleanup()


def main() -> None:
    """Run until a signal, or the end of stdin."""
    arguments = _arguments()
    logging.basicConfig(
        level=logging.WARNING if arguments.quiet else logging.INFO,
        format="%(asctime)s %(message)s",
    )
    try:
        asyncio.run(_run(arguments))
    except (OSError, OverflowError, ScenarioError) as error:
        sys.exit(f"simulator: {error}")


if __name__ == "__main__":
    main()
