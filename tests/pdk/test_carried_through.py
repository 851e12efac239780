"""Whoever asked for it leaves, and what was begun goes on."""

import asyncio

import pytest

from custom_components.prodatakey.pdk import carried_through as module
from custom_components.prodatakey.pdk.carried_through import carried_through


async def leave(caller: asyncio.Task[None]) -> None:
    """Let the caller of something leave while it is under way."""
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()


async def test_it_goes_on() -> None:
    """In its order, within each other, and then nothing of it is left."""
    gate, done = asyncio.Event(), list[str]()

    @carried_through
    async def inner() -> None:
        await gate.wait()
        done.append("inner")

    @carried_through
    async def outer() -> None:
        await inner()
        done.append("outer")

    await leave(asyncio.create_task(outer()))
    (task,) = module._under_way
    assert task
    gate.set()
    await task
    assert done == ["inner", "outer"]
    await asyncio.sleep(0)
    assert not module._under_way


async def test_what_it_gives() -> None:
    """A result and an error reach a caller who stays."""

    @carried_through
    async def half(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number // 2

    assert await half(4) == 2
    with pytest.raises(ValueError, match="3"):
        await half(3)


async def test_an_error_that_nobody_waits_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is no fault, and not logged as one."""
    gate = asyncio.Event()

    @carried_through
    async def fail() -> None:
        await gate.wait()
        raise ValueError

    await leave(asyncio.create_task(fail()))
    (task,) = module._under_way
    assert task
    gate.set()
    await asyncio.wait({task})
    await asyncio.sleep(0)
    del task
    assert not caplog.records
