"""The demo takes nothing that is in use, and leaves nothing behind."""

import argparse
from contextlib import ExitStack
import json
from pathlib import Path
import signal
import socket
import subprocess
import sys

import pytest

from scripts.demo_claim import claim
from scripts.demo_greeting import greet, warn_of_network
from scripts.demo_options import ALL_ADDRESSES, ROOT, parse_arguments
from scripts.home_assistant import write_configuration
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
        # In use is the last of the simulator's three ports.
        numbers = ("--port", str(port), "--panel-port", str(panel_port - 2))
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


def test_home_assistant_ends_with_the_demo(tmp_path: Path) -> None:
    """Also after SIGKILL, of which nothing is left but a closed pipe."""
    package = tmp_path / "homeassistant"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import time\nprint('started', flush=True)\ntime.sleep(50)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "demo_home_assistant.py")],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"started\n"
        process.stdin.close()
        assert process.wait(10) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("arguments", "hosts"),
    [
        ([], ["127.0.0.1"]),
        (["--bind", ALL_ADDRESSES], [ALL_ADDRESSES]),
        (["--bind", "127.0.0.2"], ["127.0.0.1", "127.0.0.2"]),
    ],
)
def test_the_addresses(arguments: list[str], hosts: list[str], tmp_path: Path) -> None:
    """The demo itself always needs the address of this machine."""
    bind = parse_arguments(arguments).bind
    write_configuration(tmp_path, 8123, bind=bind)
    stored = json.loads((tmp_path / ".storage" / "http").read_text())
    assert stored["data"]["stable"]["server_host"] == hosts


def test_an_open_demo_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The user knows who can log in, before Home Assistant starts and after it."""
    options = _options(tmp_path, "--bind", "192.0.2.1")
    warn_of_network(options)
    url = f"http://192.0.2.1:{options.port}"
    assert f"Anyone in the network can open {url}" in capsys.readouterr().out
    greet(options, "", 0)
    assert f"{url}   (anyone can log in)" in capsys.readouterr().out
    wrong = pytest.raises(DemoError, match="not an address of this machine")
    with wrong, claim(options):
        pass
