"""One table for people, one file for programs."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from importlib.metadata import version
import json
import os
from pathlib import Path
import platform
import subprocess

from .measure import Figure
from .processes import PROJECT
from .receive import NODE

RESULTS = PROJECT / "benchmarks" / "results.json"
PACKAGES = (
    "homeassistant",
    "aiohttp",
    "orjson",
    "python-socketio",
    "python-engineio",
)
HEAD = ("row", "unit", "ours", "against", "", "ratio", "goal", "")


def table(figures: Iterable[Figure]) -> str:
    """Return the table, as Markdown."""
    rows = [HEAD, *map(_row, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, _line(["-" * width for width in widths], widths))
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of the table."""
    cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
    return f"| {' | '.join(cells)} |"


def _row(figure: Figure) -> tuple[str, ...]:
    """Return one row of the table."""
    return (
        figure.what,
        figure.unit,
        _number(figure.ours),
        figure.than,
        _number(figure.against),
        _number(figure.ratio),
        str(figure.goal or ""),
        {True: "holds", False: "DOES NOT HOLD", None: ""}[figure.holds],
    )


def _number(value: float | None) -> str:
    """Return three digits that count."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def write(figures: Iterable[Figure]) -> None:
    """Write the results down, with all they depend on."""
    results = {
        "machine": _machine(),
        "versions": _versions(),
        "figures": [
            asdict(figure) | {"goal": str(figure.goal or ""), "holds": figure.holds}
            for figure in figures
        ],
    }
    RESULTS.write_text(f"{json.dumps(results, indent=2)}\n", encoding="utf-8")


def _machine() -> dict[str, object]:
    """Return what the measurements ran on."""
    information = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line for line in information if line.startswith("model name")]
    return {
        "processor": models[0].partition(": ")[2] if models else platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.system(),
    }


def _versions() -> dict[str, str]:
    """Return the versions of everything that was measured."""
    node = subprocess.run(
        [NODE, "--version"], capture_output=True, text=True, check=True
    )
    return {
        "python": platform.python_version(),
        "node": node.stdout.strip(),
        **{package: version(package) for package in PACKAGES},
    }
