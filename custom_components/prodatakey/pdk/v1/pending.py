"""Commands that wait for their result. Section "Commands"."""

import asyncio
from dataclasses import dataclass

from ..errors import CommandError, CommandRejectedError

# How long the other commands may wait for theirs after a rejection, in seconds.
REJECTION_GRACE = 2.0


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
