"""Work that goes on although whoever asked for it has left."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

_under_way: set[asyncio.Task[Any]] = set()


def carried_through[**P, T](
    work: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make a coroutine function go on to its end if its caller is cancelled.

    A command that was sent is under way, be there somebody who waits for it or not.
    """

    @wraps(work)
    async def carried(*args: P.args, **kwargs: P.kwargs) -> T:
        if asyncio.current_task() in _under_way:
            return await work(*args, **kwargs)
        task = asyncio.create_task(_noted(work(*args, **kwargs)), eager_start=True)
        task.add_done_callback(_forget)
        await asyncio.wait({task})
        return task.result()

    return carried


async def _noted[T](work: Coroutine[Any, Any, T]) -> T:
    """Do the work in a task that is known to be carried through."""
    if (task := asyncio.current_task()) is not None:
        _under_way.add(task)
    return await work


def _forget(task: asyncio.Task[Any]) -> None:
    """Forget work that has ended; an error that nobody waited for ends here."""
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()
