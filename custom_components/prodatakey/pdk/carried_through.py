"""Work that goes on although whoever asked for it has left."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

_under_way: set[asyncio.Task[Any] | None] = set()


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
        outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        carrying = _carry(work(*args, **kwargs), outcome)
        asyncio.create_task(carrying, eager_start=True)  # noqa: RUF006 - it keeps itself
        return await outcome

    return carried


async def _carry[T](work: Coroutine[Any, Any, T], outcome: asyncio.Future[T]) -> None:
    """Work, and tell the outcome to whoever has stayed; an error is theirs alone."""
    task = asyncio.current_task()
    _under_way.add(task)
    try:
        result = await work
    except asyncio.CancelledError:
        outcome.cancel()
        raise
    except Exception as err:  # noqa: BLE001 - it is passed on
        if not outcome.done():
            outcome.set_exception(err)
    else:
        if not outcome.done():
            outcome.set_result(result)
    finally:
        _under_way.discard(task)
