"""Commands as the panel receives them, and which of them an answer means."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.commands import (
    QuerySignal,
    TryDwellOpen,
    run_to_completion,
)
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    CommandUnansweredError,
    MaybeRejectedError,
)
from custom_components.prodatakey.pdk.v1.pending import MAX_GIVEN_UP, PendingCommands

ADDRESS = "0013a200400a393b"


def test_body() -> None:
    """Test the body of a command that the documentation has no sample of."""
    command = QuerySignal(
        io_link_id=2, address=ADDRESS, actuate_relay=True, relay_dwell=9
    )
    assert command.body() == {
        "ioLinkId": 2,
        "address": ADDRESS,
        "actuateRelay": True,
        "relayDwell": 9,
    }


@pytest.mark.parametrize("dwell", [-1, 0, 5401])
def test_dwell_out_of_bounds(dwell: int) -> None:
    """Test that a dwell out of bounds is never sent: the door might stay open."""
    with pytest.raises(ValueError, match="dwell"):
        TryDwellOpen(door_id=1, dwell=dwell)
    for valid in (1, 5400):
        assert TryDwellOpen(door_id=1, dwell=valid).body() == {
            "doorId": 1,
            "dwell": valid,
        }


# Which command an answer means


@pytest.fixture
def pending() -> PendingCommands:
    """Return the pending commands of a connection: none."""
    return PendingCommands()


def _rejection(answer: asyncio.Future[None]) -> str | None:
    """Return the panel's message to a rejected command."""
    if not answer.done():
        return None
    error = answer.exception()
    assert isinstance(error, CommandRejectedError)
    return str(error)


async def test_result_names_its_command(pending: PendingCommands) -> None:
    """Test results in another order, of unknown commands and without any command."""
    pending.succeed("1")
    pending.reject("No.")
    first, second = pending.add("1"), pending.add("2")
    pending.succeed("2")
    assert second.done() and second.result() is None
    assert not first.done()
    pending.succeed("1")
    assert first.done() and first.result() is None
    pending.add("3")
    third = pending.add("3")
    pending.reject("No.")
    assert _rejection(third) == "No."


@pytest.mark.parametrize("rejected_after", [0, 1, 22, 23, 48, 49])
async def test_one_of_fifty_is_rejected(
    pending: PendingCommands, rejected_after: int
) -> None:
    """Test that the right one of fifty commands fails, wherever the rejection comes."""
    answers = {str(number): pending.add(str(number)) for number in range(50)}
    rejected = answers.pop("23")
    for count, number in enumerate(answers):
        if count == rejected_after:
            pending.reject("No.")
        pending.succeed(number)
    if rejected_after == len(answers):
        pending.reject("No.")
    assert _rejection(rejected) == "No."
    assert all(answer.result() is None for answer in answers.values())


async def test_two_of_three_are_rejected(pending: PendingCommands) -> None:
    """Test that two rejections of three commands wait for the third command's result."""
    first, second, third = (pending.add(number) for number in "123")
    pending.reject("Not you.")
    pending.reject("Nor you.")
    assert not any(answer.done() for answer in (first, second, third))
    pending.succeed("2")
    assert second.result() is None
    assert (_rejection(first), _rejection(third)) == ("Not you.", "Nor you.")


async def test_command_after_a_rejection_is_not_meant(pending: PendingCommands) -> None:
    """Test that a rejection is not about a command that was sent after it."""
    first, second = pending.add("1"), pending.add("2")
    pending.reject("No.")
    later = pending.add("3")
    pending.succeed("1")
    assert first.result() is None
    assert _rejection(second) == "No."
    pending.succeed("3")
    assert later.result() is None


async def test_rejections_before_and_after_a_command(pending: PendingCommands) -> None:
    """Test that one result can tell several rejections apart."""
    first, second = pending.add("1"), pending.add("2")
    pending.reject("Not 2.")
    third = pending.add("3")
    pending.reject("Not 3.")
    assert not any(answer.done() for answer in (first, second, third))
    pending.succeed("1")
    assert (_rejection(second), _rejection(third)) == ("Not 2.", "Not 3.")


async def test_rejection_that_nobody_can_tell(pending: PendingCommands) -> None:
    """Test that an ambiguous rejection is not assigned: the panel's words go to all.

    A command that nobody waits for any more may still be the one that was rejected.
    """
    pending.reject("Nothing was sent yet.")
    first, second = pending.add("1"), pending.add("2")
    pending.reject("No.")
    late = pending.give_up("1")
    assert isinstance(late, MaybeRejectedError)
    assert str(late) == "No."
    assert first.cancelled() and not second.done()
    third = pending.add("3")
    pending.succeed("2")
    assert second.result() is None
    pending.reject("Not 3.")
    assert _rejection(third) == "Not 3."
    assert not pending


async def test_late_rejection(pending: PendingCommands) -> None:
    """Test that the late rejection of a command does not fail the next one."""
    pending.add("1")
    assert type(pending.give_up("1")) is CommandUnansweredError
    second = pending.add("2")
    pending.reject("Not 1.")
    assert not second.done()
    pending.succeed("2")
    assert second.result() is None
    for number in range(3, 500):
        pending.add(str(number))
        pending.give_up(str(number))
    assert len(pending._unanswered) == MAX_GIVEN_UP


async def test_connection_ends(pending: PendingCommands) -> None:
    """Test that the end of the connection fails all pending commands."""
    first, second = (pending.add(number) for number in "12")
    pending.add("3")
    pending.give_up("3")
    for _ in range(2):
        pending.reject("No.")
    pending.fail_all()
    for answer in (first, second):
        assert isinstance(answer.exception(), MaybeRejectedError)
        assert str(answer.exception()) == "No."
    assert not pending
    later = pending.add("4")
    pending.reject("Not 4.")
    assert _rejection(later) == "Not 4."


@pytest.mark.parametrize("fails", [False, True])
async def test_caller_is_cancelled(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that the work of a cancelled caller is completed, without a log line."""
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
