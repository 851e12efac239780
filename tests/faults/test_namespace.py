"""A network that truly drops packets, where a kernel's namespace may be made."""

from collections.abc import Iterator
import json
import os
from pathlib import Path
import shutil
import subprocess
import sys

import pytest

from .dropping import PING_INTERVAL, PING_TIMEOUT
from .figures import Record

_PROJECT = Path(__file__).parents[2]


def _works(*command: str) -> bool:
    return (
        subprocess.run(command, capture_output=True, check=False, timeout=10).returncode
        == 0
    )


@pytest.fixture
def namespace() -> Iterator[str]:
    """Make a network namespace with nothing but a loopback, or skip the test."""
    if not (shutil.which("ip") and shutil.which("tc")):
        pytest.skip("there is no ip or no tc")
    name = f"prodatakey-{os.getpid()}"
    if not _works("ip", "netns", "add", name):
        pytest.skip("no network namespace may be made")
    inside = ("ip", "netns", "exec", name)
    bucket = ("tbf", "rate", "8bit", "burst", "1", "limit", "1")
    qdisc = ("dev", "lo", "root")
    try:
        if not (
            _works(*inside, "ip", "link", "set", "lo", "up")
            and _works(*inside, "tc", "qdisc", "add", *qdisc, *bucket)
            and _works(*inside, "tc", "qdisc", "del", *qdisc)
        ):
            pytest.skip("no packets can be dropped in a namespace")
        yield name
    finally:
        _works("ip", "netns", "del", name)


def test_dropped_packets(namespace: str, figure: Record) -> None:
    """Silence is noticed in time, and a command that was dropped never arrives."""
    done = subprocess.run(
        [
            "ip",
            "netns",
            "exec",
            namespace,
            sys.executable,
            "-m",
            "tests.faults.dropping",
        ],
        cwd=_PROJECT,
        capture_output=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    happened = json.loads(done.stdout)
    assert happened["noticed"] <= PING_INTERVAL + PING_TIMEOUT + 1
    assert happened["connected"] <= 3
    assert happened["doors"] == [1]
    name = "packets dropped in a namespace"
    figure("matrix", name, "idle", f"unavailable; {happened['connected']:.1f} s")
    figure("matrix", name, "command under way", "action: `no_answer`; never sent later")
