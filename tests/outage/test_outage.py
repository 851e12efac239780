"""No command arrives late, whatever ends it while the cable is pulled."""

from collections.abc import Callable
import json
import os
from pathlib import Path
import shutil

import pytest

from tests.common import PANEL, WORKSHOP
from tests.modules import run_module


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("ip") is None,
    reason="makes a network namespace: needs root, and ip of iproute2",
)
def test_pulled_cable(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Test a whole Home Assistant, in the kernel's own network."""
    run_module("tests.outage.run", str(tmp_path), timeout=850)
    late = json.loads((tmp_path / "late.json").read_text())
    record_property("commands that arrived late", late)
    ends = ("timeout", "cancel", "reload", "sigterm", "sigkill", "disable")
    assert late == {end: {PANEL: 0, WORKSHOP: 0} for end in ends}
