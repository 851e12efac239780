"""The demo takes nothing that is in use, and leaves nothing behind."""

import argparse
from contextlib import ExitStack
from pathlib import Path
import socket

import pytest

from scripts.demo_claim import claim
from scripts.demo_options import parse_arguments
from scripts.processes import DemoError, free_port

pytestmark = pytest.mark.usefixtures("socket_enabled")


def _options(folder: Path, *arguments: str) -> argparse.Namespace:
    ports = ("--port", str(free_port()), "--panel-port", "0")
    return parse_arguments([*ports, "--folder", str(folder), *arguments])


def test_the_folder_is_emptied_or_kept(tmp_path: Path) -> None:
    """Other people's files are left alone."""
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


def test_a_second_demo_is_told_everything_at_once(tmp_path: Path) -> None:
    """Both ports, the folder, and a command that works."""
    with ExitStack() as servers, claim(_options(tmp_path)):
        # Of five ports the first and the last are far enough from each other.
        ports = [
            servers.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()
            for _ in range(5)
        ]
        port, panel_port = min(ports)[1], max(ports)[1]
        # In use is the last of the simulator's four ports.
        numbers = ("--port", str(port), "--panel-port", str(panel_port - 3))
        options = parse_arguments([*numbers, "--folder", str(tmp_path)])
        with pytest.raises(DemoError) as error, claim(options):
            pass
    text = str(error.value)
    assert f"port {port} is in use" in text
    assert f"{panel_port} is in use" in text or f"{panel_port} are in use" in text
    assert f"another demo runs in {tmp_path}" in text
    command = text.partition("scripts/demo ")[2].split()
    with claim(parse_arguments(command)):
        assert parse_arguments(command).folder == Path(f"{tmp_path}-2")
