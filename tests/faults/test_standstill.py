"""A process that stands still: suspended, or its loop blocked."""

import os
import subprocess
import time

import pytest

from tests.common import PANEL

from . import phases
from .figures import Record
from .site import PING_INTERVAL, PING_TIMEOUT, Site


def suspend(seconds: float) -> None:
    """Stop this very process for a while, as a busy machine or a VM does."""
    pid = os.getpid()
    command = f"kill -STOP {pid}; sleep {seconds}; kill -CONT {pid}"
    with subprocess.Popen(["sh", "-c", command]) as process:
        process.wait()


@pytest.mark.parametrize("phase", ["idle", "command under way", "renewal under way"])
async def test_suspended(direct: Site, figure: Record, phase: str) -> None:
    """Test a process that is suspended longer than the panel waits for its pings."""
    if phase == "renewal under way":
        await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFETIME)
    await direct.set_up()
    sees, commands = "assumed", 0
    action = None
    if phase == "command under way":
        await direct.pdk.faults(commands="ignored")
        action = direct.unlock()
        commands = len(await direct.pdk.commands(PANEL))
    suspend(PING_INTERVAL + PING_TIMEOUT + 0.5)
    if action:
        assert await direct.error_of(action) == "no_answer"
        sees = "action: `no_answer`"
    began = time.monotonic()
    await direct.wait_disconnected()
    await direct.wait_connected()
    seconds = time.monotonic() - began
    await direct.check_works(commands)
    figure("matrix", "suspended process", phase, f"{sees}; {seconds:.1f} s")
