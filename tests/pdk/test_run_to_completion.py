"""What was begun is completed, although its caller is cancelled."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.carried_through import carried_through


@pytest.mark.parametrize("fails", [False, True])
async def test_caller_is_cancelled(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that nested calls are completed in order, and that nothing is logged."""
    before = asyncio.all_tasks()
    gate, done = asyncio.Event(), list[str]()

    @carried_through
    async def inner() -> None:
        await gate.wait()
        done.append("inner")
        if fails:
            raise ValueError

    @carried_through
    async def outer() -> None:
        try:
            await inner()
        finally:
            done.append("outer")

    caller = asyncio.create_task(outer())
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()
    tasks = asyncio.all_tasks() - before
    assert tasks
    gate.set()
    await asyncio.wait(tasks)
    assert done == ["inner", "outer"]
    assert asyncio.all_tasks() == before
    del tasks
    await asyncio.sleep(0)
    assert not caplog.records


async def test_result() -> None:
    """Test that a caller who waits gets the result or the error."""

    @carried_through
    async def half(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number // 2

    assert await half(4) == 2
    with pytest.raises(ValueError, match="3"):
        await half(3)
