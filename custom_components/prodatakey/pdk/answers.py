"""Which command an answer belongs to.

`command.result.succeed` names its command. `serverError` names none, so with several
commands under way the answers of the others have to tell which one was refused.
"""

import asyncio
from dataclasses import dataclass

from .errors import CommandError, CommandRefusedError

# How long the others may take to answer after a refusal, in seconds.
SETTLE = 2.0


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A refusal, the commands that it may mean, and when waiting for others ends."""

    message: str
    candidates: frozenset[str]
    end: asyncio.TimerHandle


class Answers:
    """The commands under way on one connection."""

    def __init__(self) -> None:
        """Start with nothing under way."""
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._refusals: list[_Refusal] = []

    @property
    def awaited(self) -> bool:
        """Return whether any command is under way."""
        return bool(self._under_way)

    def expect(self, command_id: str) -> asyncio.Future[None]:
        """Return the answer to a command: a result of None, or a CommandError."""
        answer = asyncio.get_running_loop().create_future()
        self._under_way[command_id] = answer
        return answer

    def forget(self, command_id: str) -> None:
        """Wait for this command no longer."""
        self._under_way.pop(command_id, None)

    def succeeded(self, command_id: str) -> None:
        """Take the panel's word that a command was carried out."""
        if (answer := self._under_way.pop(command_id, None)) and not answer.done():
            answer.set_result(None)
        self._settle()

    def refused(self, message: str) -> None:
        """Take a refusal that names no command."""
        if not self._under_way:
            return
        end = asyncio.get_running_loop().call_later(SETTLE, self._give_up)
        self._refusals.append(_Refusal(message, frozenset(self._under_way), end))
        self._settle()

    def end(self, error: CommandError) -> None:
        """Fail everything under way: no answer can come any more."""
        for refusal in self._refusals:
            refusal.end.cancel()
        self._refusals.clear()
        for command_id in list(self._under_way):
            self._fail(command_id, error)

    def _settle(self) -> None:
        """Tell the refused apart once only as many are unanswered as were refused."""
        unanswered = self._unanswered()
        if len(unanswered) > len(self._refusals):
            return
        for refusal in self._refusals:
            refusal.end.cancel()
        for command_id, refusal in zip(unanswered, self._refusals, strict=False):
            self._fail(command_id, CommandRefusedError(refusal.message))
        self._refusals.clear()

    def _unanswered(self) -> list[str]:
        """Return the commands that the refusals may mean, in the order of sending."""
        meant = frozenset[str]().union(*(r.candidates for r in self._refusals))
        return [command_id for command_id in self._under_way if command_id in meant]

    def _give_up(self) -> None:
        """Fail what the oldest refusal may mean: the others have had their time."""
        refusal = self._refusals.pop(0)
        for command_id in refusal.candidates:
            self._fail(command_id, CommandRefusedError(refusal.message))

    def _fail(self, command_id: str, error: CommandError) -> None:
        """End one command with an error."""
        answer = self._under_way.pop(command_id, None)
        if answer is not None and not answer.done():
            answer.set_exception(error)
