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
from .control import Control, problems
from .host import LOOPBACK
from .scenario import BUILT_IN, LifeSpec, Scenario, ScenarioError, load, seconds_of_day
from .window import Window
from .world import Simulation

_LARGEST_BODY = 256 * 1024 * 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8700, help="0 takes any free ports")
    parser.add_argument("--scenario", type=Path, default=BUILT_IN, metavar="FILE.json")
    parser.add_argument("--quiet", action="store_true", help="log no events, commands")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="end when stdin does"
    )
    parser.add_argument(
        "--speed", type=_speed, metavar="X", help="times as fast as real"
    )
    live = parser.add_argument_group("the doors live by themselves")
    live.add_argument("--live", action="store_true", help="people come and go")
    live.add_argument(
        "--seed", type=int, default=0, metavar="N", help="the same life each time"
    )
    live.add_argument(
        "--begin",
        type=seconds_of_day,
        metavar="HH:MM",
        help="time of the first day; else a minute before somebody comes",
    )
    return parser.parse_args()


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 < speed < math.inf:
        raise ValueError
    return speed


def _scenario(arguments: argparse.Namespace) -> Scenario:
    """Read the scenario; the command line goes before what it says."""
    read = load(arguments.scenario)
    life = LifeSpec(seed=arguments.seed, begins=arguments.begin)
    return replace(
        read,
        speed=arguments.speed or read.speed,
        life=life if arguments.live else read.life,
    )


async def _parent_gone() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    await reader.read()


def _told_by_signals() -> asyncio.Event:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


async def _until(told: asyncio.Event, exit_with_parent: bool) -> None:
    """Wait to be told to end, or for the end of stdin."""
    waiting: list[asyncio.Task[object]] = [asyncio.create_task(told.wait())]
    if exit_with_parent:
        waiting.append(asyncio.create_task(_parent_gone()))
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


async def _run(arguments: argparse.Namespace) -> None:
    # First of all: whoever reads the line that says ready may end us at once.
    told = _told_by_signals()
    simulation = Simulation()
    window = Window(simulation)
    app = web.Application(
        middlewares=[problems, window.tell_changes], client_max_size=_LARGEST_BODY
    )
    app.add_routes(Accounts(simulation).routes())
    app.add_routes(Control(simulation).routes())
    app.add_routes(window.routes())
    runner = web.AppRunner(
        app, access_log=None, handler_cancellation=True, shutdown_timeout=1
    )
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, arguments.port).start()
    port: int = runner.addresses[0][1]
    await simulation.start(port, arguments.port > 0, _scenario(arguments))
    print(json.dumps(simulation.addresses()), flush=True)
    await _until(told, arguments.exit_with_parent)
    await simulation.world.stop()
    await runner.cleanup()


def main() -> None:
    """Run until told to end."""
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
