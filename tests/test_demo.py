"""The demo takes nothing that belongs to somebody."""

from pathlib import Path

import pytest

from scripts.demo import check_ports, parse_arguments, take_folder
from scripts.processes import DemoError


def test_a_folder_of_somebody(tmp_path: Path) -> None:
    """It is left alone; an empty one, and that of a demo before, is taken."""
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("Doors")
    with pytest.raises(DemoError, match="not empty"), take_folder(tmp_path, keep=False):
        pass
    assert thesis.read_text() == "Doors"
    folder = tmp_path / "demo"
    for keep in (False, True, False):
        with take_folder(folder, keep=keep):
            (folder / "config").mkdir(exist_ok=keep)
            (folder / "token").write_text("x")


def test_a_folder_from_here() -> None:
    """Home Assistant is started elsewhere, so it needs the whole path."""
    assert parse_arguments(["--folder", "demo"]).folder == Path.cwd() / "demo"


@pytest.mark.parametrize("port", ["99999", "-1", "door"])
def test_no_port(port: str) -> None:
    """It is refused before anything is started."""
    with pytest.raises(SystemExit):
        parse_arguments(["--port", port])


@pytest.mark.parametrize("ports", [["--port", "0"], ["--panel-port", "8123"]])
def test_ports_that_do_not_go_together(ports: list[str]) -> None:
    """Each of the two needs its own."""
    with pytest.raises(DemoError, match="--port has to be another one"):
        check_ports(parse_arguments(ports))
