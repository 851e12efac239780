"""The demo takes nothing that is in use, and leaves nothing behind."""

import argparse
from pathlib import Path

import pytest

from scripts.demonstration.claim import claim
from scripts.demonstration.options import parse_arguments
from scripts.demonstration.processes import DemoError, free_port

pytestmark = pytest.mark.usefixtures("socket_enabled")


def _options(folder: Path, *arguments: str) -> argparse.Namespace:
    ports = ("--port", str(free_port()), "--panel-port", "0")
    return parse_arguments([*ports, "--folder", str(folder), *arguments])


def test_the_folder_is_emptied_or_kept(tmp_path: Path) -> None:
    """The demo empties or keeps its own folder, and leaves any other one alone."""
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("Doors")
    with pytest.raises(DemoError, match="not empty"), claim(_options(tmp_path)):
        pass
    assert thesis.read_text() == "Doors"
    folder = tmp_path / "demo"
    for options in ((), ("--keep",), ()):
        with claim(_options(folder, *options)):
            assert (folder / "token").exists() == bool(options)
            (folder / "config").mkdir(exist_ok=True)
            (folder / "token").write_text("x")
