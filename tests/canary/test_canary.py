"""No secret, PIN or person is in anything that Home Assistant writes."""

from collections.abc import Callable
from pathlib import Path
import subprocess
import sys

import pytest

from . import secrets

_PROJECT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def use_custom_integrations() -> None:
    """Leave Home Assistant to a process of its own."""


def test_search_finds(tmp_path: Path) -> None:
    """The search finds each secret, however it is written."""
    for number, (name, needles) in enumerate(secrets.NEEDLES.items()):
        for needle in needles:
            (tmp_path / str(number)).write_bytes(b"\x00before" + needle + b"after")
            assert secrets.hits(tmp_path)[name] == [str(number)]


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_canary(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """A real Home Assistant at debug level, through every fault: 0 hits."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.canary.run", str(tmp_path)],
        cwd=_PROJECT,
        capture_output=True,
        check=False,
        text=True,
        timeout=1100,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    written = tmp_path / "written"
    found = secrets.hits(written)
    # The search works, and there was something to find.
    assert found.pop("client secret") == [f"config/{secrets.ENTRY_STORAGE}"]
    log = (written / "home-assistant.log").read_text()
    assert " DEBUG " in log
    assert secrets.DOOR in log
    assert log.count("custom_components.prodatakey") > 50
    assert not found
    searched = f"{secrets.size(written) / 1_000_000:.1f} MB"
    record_property("figure", ["canary", "a real Home Assistant", "searched", searched])
    record_property("figure", ["canary", "a real Home Assistant", "hits", "0"])
