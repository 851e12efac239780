"""A process that stands still: suspended, or its loop blocked."""

import asyncio
import json
import os
import subprocess
import time
import urllib.request

import pytest

from tests.common import (
    FRONT_ACCESS,
    PANEL,
    Json,
    access_granted,
    state_of,
    wait_for_state,
)

from . import phases
from .figures import Record
from .site import LOCK, OTHER_LOCK, PING_INTERVAL, PING_TIMEOUT, Site, stand_still


def suspend(seconds: float) -> None:
    """Stop this very process for a while, as a busy machine or a VM does."""
    pid = os.getpid()
    command = f"kill -STOP {pid}; sleep {seconds}; kill -CONT {pid}"
    with subprocess.Popen(["sh", "-c", command]) as process:
        process.wait()


@pytest.mark.parametrize("phase", ["idle", "command pending", "renewal pending"])
async def test_suspended(direct: Site, figure: Record, phase: str) -> None:
    """Test a process that is suspended longer than the panel waits for its pings."""
    if phase == "renewal pending":
        await direct.pdk.faults(PANEL, panel_token_lifetime=phases.TOKEN_LIFETIME)
    await direct.set_up()
    sees, commands = "assumed", 0
    action = None
    if phase == "command pending":
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


def block(site: Site, seconds: float, *events: Json) -> None:
    """Block the loop; the events are sent at once and read when it goes on."""
    url = f"{site.pdk._ready['control_url']}/panels/{PANEL}/emit"
    for batch in (events, ()):
        # when the second request is answered, the events of the first have been sent
        body = json.dumps({"events": batch}).encode()
        request = urllib.request.Request(url, body)  # noqa: S310 - local
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            assert response.status == 200
    stand_still(site.monkeypatch, seconds)


async def test_connection_that_cannot_send(direct: Site) -> None:
    """Test that a command is sent after a standstill of 35 s."""
    await direct.pdk.faults(ping_interval=25, ping_timeout=20)
    await direct.set_up()
    stand_still(direct.monkeypatch, 35)
    await direct.report(4, "relay.on")
    await wait_for_state(direct.hass, OTHER_LOCK, "unlocked")
    await direct.wait_connected()
    await direct.unlock()
    assert state_of(direct.hass, LOCK).state == "unlocked"


async def test_access_during_a_standstill(direct: Site) -> None:
    """Test that an access that was read 80 s late does not fire as fresh."""
    await direct.pdk.faults(ping_interval=25, ping_timeout=20)
    await direct.set_up()
    marker = {"topic": "door.input.relay.on", "payload": {"body": {"doorId": 4}}}
    block(direct, 80, access_granted("late"), marker)
    async with asyncio.timeout(10):
        while (await direct.pdk.requests())["connect"] == 1:
            if direct.hass.states.is_state(OTHER_LOCK, "unlocked"):
                break
    assert state_of(direct.hass, FRONT_ACCESS).state == "unknown"
    assert state_of(direct.hass, LOCK).attributes.get("changed_by") is None
