"""The process: what it says, and how it ends."""

import json
from pathlib import Path
import signal
import subprocess
import sys

import pytest

_COMMAND = [sys.executable, "-m", "simulator", "--port", "0", "--quiet"]
_PROJECT = Path(__file__).parent.parent.parent


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_COMMAND, *arguments],
        cwd=_PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal(number: signal.Signals) -> None:
    """A signal ends it cleanly."""
    with _start() as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        process.send_signal(number)
        _, said = process.communicate(timeout=10)
    assert list(ready) == ["accounts_url", "control_url", "panels"]
    assert list(ready["panels"]) == ["1070ABC", "2080DEF"]
    assert (process.returncode, said) == (0, b"")


def test_exit_with_parent() -> None:
    """It ends with its parent, if told to."""
    with _start("--exit-with-parent") as process:
        assert process.stdout
        process.stdout.readline()
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_scenario(tmp_path: Path) -> None:
    """A scenario can come from a file."""
    file = tmp_path / "one.json"
    file.write_text('{"panels": [{"id": "X1"}]}')
    with _start("--exit-with-parent", "--scenario", str(file)) as process:
        assert process.stdout
        assert list(json.loads(process.stdout.readline())["panels"]) == ["X1"]
        process.communicate(timeout=10)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "70000"], "port must be 0-65535"),
        (["--scenario", "nowhere.json"], "No such file"),
        (["--scenario", "pyproject.toml"], "is not JSON"),
    ],
)
def test_what_cannot_be(arguments: list[str], sentence: str) -> None:
    """It says so in a sentence."""
    with _start(*arguments) as process:
        _, said = process.communicate(timeout=10)
    assert process.returncode == 1
    assert sentence in said.decode()
    assert said.startswith(b"simulator: ")
    assert said.count(b"\n") == 1
