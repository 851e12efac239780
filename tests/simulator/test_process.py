"""The process: its output, and how it ends."""

import json
from pathlib import Path
import signal
import subprocess
import sys

import pytest

from tests.simulator_process import simulator_process


def test_a_signal_ends_it() -> None:
    """Its only output is the addresses."""
    command = [sys.executable, "-m", "simulator", "--port", "0", "--quiet"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10) == (b"", b"")
    assert process.returncode == 0
    assert list(ready) == ["accounts_url", "control_url", "panels"]
    assert list(ready["panels"]) == ["1070ABC", "2080DEF"]


def test_a_scenario_from_a_file(tmp_path: Path) -> None:
    """It replaces the built-in one."""
    file = tmp_path / "one.json"
    file.write_text('{"panels": [{"id": "X1"}]}')
    with simulator_process("--scenario", str(file)) as ready:
        assert list(ready["panels"]) == ["X1"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "70000"], "port must be 0-65535"),
        (["--scenario", "nowhere.json"], "No such file"),
        (["--scenario", "pyproject.toml"], "is not JSON"),
    ],
)
def test_wrong_arguments(arguments: list[str], sentence: str) -> None:
    """They give one sentence, no traceback."""
    command = [sys.executable, "-m", "simulator", "--port", "0", *arguments]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert process.stderr.startswith("simulator: ")
    assert sentence in process.stderr
    assert process.stderr.count("\n") == 1
