"""What was begun is completed, although its caller is cancelled."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.commands import run_to_completion


@pytest.mark.parametrize("fails", [False, True])
async def test_caller_is_cancelled(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that the work is completed, and that nothing is logged."""
    before = asyncio.all_tasks()
    gate, done = asyncio.Event(), list[str]()

    async def work() -> None:
        await gate.wait()
        done.append("work")
        if fails:
            raise ValueError

    caller = asyncio.create_task(run_to_completion(work()))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()
    tasks = asyncio.all_tasks() - before
    assert tasks
    gate.set()
    await asyncio.wait(tasks)
    assert done == ["work"]
    assert asyncio.all_tasks() == before
    del tasks
    await asyncio.sleep(0)
    assert not caplog.records


async def test_result() -> None:
    """Test that a caller who waits gets the result or the error."""

    async def half(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number // 2

    assert await run_to_completion(half(4)) == 2
    with pytest.raises(ValueError, match="3"):
        await run_to_completion(half(3))
