"""What was begun is finished by the next start, whenever Home Assistant is killed."""

from collections.abc import Callable
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.modules import run_module

SEED = os.environ.get("FAULTS_SEED", "19")
KILLS = 20

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def run(module: str, folder: Path) -> Any:
    """Kill a real Home Assistant at random moments; return what was found then."""
    run_module(module, str(folder), SEED, str(KILLS), timeout=3500)
    return json.loads((folder / "found.json").read_text())


def test_moves(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Test moves there and back."""
    for direction, counts in run("tests.power_cut.run", tmp_path).items():
        record_property(direction, counts)
        assert counts["kills"] == KILLS
        assert "wrong" not in counts, (tmp_path / "kills.log").read_text()


def test_doors(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Test lockdowns, and doors that are held open until a time."""
    found = run("tests.power_cut.doors", tmp_path)
    record_property("doors", found)
    expected = dict.fromkeys(("on", "off", "hold"), KILLS)
    assert found == expected, (tmp_path / "kills.log").read_text()
