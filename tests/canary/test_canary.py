"""No secret, PIN or person is in anything that Home Assistant writes."""

from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from tests.modules import run_module
from tests.pdk.common import simulated_panel_client
from tests.simulator_process import SimulatedPdk

from . import secrets


async def test_search(tmp_path: Path, pdk: SimulatedPdk) -> None:
    """Test that the search finds each secret, however it is written, and a real token."""
    async with aiohttp.ClientSession() as session:
        token = await (await simulated_panel_client(session, pdk)).get_token()
    for name, needles in secrets.NEEDLES.items():
        more = (token.value.encode(),) if name == "token" else ()
        for needle in (*needles, *more):
            (tmp_path / "file").write_bytes(b"\x00before" + needle + b"after")
            assert secrets.find_secrets(tmp_path) == {name: ["file"]}


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_canary(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Test a real Home Assistant at debug level, through every fault."""
    run_module("tests.canary.run", str(tmp_path), timeout=1100)
    written = tmp_path / "written"
    found = secrets.find_secrets(written)
    # the search works, and there was something to find
    assert found.pop("client secret") == [f"config/{secrets.ENTRY_STORAGE}"]
    log = (written / "home-assistant.log").read_text()
    assert " DEBUG " in log
    assert secrets.DOOR in log
    assert log.count("custom_components.prodatakey") > 50
    assert not found
    searched = f"{secrets.size(written) / 1_000_000:.1f} MB"
    record_property("searched without a hit", searched)
