"""A process that stands still: suspended, or its loop blocked."""

import asyncio
import json
import os
import urllib.request

from tests.common import (
    FRONT_ACCESS,
    PANEL,
    Json,
    access_granted,
    raises_error,
    state_of,
    wait_for_state,
)

from .site import PING_INTERVAL, PING_TIMEOUT, FaultySite, door_input, stand_still


async def test_suspended(direct: FaultySite) -> None:
    """Test a process that is suspended longer than the panel waits for its pings."""
    await direct.set_up()
    await direct.ignore_commands(True)
    action = direct.unlock()
    while not await direct.count_commands():
        pass
    pid, seconds = os.getpid(), PING_INTERVAL + PING_TIMEOUT + 0.5
    suspend = f"kill -STOP {pid}; sleep {seconds}; kill -CONT {pid}"
    await (await asyncio.create_subprocess_shell(suspend)).wait()
    with raises_error("no_answer"):
        await action
    await direct.ignore_commands(False)
    await direct.wait_disconnected()
    await direct.wait_connected()
    await direct.check_works(1)


def block(site: FaultySite, seconds: float, *events: Json) -> None:
    """Block the loop; the events are sent at once and read when it goes on."""
    url = f"{site.pdk._ready['control_url']}/panels/{PANEL}/emit"
    for batch in (events, ()):
        # when the second request is answered, the events of the first have been sent
        body = json.dumps({"events": batch}).encode()
        request = urllib.request.Request(url, body)  # noqa: S310 - local
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            assert response.status == 200
    stand_still(site.monkeypatch, seconds)


async def test_connection_that_cannot_send(direct: FaultySite) -> None:
    """Test that a command is sent after a stall of 35 s."""
    await direct.ping_seldom()
    await direct.set_up()
    stand_still(direct.monkeypatch, 35)
    await direct.report(4, "relay.on")
    await wait_for_state(direct.hass, direct.other_lock, "unlocked")
    await direct.wait_connected()
    await direct.unlock()
    assert state_of(direct.hass, direct.lock).state == "unlocked"


async def test_access_during_a_stall(direct: FaultySite) -> None:
    """Test that an access that was read 30 s late does not fire as fresh."""
    await direct.ping_seldom()
    await direct.set_up()
    block(direct, 30, access_granted("late"), door_input("relay.on", 4))
    await wait_for_state(direct.hass, direct.other_lock, "unlocked")
    assert state_of(direct.hass, FRONT_ACCESS).state == "unknown"
    assert state_of(direct.hass, direct.lock).attributes.get("changed_by") is None
