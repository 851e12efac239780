"""Atheris for FUZZ_SECONDS, by default 30."""

from collections.abc import Callable
import importlib.util
import os
from pathlib import Path
import re
import subprocess
import sys

import pytest

_PROJECT = Path(__file__).parents[2]
SEEDS = (
    b'\x012["door.input.relay.on",{"body":{"doorId":1}}]',
    b'\x00{"body":{"doorId":1,"door":{"name":"x"}},"metadata":{"occurred":1}}',
    b'\x014{"message":"no"}',
    b"\x0151-/admin,7[]",
)


@pytest.fixture(autouse=True)
def use_custom_integrations() -> None:
    """Leave Home Assistant out."""


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
def test_atheris(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Test that no input makes packets or events fail."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")
    seconds = int(os.environ.get("FUZZ_SECONDS", "30"))
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        (corpus / str(number)).write_bytes(seed)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzz.atheris_target", str(corpus)),
            *(f"-max_total_time={seconds}", f"-artifact_prefix={tmp_path}/"),
            "-print_final_stats=1",
        ],
        cwd=_PROJECT,
        capture_output=True,
        check=False,
        text=True,
        timeout=seconds + 120,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    (units,) = re.findall(r"number_of_executed_units:\s*(\d+)", said)
    name = "atheris on packets and events"
    record_property("figure", ["fuzz", name, "inputs", f"{int(units):,}"])
    record_property("figure", ["fuzz", name, "seconds", str(seconds)])
