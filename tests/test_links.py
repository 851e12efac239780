"""Links and commands in the documentation lead somewhere."""

from pathlib import Path
import re

import pytest

PROJECT = Path(__file__).parent.parent
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND = re.compile(r"(?<![\w/])scripts/[a-z0-9]+\b")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchor(heading: str) -> str:
    """Return what a heading is called in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """A link to a file of the project leads to one, and to a heading that it has."""
    for link in LINK.findall(page.read_text("utf-8")):
        if re.match(r"https://|mailto:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if heading:
            headings = HEADING.findall(target.read_text("utf-8"))
            assert heading in map(anchor, headings), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands(page: Path) -> None:
    """A script that is named is there, and can be run."""
    for command in COMMAND.findall(page.read_text("utf-8")):
        assert (PROJECT / command).exists(), command
