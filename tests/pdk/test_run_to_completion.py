"""What was begun is completed, although its caller is cancelled."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.commands import run_to_completion


@pytest.mark.parametrize("cancelled", [True, False])
@pytest.mark.parametrize("fails", [False, True])
async def test_run_to_completion(
    fails: bool, cancelled: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Test nested calls; a caller who waits gets the outcome, and nothing is logged."""
    before = asyncio.all_tasks()
    gate, done = asyncio.Event(), list[str]()

    @carried_through
    async def inner() -> str:
        await gate.wait()
        done.append("work")
        if fails:
            raise ValueError
        return "result"

    @carried_through
    async def outer() -> str:
        try:
            return await inner()
        finally:
            done.append("outer")

    caller = asyncio.create_task(outer())
    await asyncio.sleep(0)
    if cancelled:
        caller.cancel()
        await asyncio.wait({caller})
        assert caller.cancelled()
    gate.set()
    await asyncio.wait(
        {caller, *(asyncio.all_tasks() - before)} - {asyncio.current_task()}
    )
    assert done == ["inner", "outer"]
    assert asyncio.all_tasks() == before
    if not cancelled and fails:
        with pytest.raises(ValueError):
            caller.result()
    elif not cancelled:
        assert caller.result() == "result"
    await asyncio.sleep(0)
    assert not caplog.records
