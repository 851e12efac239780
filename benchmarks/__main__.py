"""Measure, print a table, and write benchmarks/results.json."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version
import json
import os
from pathlib import Path
import platform
import subprocess

from . import inside
from .measure import FULL, QUICK, Effort, Figure
from .processes import PROJECT
from .receive import NODE, receive

type Row = Callable[[Effort], Awaitable[list[Figure]]]

ROWS: dict[str, Row] = {
    "receive": receive,
    "whole-way": inside.whole_way,
    "command": inside.command,
    "set-up": inside.set_up,
    "growth": inside.growth,
    "recorder": inside.recorder,
}
HEAD = ("row", "unit", "ours", "against", "", "ratio", "goal", "")
LINE = "| {:25} | {:15} | {:7} | {:22} | {:7} | {:6} | {:7} | {:7} |"
RESULTS = PROJECT / "benchmarks" / "results.json"
PACKAGES = ("homeassistant", "aiohttp", "orjson", "python-socketio", "python-engineio")


async def _measure(names: Iterable[str], effort: Effort) -> list[Figure]:
    """Measure one row after the other."""
    figures: list[Figure] = []
    for name in names:
        print(f"Measuring {name}", flush=True)
        figures += await ROWS[name](effort)
    return figures


def _table(figures: Iterable[Figure]) -> str:
    """Return the table, as Markdown."""
    rows = [HEAD, ("---",) * len(HEAD), *map(_cells, figures)]
    return "\n".join(LINE.format(*row) for row in rows)


def _cells(figure: Figure) -> tuple[str, ...]:
    """Return the cells of a figure."""
    return (
        figure.what,
        figure.unit,
        _digits(figure.ours),
        figure.than,
        _digits(figure.against),
        f"{figure.ratio:.2f}",
        figure.goal,
        {True: "reached", False: "MISSED", None: ""}[figure.reached],
    )


def _digits(value: float) -> str:
    """Return three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _write(figures: Iterable[Figure]) -> None:
    """Write the figures, the machine and the versions to the file."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line for line in cpuinfo if line.startswith("model name")]
    node = subprocess.run(
        [NODE, "--version"], capture_output=True, text=True, check=True
    )
    results = {
        "machine": {
            "processor": models[0].partition(": ")[2] if models else platform.machine(),
            "cores": os.cpu_count(),
            "system": platform.system(),
        },
        "versions": {
            "python": platform.python_version(),
            "node": node.stdout.strip(),
            **{package: version(package) for package in PACKAGES},
        },
        "figures": [asdict(figure) | {"reached": figure.reached} for figure in figures],
    }
    RESULTS.write_text(f"{json.dumps(results, indent=2)}\n", encoding="utf-8")


def main() -> None:
    """Measure the rows that are named, or all; keep only a full run of all."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="only a sanity check")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    effort = QUICK if arguments.quick else FULL
    figures = asyncio.run(_measure(arguments.rows or ROWS, effort))
    print(_table(figures))
    if not arguments.rows and not arguments.quick:
        _write(figures)


if __name__ == "__main__":
    main()
