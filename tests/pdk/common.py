"""What the tests of streams share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import json
from pathlib import Path
from typing import Any

from custom_components.prodatakey.pdk.errors import PdkError
from custom_components.prodatakey.pdk.events import DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import PanelStream, StreamStatus
from tests.simulator_process import SimulatedPdk

PANEL = "1070ABC"
CLIENT_ID = "demo"
CLIENT_SECRET = "demo-secret"
SAMPLES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("samples.json").read_text(encoding="utf-8")
)


async def wait_for(predicate: Callable[[], object], seconds: float = 5) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(seconds):
        while not predicate():
            await asyncio.sleep(0.01)


async def doors_opened(simulator: SimulatedPdk, wait: float = 0) -> list[Any]:
    """Return the doors of the commands that a panel has received."""
    received = await simulator.commands(PANEL, wait=wait)
    return [command["body"]["doorId"] for command in received]


class Listening:
    """A stream with everything that it told."""

    def __init__(self, access: PanelAccess) -> None:
        """Listen to a panel, once the stream runs."""
        self.events: list[PdkEvent] = []
        self.told: list[tuple[StreamStatus, PdkError | None]] = []
        self.stream = PanelStream(
            access,
            on_event=self.events.append,
            on_status=lambda status, error: self.told.append((status, error)),
        )

    @property
    def statuses(self) -> list[StreamStatus]:
        """Return the statuses told so far."""
        return [status for status, _ in self.told]

    @property
    def topics(self) -> list[str]:
        """Return the topics of the doors' events."""
        return [event.topic for event in self.events if isinstance(event, DoorEvent)]

    async def connected(self, times: int = 1, seconds: float = 5) -> None:
        """Wait until the stream has connected that often."""
        await wait_for(
            lambda: self.statuses.count(StreamStatus.CONNECTED) >= times, seconds
        )

    async def until(self, status: StreamStatus, seconds: float = 5) -> None:
        """Wait until a status was told."""
        await wait_for(lambda: status in self.statuses, seconds)

    async def heard_of_doors(self, count: int, seconds: float = 5) -> None:
        """Wait until that many events of doors have come."""
        await wait_for(lambda: len(self.topics) >= count, seconds)

    async def heard(self, count: int, seconds: float = 5) -> None:
        """Wait until that many events have come."""
        await wait_for(lambda: len(self.events) >= count, seconds)


@asynccontextmanager
async def listening(
    access: PanelAccess, *, connected: bool = True
) -> AsyncIterator[Listening]:
    """Run a stream for a moment, from its first connection on."""
    listener = Listening(access)
    running = asyncio.create_task(listener.stream.run())
    try:
        if connected:
            await listener.connected()
        yield listener
        assert not running.done(), "run() ends only when it is cancelled"
    finally:
        running.cancel()
        await asyncio.wait({running})
