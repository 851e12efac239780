"""docs/reference.md as tables."""

from collections.abc import Iterator
import json
from pathlib import Path
import re

import voluptuous as vol

REFERENCE = (Path(__file__).parent.parent / "docs" / "reference.md").read_text("utf-8")

type Row = dict[str, str]


def tables() -> Iterator[tuple[str, list[Row]]]:
    """Yield the tables of the page: the first column's title, and the rows by title."""
    for table in re.findall(r"(?:^\|.*\n)+", REFERENCE, re.MULTILINE):
        head, _, *rows = ([c.strip() for c in cells(r)] for r in table.splitlines())
        yield head[0], [dict(zip(head, row, strict=True)) for row in rows]


def cells(row: str) -> list[str]:
    """Return the cells of a row."""
    return row.strip().strip("|").split("|")


TABLES = dict(tables())


def names(cell: str) -> list[str]:
    """Return what a cell has in code."""
    return re.findall(r"`([^`]+)`", cell)


def column(table: str) -> list[str]:
    """Return the names in a table's first column."""
    return [name for row in TABLES[table] for name in names(row[table])]


def default_of(key: vol.Marker) -> str:
    """Return a field's default as the page writes it."""
    if isinstance(key.default, vol.Undefined):
        return ""
    value = key.default()
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def range_of(lowest: float, highest: float) -> str:
    """Return a range as the page writes it."""
    return f"{lowest:g} to {highest:g}"
