"""Measure, print a table, and write benchmarks/results.json."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable

from . import in_home, report
from .growth import growth
from .instructions import instructions
from .measure import Effort, Figure
from .receive import receive

type Row = Callable[[Effort], Awaitable[list[Figure]]]

ROWS: dict[str, Row] = {
    "receive": receive,
    "whole-way": in_home.whole_way,
    "latency": in_home.latency,
    "command": in_home.command,
    "set-up": in_home.setting_up,
    "panels": in_home.panels,
    "import": in_home.imports,
    "growth": growth,
    "instructions": instructions,
}


async def _measure(names: list[str], effort: Effort) -> list[Figure]:
    """Measure one row after the other."""
    figures: list[Figure] = []
    for name in names:
        print(f"measuring {name}", flush=True)
        figures += await ROWS[name](effort)
    return figures


def main() -> None:
    """Measure what is asked for, or everything; only that, and unhurried, is kept."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="measure less, trust less")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    effort = Effort(quick=arguments.quick)
    figures = asyncio.run(_measure(arguments.rows or list(ROWS), effort))
    print(report.table(figures))
    if not arguments.rows and not arguments.quick:
        report.write(figures)


if __name__ == "__main__":
    main()
