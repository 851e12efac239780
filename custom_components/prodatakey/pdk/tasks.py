"""Tasks that nobody awaits: their exceptions are logged."""

import asyncio
from collections.abc import Coroutine
import logging
from traceback import format_tb
from typing import Any

from .errors import PdkError

_LOGGER = logging.getLogger(__name__)


def create_task[T](work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run something beside others; its exception is logged at its end."""
    task = asyncio.create_task(work)
    task.add_done_callback(log_failure)
    return task


def log_failure(task: asyncio.Task[Any]) -> None:
    """Log the exception of a task, as its done callback."""
    if task.cancelled() or (err := task.exception()) is None:
        return
    if isinstance(err, PdkError):
        _LOGGER.debug("%s: %s", type(err).__name__, err)
    else:
        log_exception(err)


def log_exception(err: BaseException) -> None:
    """Log where an error was raised, without its message, which may contain a token."""
    trace = "".join(format_tb(err.__traceback__))
    _LOGGER.error("Unexpected error: %s\n%s", type(err).__name__, trace)
