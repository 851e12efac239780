"""A move is finished by the next start, whenever Home Assistant is killed."""

from collections.abc import Callable
import json
import os
from pathlib import Path
import subprocess
import sys

import pytest

SEED = int(os.environ.get("FAULTS_SEED", "19"))
KILLS = 20


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_killed(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Test moves there and back in a real Home Assistant, killed at random moments."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.power_cut.run",
            str(tmp_path),
            str(SEED),
            str(KILLS),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        text=True,
        timeout=3500,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    found = json.loads((tmp_path / "found.json").read_text())
    for direction, counts in found.items():
        record_property(direction, counts)
        assert counts["kills"] == KILLS
        assert "wrong" not in counts, (tmp_path / "kills.log").read_text()
