"""Commands of the Streaming API page (section "Commands"), and their results."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar

from .errors import CommandError, CommandRejectedError
from .models import Aspect, DoorId

MIN_DWELL = 1
MAX_DWELL = 5400
# How long a command may wait for its result, in seconds.
ANSWER_TIMEOUT = 10.0
# How long the other commands may wait for theirs after a rejection, in seconds.
REJECTION_GRACE = 2.0

_tasks: set[asyncio.Task[Any]] = set()


async def run_to_completion[T](work: Coroutine[Any, Any, T]) -> T:
    """Return the result of a coroutine that completes even if the caller is cancelled.

    A command that was sent cannot be taken back, so its result must be handled.
    """
    task = asyncio.create_task(work, eager_start=True)
    if not task.done():
        _tasks.add(task)
        task.add_done_callback(_discard)
        await asyncio.wait({task})
    return task.result()


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


@dataclass(frozen=True, slots=True)
class _Rejection:
    """A `serverError`, the commands that it may be about, and the end of its grace."""

    message: str
    candidates: frozenset[str]
    end: asyncio.TimerHandle


class PendingCommands:
    """The commands of one connection that wait for their result.

    `command.result.succeed` names its command. `serverError` names none, so with several
    pending commands the results of the others show which one was rejected.
    """

    def __init__(self) -> None:
        """Initialize without pending commands."""
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._rejections: list[_Rejection] = []

    def __bool__(self) -> bool:
        """Return whether any command is pending."""
        return bool(self._pending)

    def add(self, command_id: str) -> asyncio.Future[None]:
        """Return the future result of a command: None, or a CommandError."""
        result = asyncio.get_running_loop().create_future()
        self._pending[command_id] = result
        return result

    def discard(self, command_id: str) -> None:
        """Stop waiting for a command."""
        self._pending.pop(command_id, None)

    def succeed(self, command_id: str) -> None:
        """Handle the success of a command."""
        if (result := self._pending.pop(command_id, None)) and not result.done():
            result.set_result(None)
        self._match_rejections()

    def reject(self, message: str) -> None:
        """Handle a rejection, which names no command."""
        if not self._pending:
            return
        end = asyncio.get_running_loop().call_later(REJECTION_GRACE, self._end_grace)
        self._rejections.append(_Rejection(message, frozenset(self._pending), end))
        self._match_rejections()

    def fail_all(self, error: CommandError) -> None:
        """Fail all pending commands: the connection has ended."""
        for rejection in self._rejections:
            rejection.end.cancel()
        self._rejections.clear()
        for command_id in list(self._pending):
            self._fail(command_id, error)

    def _match_rejections(self) -> None:
        """Fail the pending commands once their number equals the number of rejections."""
        unanswered = self._candidates()
        if len(unanswered) > len(self._rejections):
            return
        for rejection in self._rejections:
            rejection.end.cancel()
        for command_id, rejection in zip(unanswered, self._rejections, strict=False):
            self._fail(command_id, CommandRejectedError(rejection.message))
        self._rejections.clear()

    def _candidates(self) -> list[str]:
        """Return the commands that the rejections may be about, oldest first."""
        named = frozenset[str]().union(*(r.candidates for r in self._rejections))
        return [command_id for command_id in self._pending if command_id in named]

    def _end_grace(self) -> None:
        """Fail all candidates of the oldest rejection: the others had time to succeed."""
        rejection = self._rejections.pop(0)
        for command_id in rejection.candidates:
            self._fail(command_id, CommandRejectedError(rejection.message))

    def _fail(self, command_id: str, error: CommandError) -> None:
        """Fail one command."""
        result = self._pending.pop(command_id, None)
        if result is not None and not result.done():
            result.set_exception(error)
