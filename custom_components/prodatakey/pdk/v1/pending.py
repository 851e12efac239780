"""Commands that wait for their result. Section "Commands"."""

import asyncio
from bisect import bisect_left
from dataclasses import dataclass

from ..clock import now
from ..errors import (
    CommandError,
    CommandRejectedError,
    CommandUnansweredError,
    MaybeRejectedError,
)

# So many commands that nobody waits for any more may still be answered.
MAX_GIVEN_UP = 100


@dataclass(frozen=True, slots=True)
class _Sent:
    """A command without an answer; its result is done once nobody waits for it."""

    number: int
    at: float
    """When it was sent, as `clock.now`."""
    result: asyncio.Future[None]


@dataclass(frozen=True, slots=True)
class _Rejection:
    """A `serverError`; it is about a command with a lower number than `before`."""

    message: str
    before: int


class PendingCommands:
    """The commands of one connection that the panel has not answered.

    `command.result.succeed` names its command. `serverError` names none: it is certain
    which commands were rejected once as many are left as rejections came. A command that
    nobody waits for any more is still one of them: its answer may come late.
    """

    def __init__(self) -> None:
        """Initialize without commands."""
        self._unanswered: dict[str, _Sent] = {}
        self._rejections: list[_Rejection] = []
        self._count = 0

    def __bool__(self) -> bool:
        """Return whether somebody waits for a result."""
        return any(not sent.result.done() for sent in self._unanswered.values())

    @property
    def unanswered(self) -> int:
        """Return how many commands the panel may still answer."""
        return len(self._unanswered)

    def add(self, command_id: str) -> asyncio.Future[None]:
        """Return the future result of a command: None, or a CommandError."""
        result = asyncio.get_running_loop().create_future()
        self._unanswered[command_id] = _Sent(self._count, now(), result)
        self._count += 1
        return result

    def discard(self, command_id: str) -> None:
        """Forget a command that was not sent."""
        if sent := self._unanswered.pop(command_id, None):
            sent.result.cancel()

    def give_up(self, command_id: str) -> CommandUnansweredError:
        """Stop waiting for the result of a command; return the error for its caller."""
        sent = self._unanswered[command_id]
        sent.result.cancel()
        error = self._unanswered_error(sent)
        given_up = [key for key, each in self._unanswered.items() if each.result.done()]
        for forgotten in given_up[:-MAX_GIVEN_UP]:
            del self._unanswered[forgotten]
        return error

    def succeed(self, command_id: str) -> float | None:
        """Handle the success of a command; return when it was sent, if it is ours."""
        if (sent := self._unanswered.pop(command_id, None)) is None:
            return None
        if not sent.result.done():
            sent.result.set_result(None)
        self._match_rejections()
        return sent.at

    def reject(self, message: str) -> None:
        """Handle a rejection, which names no command."""
        self._rejections.append(_Rejection(message, self._count))
        self._match_rejections()

    def fail_all(self) -> None:
        """Fail all commands: the connection has ended, and no answer comes any more."""
        for command_id, sent in list(self._unanswered.items()):
            self._fail(command_id, self._unanswered_error(sent))
        self._rejections.clear()

    def _match_rejections(self) -> None:
        """Fail the commands that were rejected for certain, with the oldest rejections.

        That are all that were sent before a rejection, once they are no more than the
        rejections until then. A rejection that is about none of them is dropped.
        """
        if not self._rejections:
            return
        numbers = [sent.number for sent in self._unanswered.values()]
        matched = candidates = 0
        for count, rejection in enumerate(self._rejections, start=1):
            sent_before = bisect_left(numbers, rejection.before)
            if sent_before <= count:
                matched, candidates = count, sent_before
        rejections = self._rejections[matched - candidates : matched]
        del self._rejections[:matched]
        for command_id, rejection in zip(
            list(self._unanswered), rejections, strict=False
        ):
            self._fail(command_id, CommandRejectedError(rejection.message))

    def _unanswered_error(self, sent: _Sent) -> CommandUnansweredError:
        """Return the error for a command, with the rejections that may be about it."""
        messages = (r.message for r in self._rejections if sent.number < r.before)
        if reason := " / ".join(dict.fromkeys(messages)):
            return MaybeRejectedError(reason)
        return CommandUnansweredError()

    def _fail(self, command_id: str, error: CommandError) -> None:
        """Fail one command."""
        sent = self._unanswered.pop(command_id)
        if not sent.result.done():
            sent.result.set_exception(error)
