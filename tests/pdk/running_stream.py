"""A stream that runs for a test, with its events and statuses."""

import asyncio
from typing import Self

from custom_components.prodatakey.pdk.clock import NOT_HELD
from custom_components.prodatakey.pdk.commands import Command, run_to_completion
from custom_components.prodatakey.pdk.errors import PdkError
from custom_components.prodatakey.pdk.events import AccessEvent, DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.generations import Client, create_stream
from custom_components.prodatakey.pdk.stream import BaseStream, StreamStatus
from custom_components.prodatakey.pdk.v1.stream import PanelStream
from tests.waiting import wait_until

CONNECTED, DROPPED, DOWN, SILENT = (
    StreamStatus.CONNECTED,
    StreamStatus.DROPPED,
    StreamStatus.DOWN,
    StreamStatus.SILENT,
)


class RunningStream:
    """A stream that runs, with its events and statuses."""

    def __init__(self, client: Client, *, connect: bool = True) -> None:
        """Initialize; with `connect`, entering waits for the first connection."""
        self.client = client
        self.events: list[PdkEvent] = []
        self.delayed: list[bool] = []
        """Whether each event may have been late."""
        self.reports: list[tuple[StreamStatus, PdkError | None]] = []
        self.stream = create_stream(
            client, on_event=self.on_event, on_status=self.on_status
        )
        self._connect = connect

    async def __aenter__(self) -> Self:
        """Run."""
        self.task = asyncio.create_task(self.stream.run())
        if self._connect:
            try:
                await self.wait_connected()
            except BaseException:
                await self.stop()
                raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; until then `run` must not have ended."""
        ended = self.task.done() and not self.task.cancelled()
        await self.stop()
        assert not ended, self.task.exception()

    def on_event(self, event: PdkEvent) -> None:
        """Record an event."""
        self.events.append(event)
        self.delayed.append(self.stream.held_since != NOT_HELD)

    def on_status(self, status: StreamStatus, error: PdkError | None) -> None:
        """Record a status."""
        self.reports.append((status, error))

    async def stop(self) -> None:
        """Cancel the stream and wait for its end."""
        self.task.cancel()
        await asyncio.wait({self.task})

    async def send(self, command: Command) -> None:
        """Send a command."""
        await run_to_completion(self.stream.send(command))

    def sending(self, command: Command) -> asyncio.Task[None]:
        """Send a command in a task."""
        return asyncio.create_task(self.send(command))

    @property
    def has_pending_commands(self) -> bool:
        """Return whether a command is unanswered."""
        assert isinstance(self.stream, PanelStream)
        return bool(self.stream._pending)

    @property
    def connection(self) -> BaseStream:
        """Return what is connected; on PDK 2.0 that is the system."""
        if isinstance(self.stream, PanelStream):
            return self.stream
        assert self.stream._system
        return self.stream._system.stream

    @property
    def token_rejected(self) -> bool:
        """Return whether events may be delayed by a rejected token."""
        return self.connection._renewer.rejected.is_set()

    @property
    def statuses(self) -> list[StreamStatus]:
        """Return the statuses so far."""
        return [status for status, _ in self.reports]

    @property
    def errors(self) -> list[PdkError]:
        """Return the errors of the statuses so far."""
        return [error for _, error in self.reports if error]

    @property
    def topics(self) -> list[str]:
        """Return the topics of the doors' events."""
        events = (e for e in self.events if isinstance(e, DoorEvent | AccessEvent))
        return [event.topic for event in events]

    async def wait_connected(self, times: int = 1, seconds: float = 10) -> None:
        """Wait until the stream has connected so often."""
        await wait_until(lambda: self.statuses.count(CONNECTED) >= times, seconds)

    async def wait_for_status(self, status: StreamStatus) -> None:
        """Wait for a status."""
        await wait_until(lambda: status in self.statuses)

    async def wait_for_renewals(self, count: int) -> None:
        """Wait until the token has been renewed so often, and is accepted."""
        await wait_until(
            lambda: self.stream.stats.renewals >= count and not self.token_rejected
        )

    async def wait_for_events(self, count: int) -> None:
        """Wait until so many events have arrived."""
        await wait_until(lambda: len(self.events) >= count)
