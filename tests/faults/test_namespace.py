"""A kernel that drops packets, where a network namespace can be made."""

import asyncio
from collections.abc import Iterator
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandUnansweredError
from tests.common import PANEL, wait_until
from tests.pdk.common import (
    SHORT_TIMEOUTS,
    doors_opened,
    set_constants,
    simulated_panel_client,
)
from tests.pdk.running_stream import CONNECTED, DOWN, DROPPED, RunningStream
from tests.simulator_process import simulated_pdk

from .figures import Record

# a bucket that no packet fits into
DROP = ("dev", "lo", "root", "tbf", "rate", "8bit", "burst", "1", "limit", "1")
KEEP = DROP[:3]


def _run(*command: str) -> bool:
    """Run a command, and return whether it succeeded."""
    done = subprocess.run(command, capture_output=True, check=False, timeout=10)
    return done.returncode == 0


@pytest.fixture
def namespace() -> Iterator[tuple[str, ...]]:
    """Make a network namespace with a loopback, or skip the test."""
    if not (shutil.which("ip") and shutil.which("tc")):
        pytest.skip("there is no ip or no tc")
    name = f"prodatakey-{os.getpid()}"
    if not _run("ip", "netns", "add", name):
        pytest.skip("no network namespace can be made")
    inside = ("ip", "netns", "exec", name)
    try:
        if not (
            _run(*inside, "ip", "link", "set", "lo", "up")
            and _run(*inside, "tc", "qdisc", "add", *DROP)
            and _run(*inside, "tc", "qdisc", "del", *KEEP)
        ):
            pytest.skip("no packets can be dropped in a namespace")
        yield inside
    finally:
        _run("ip", "netns", "del", name)


async def main() -> None:
    """Drop packets on an idle stream and under a command; print what was received."""
    async with simulated_pdk() as pdk, aiohttp.ClientSession() as session:
        await pdk.faults(ping_interval=0.5, ping_timeout=0.5)
        client = await simulated_panel_client(session, pdk)
        async with RunningStream(client) as stream:
            now = asyncio.get_running_loop().time
            assert _run("tc", "qdisc", "add", *DROP)
            await stream.wait_for_status(DROPPED)
            await stream.wait_for_status(DOWN)
            assert _run("tc", "qdisc", "del", *KEEP)
            began = now()
            await stream.wait_connected(2)
            seconds = now() - began
            await pdk.sockets(PANEL, 1, 10)
            assert _run("tc", "qdisc", "add", *DROP)
            try:
                await stream.send(TryOpen(2))
            except CommandUnansweredError:
                pass
            else:
                raise AssertionError("there cannot be an answer")
            # what the kernel would send again is on its way when it may
            await wait_until(lambda: stream.statuses[-1] is DOWN)
            assert _run("tc", "qdisc", "del", *KEEP)
            await wait_until(lambda: stream.statuses[-1] is CONNECTED)
            await pdk.sockets(PANEL, 1, 10)
            await stream.send(TryOpen(1))
            doors = await doors_opened(pdk)
    print(json.dumps({"connected": seconds, "doors": doors}))  # noqa: T201 - for the test


@pytest.mark.soak
def test_dropped_packets(namespace: tuple[str, ...], figure: Record) -> None:
    """Test that silence is noticed, and that a dropped command is never received."""
    done = subprocess.run(
        [*namespace, sys.executable, "-m", "tests.faults.test_namespace"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    outcome = json.loads(done.stdout)
    assert outcome["doors"] == [1]
    row = "packets dropped in a namespace"
    figure("matrix", row, "idle", f"unavailable; {outcome['connected']:.1f} s")
    figure("matrix", row, "command pending", "action: `no_answer`; never sent later")


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        set_constants(patch, **SHORT_TIMEOUTS)
        asyncio.run(main())
