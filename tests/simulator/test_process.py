"""The process: its output, and how it ends."""

import json
from pathlib import Path
import signal
import subprocess
import sys

import pytest

from tests.simulator_process import simulator_process

_COMMAND = [sys.executable, "-m", "simulator", "--port", "0", "--quiet"]


def test_a_signal_ends_it() -> None:
    """Its only output is the addresses."""
    pipe = subprocess.PIPE
    with subprocess.Popen(_COMMAND, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10) == (b"", b"")
    assert process.returncode == 0
    assert list(ready) == ["accounts_url", "control_url", "panels"]


def test_a_scenario_from_a_file(tmp_path: Path) -> None:
    """It replaces the built-in one."""
    file = tmp_path / "one.json"
    file.write_text('{"panels": [{"id": "X1"}]}')
    with simulator_process("--scenario", str(file)) as ready:
        assert list(ready["panels"]) == ["X1"]


@pytest.mark.parametrize("file", ["nowhere.json", "pyproject.toml"])
def test_a_wrong_scenario(file: str) -> None:
    """It gives one sentence, no traceback."""
    command = [*_COMMAND, "--scenario", file]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert process.stderr.startswith("simulator: ")
    assert process.stderr.count("\n") == 1
