"""What tests measured, as tables of a document."""

from pathlib import Path
from typing import Protocol, cast

import pytest

PHASES = (
    "token request",
    "panel list",
    "REST",
    "handshake",
    "before `40`",
    "idle",
    "command pending",
    "renewal pending",
)

type Table = dict[str, dict[str, str]]


class Record(Protocol):
    """Record a figure: the table, its row and column, and the figure."""

    def __call__(self, table: str, row: str, column: str, value: str) -> None:
        """Record one figure."""


class Figures:
    """The figures of a run."""

    def __init__(self, file: Path | None) -> None:
        """Initialize without any."""
        self._file = file
        self._tables: dict[str, Table] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the figures of a test that passed."""
        if report.when != "call" or not report.passed:
            return
        for key, value in report.user_properties:
            if key == "figure":
                table, row, column, figure = cast("list[str]", value)
                self._tables.setdefault(table, {}).setdefault(row, {})[column] = figure

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> None:
        """Show the figures that are few, and write all if asked to."""
        for name, table in self._tables.items():
            if name == "matrix":
                cells = sum(len(row) for row in table.values())
                terminalreporter.write_line(f"fault matrix: {cells} cells")
                continue
            for row, columns in sorted(table.items()):
                figures = ", ".join(f"{k} {v}" for k, v in columns.items())
                terminalreporter.write_line(f"{name}: {row}: {figures}")
        if self._file:
            self._write(self._file)

    def _write(self, file: Path) -> None:
        """Write each table between its marks."""
        text = file.read_text(encoding="utf-8")
        for name, table in self._tables.items():
            begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
            if begin in text:
                head, _, rest = text.partition(begin)
                old, _, tail = rest.partition(end)
                # the matrix is of one run; the other tables are of several
                if name == "matrix":
                    new = _markdown(table, list(PHASES))
                else:
                    table = _parse(old) | table
                    columns = {column: None for row in table.values() for column in row}
                    new = _markdown(table, list(columns))
                text = f"{head}{begin}\n{new}\n\n{end}{tail}"
        file.write_text(text, encoding="utf-8")


def _markdown(table: Table, columns: list[str]) -> str:
    """Return a table as Markdown."""
    rows = [["", *columns]]
    rows += [
        [name, *(row.get(c, "—") for c in columns)]
        for name, row in sorted(table.items())
    ]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def _parse(text: str) -> Table:
    """Return a table of Markdown."""
    lines = [line.strip("| ").split(" | ") for line in text.split("\n") if "|" in line]
    if not lines:
        return {}
    (columns, _, *rows) = lines
    return {name: dict(zip(columns, cells, strict=True)) for name, *cells in rows}
