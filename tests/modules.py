"""Run a module of the tests as a program of its own."""

from pathlib import Path
import subprocess
import sys


def run_module(name: str, *arguments: str, timeout: float) -> None:
    """Run a module to its end, within so many seconds; it must not fail."""
    done = subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=False,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
