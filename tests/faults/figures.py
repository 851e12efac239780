"""What tests measured, as tables of a document."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Protocol, cast

import pytest

_KEY = "figure"
PHASES = (
    "token request",
    "panel list",
    "REST",
    "handshake",
    "before `40`",
    "idle",
    "command under way",
    "renewal under way",
)

type Row = tuple[str, str, str]


class Record(Protocol):
    """A way to note what was measured: the table, what, where in it, the figure."""

    def __call__(self, table: str, row: str, column: str, value: str) -> None:
        """Note one figure."""


def record(
    property_of_test: Callable[[str, object], None],
    table: str,
    row: str,
    column: str,
    value: str,
) -> None:
    """Keep one figure with its test."""
    property_of_test(_KEY, [table, row, column, value])


class Figures:
    """Every figure of a run."""

    def __init__(self, config: pytest.Config) -> None:
        """Start without any."""
        self._file: Path | None = config.getoption("--figures", None)
        self._tables: dict[str, dict[str, dict[str, str]]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the figures of a test that passed."""
        if report.when != "call" or not report.passed:
            return
        for key, value in report.user_properties:
            if key == _KEY:
                table, row, column, figure = cast("list[str]", value)
                self._tables.setdefault(table, {}).setdefault(row, {})[column] = figure

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Show the figures that are few, and keep all if asked to."""
        for table, rows in self._tables.items():
            if table != "matrix":
                terminalreporter.write_line(_lines(table, rows))
        if "matrix" in self._tables:
            cells = sum(len(row) for row in self._tables["matrix"].values())
            terminalreporter.write_line(f"fault matrix: {cells} cells")
        if self._file:
            self._write(self._file)

    def _write(self, file: Path) -> None:
        """Put each table between its marks."""
        text = file.read_text(encoding="utf-8")
        for table, rows in self._tables.items():
            begin, end = f"<!-- {table} -->\n", f"<!-- end of {table} -->"
            if begin in text:
                head, _, rest = text.partition(begin)
                old, _, tail = rest.partition(end)
                # the matrix is of one run; the others are of runs that differ
                kept = {} if table == "matrix" else _parsed(old)
                new = _markdown(table, kept | rows)
                text = head + begin + "\n" + new + "\n" + end + tail
        file.write_text(text, encoding="utf-8")


def _lines(table: str, rows: dict[str, dict[str, str]]) -> str:
    """Return a table as lines of plain text."""
    return "\n".join(
        f"{table}: {row}: " + ", ".join(f"{k} {v}" for k, v in columns.items())
        for row, columns in sorted(rows.items())
    )


def _markdown(table: str, rows: dict[str, dict[str, str]]) -> str:
    """Return a table as Markdown."""
    columns = list(PHASES if table == "matrix" else _columns(rows))
    lines = [
        "| " + " | ".join(["", *columns]) + " |",
        "|" + "---|" * (len(columns) + 1),
    ]
    order = _order() if table == "matrix" else {}
    for row in sorted(rows, key=lambda name: (order.get(name, len(order)), name)):
        cells = [rows[row].get(column, "—") for column in columns]
        lines.append("| " + " | ".join([row, *cells]) + " |")
    return "\n".join(lines) + "\n"


def _parsed(text: str) -> dict[str, dict[str, str]]:
    """Return a table of Markdown as it was written."""
    lines = [line.strip("| ").split(" | ") for line in text.split("\n") if "|" in line]
    if not lines:
        return {}
    (columns, _, *rows) = lines
    return {row: dict(zip(columns, cells, strict=True)) for row, *cells in rows}


def _columns(rows: dict[str, dict[str, str]]) -> list[str]:
    """Return the columns in the order in which they first appear."""
    return list(dict.fromkeys(column for row in rows.values() for column in row))


@cache
def _order() -> dict[str, int]:
    """Return the order of the faults, that of the issue's list."""
    return {
        name: number
        for number, name in enumerate(
            (
                "DNS gone",
                "connection refused",
                "TCP reset",
                "certificate of another host",
                "certificate expired",
                "certificate of a stranger",
                "TLS handshake hangs",
                "HTTP 400",
                "HTTP 401",
                "HTTP 403",
                "HTTP 404",
                "HTTP 429",
                "HTTP 500",
                "HTTP 502",
                "HTML page",
                "truncated JSON",
            )
        )
    }
