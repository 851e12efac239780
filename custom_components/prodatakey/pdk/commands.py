"""Commands of the Streaming API page (section "Commands"), and their results."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from .models import Aspect, DoorId

MIN_DWELL = 1
MAX_DWELL = 5400
# How long a command may wait for its result, in seconds.
ANSWER_TIMEOUT = 10.0

_tasks: set[asyncio.Task[Any]] = set()
_unsent: set[asyncio.Task[Any] | None] = set()
"""Tasks that have sent nothing so far, and end with their callers."""


async def run_to_completion[T](
    work: Coroutine[Any, Any, T], during: AbstractContextManager[None] | None = None
) -> T:
    """Return the result of a coroutine that completes even if the caller is cancelled.

    A command that was sent cannot be taken back, so its result must be handled. One that
    still waits, see `waiting_to_send`, is not sent. `during` is entered until the
    coroutine has completed.
    """
    if during is not None:
        work = _run_during(work, during)
    task = asyncio.create_task(work, eager_start=True)
    if not task.done():
        _tasks.add(task)
        task.add_done_callback(_discard)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            if task in _unsent:
                task.cancel()
            raise
    return task.result()


async def _run_during[T](
    work: Coroutine[Any, Any, T], during: AbstractContextManager[None]
) -> T:
    """Return the result of a coroutine that runs in a context."""
    with during:
        return await work


@contextmanager
def waiting_to_send() -> Iterator[None]:
    """Mark what this task waits for as before its command is sent."""
    task = asyncio.current_task()
    _unsent.add(task)
    try:
        yield
    finally:
        _unsent.discard(task)


def _discard(task: asyncio.Task[Any]) -> None:
    """Discard a task; its error is for the caller alone, who may have left."""
    _tasks.discard(task)
    if not task.cancelled():
        task.exception()


@dataclass(frozen=True)
class Command:
    """One command."""

    topic: ClassVar[str]

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {}

    def as_dict(self, command_id: str) -> dict[str, Any]:
        """Return what is sent to the panel, with the keys in the page's order."""
        return {"id": command_id, "topic": self.topic, "body": self.body()}


@dataclass(frozen=True)
class DoorCommand(Command):
    """A command for one door.

    `aspect` is what it changes, `value` what the aspect is once the panel has executed
    it; None where that is left to the panel.
    """

    aspect: ClassVar[Aspect] = Aspect.RELAY
    value: ClassVar[bool | None] = None
    door_id: DoorId

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"doorId": self.door_id}


class ActuateClose(DoorCommand):
    """Turn the relay off and leave it off: lock. Section door.actuate.close."""

    topic = "door.actuate.close"
    value = False


class ActuateOpen(DoorCommand):
    """Turn the relay on and leave it on: unlock. Section door.actuate.open."""

    topic = "door.actuate.open"
    value = True


class ActuateDoNotDisturb(DoorCommand):
    """Toggle do not disturb. Not idempotent. Section door.actuate.dnd."""

    topic = "door.actuate.dnd"
    aspect = Aspect.FORCE_CLOSE


class ActuateForceToggle(DoorCommand):
    """Toggle the relay and latch it. Not idempotent. Section door.actuate.forcetoggle."""

    topic = "door.actuate.forcetoggle"


class ClearForced(DoorCommand):
    """Clear the forced alarm. Section door.alarm.forced.clear."""

    topic = "door.alarm.forced.clear"
    aspect = Aspect.FORCED
    value = False


class TryOpen(DoorCommand):
    """Open for the door's own dwell time. Section door.try.open."""

    topic = "door.try.open"


@dataclass(frozen=True)
class TryDwellOpen(DoorCommand):
    """Open for `dwell` tenths of a second, 1 to 5400. Section door.try.dwellopen.

    Raises ValueError for any other dwell.
    """

    topic = "door.try.dwellopen"
    dwell: int

    def __post_init__(self) -> None:
        """Validate the dwell."""
        if not MIN_DWELL <= self.dwell <= MAX_DWELL:
            raise ValueError("dwell is 1 to 5400 tenths of a second")

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"doorId": self.door_id, "dwell": self.dwell}


class DiscoverEndpoints(Command):
    """Ask every wireless endpoint to report. Section endpoint.discover."""

    topic = "endpoint.discover"


@dataclass(frozen=True, kw_only=True)
class QuerySignal(Command):
    """Ask one endpoint for its last-hop signal. Section endpoint.querysignal.

    `actuate_relay` turns its signalling relay on for `relay_dwell`, whose unit is not
    documented.
    """

    topic = "endpoint.querysignal"
    io_link_id: int
    address: str
    actuate_relay: bool = False
    relay_dwell: int = 5

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {
            "ioLinkId": self.io_link_id,
            "address": self.address,
            "actuateRelay": self.actuate_relay,
            "relayDwell": self.relay_dwell,
        }


def to_dwell(seconds: float) -> int:
    """Return a dwell in tenths of a second, rounded to the nearest."""
    return round(seconds * 10)
