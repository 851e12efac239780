"""A stream in a network namespace whose packets are dropped for a while.

Run in a namespace of its own: `python -m tests.faults.dropping`. Prints what happened.
"""

import asyncio
from collections.abc import Callable
import json
import subprocess
import time

import aiohttp

from custom_components.prodatakey.pdk import (
    back_off,
    socketio2,
    stream as stream_module,
)
from custom_components.prodatakey.pdk.accounts import Accounts
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import CommandUnansweredError
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import PanelStream, StreamStatus
from tests.common import CREDENTIALS, PANEL, wait_until
from tests.simulator_process import SimulatedPdk, simulated_pdk

PING_INTERVAL = 0.5
PING_TIMEOUT = 0.5
ANSWER_TIMEOUT = 0.6
LONG_ENOUGH = 1.0


def drop(*, all_packets: bool) -> None:
    """Drop every packet of this namespace's loopback, or none."""
    # a bucket that no packet fits into
    bucket = ("tbf", "rate", "8bit", "burst", "1", "limit", "1")
    command = ("add", "dev", "lo", "root", *bucket) if all_packets else None
    subprocess.run(
        ["tc", "qdisc", *(command or ("del", "dev", "lo", "root"))], check=True
    )


async def dropped_while_idle(
    pdk: SimulatedPdk, statuses: list[StreamStatus]
) -> dict[str, float]:
    """Drop packets while nothing is going on."""
    statuses.clear()
    began = time.monotonic()
    drop(all_packets=True)
    await wait_until(lambda: StreamStatus.DROPPED in statuses)
    noticed = time.monotonic() - began
    await wait_until(lambda: StreamStatus.DOWN in statuses)
    drop(all_packets=False)
    began = time.monotonic()
    await wait_until(lambda: statuses[-1] is StreamStatus.CONNECTED)
    connected = time.monotonic() - began
    await pdk.sockets(PANEL, 1, 10)
    return {"noticed": noticed, "connected": connected}


async def dropped_under_a_command(
    pdk: SimulatedPdk, stream: PanelStream, connected: Callable[[], bool]
) -> list[int]:
    """Drop a command's packets; return the doors that the panel opened in the end."""
    drop(all_packets=True)
    try:
        await stream.send(TryOpen(2))
    except CommandUnansweredError:
        pass
    else:
        raise AssertionError("there cannot be an answer")
    drop(all_packets=False)
    await asyncio.sleep(LONG_ENOUGH)
    await wait_until(connected)
    await stream.send(TryOpen(1))
    return [command["body"]["doorId"] for command in await pdk.commands(PANEL)]


async def main() -> None:
    """Do both, and print what happened."""
    back_off.BACK_OFF = (0.1,) * 5
    back_off.LONGEST_BACK_OFF = 0.1
    stream_module.ANSWER_TIMEOUT = ANSWER_TIMEOUT
    socketio2.CONNECT_TIMEOUT = 0.5
    statuses: list[StreamStatus] = []
    async with simulated_pdk() as pdk, aiohttp.ClientSession() as session:
        await pdk.faults(ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)
        accounts = Accounts(
            session,
            CREDENTIALS["client_id"],
            CREDENTIALS["client_secret"],
            pdk.accounts_url,
        )
        access = PanelAccess(session, accounts, await accounts.panel(PANEL))
        stream = PanelStream(
            access,
            on_event=lambda _: None,
            on_status=lambda status, _: statuses.append(status),
        )
        running = asyncio.create_task(stream.run())

        def connected() -> bool:
            return bool(statuses) and statuses[-1] is StreamStatus.CONNECTED

        await wait_until(connected)
        idle = await dropped_while_idle(pdk, statuses)
        doors = await dropped_under_a_command(pdk, stream, connected)
        running.cancel()
        await asyncio.wait({running})
    print(json.dumps({**idle, "doors": doors}))  # noqa: T201 - for the test


if __name__ == "__main__":
    asyncio.run(main())
