"""Which of the commands under way an answer means."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.answers import Answers
from custom_components.prodatakey.pdk.errors import (
    CommandRefusedError,
    CommandUnansweredError,
)

from .common import wait_for


@pytest.fixture
def answers() -> Answers:
    """Return an empty book of commands."""
    return Answers()


def _refusal(answer: asyncio.Future[None]) -> str | None:
    """Return the words with which a command was refused."""
    if not answer.done():
        return None
    error = answer.exception()
    assert isinstance(error, CommandRefusedError)
    return str(error)


async def test_result_names_its_command(answers: Answers) -> None:
    """Results may come in any order."""
    first, second = answers.expect("1"), answers.expect("2")
    answers.succeeded("2")
    assert second.done() and second.result() is None
    assert not first.done()
    answers.succeeded("1")
    assert first.done() and first.result() is None


async def test_only_command_under_way_is_the_refused_one(answers: Answers) -> None:
    """No reason to wait."""
    answer = answers.expect("1")
    answers.refused("No.")
    assert _refusal(answer) == "No."


@pytest.mark.parametrize("refused_after", [0, 1, 22, 23, 48, 49])
async def test_one_of_fifty_is_refused(answers: Answers, refused_after: int) -> None:
    """Wherever the refusal stands among the results, the right one fails."""
    under_way = {str(number): answers.expect(str(number)) for number in range(50)}
    others = [number for number in under_way if number != "23"]
    for count, number in enumerate(others):
        if count == refused_after:
            answers.refused("No.")
        answers.succeeded(number)
    if refused_after == len(others):
        answers.refused("No.")
    assert _refusal(under_way.pop("23")) == "No."
    assert all(answer.result() is None for answer in under_way.values())


async def test_two_refusals_wait_for_the_third(answers: Answers) -> None:
    """Only once as many are unanswered as were refused can they be told apart."""
    first, second, third = (answers.expect(number) for number in "123")
    answers.refused("Not you.")
    answers.refused("Nor you.")
    assert not any(answer.done() for answer in (first, second, third))
    answers.succeeded("2")
    assert second.result() is None
    assert (_refusal(first), _refusal(third)) == ("Not you.", "Nor you.")


async def test_command_sent_after_a_refusal_is_not_meant(answers: Answers) -> None:
    """Somebody is faster than the panel: what he sends then is not what it refused."""
    first, second = answers.expect("1"), answers.expect("2")
    answers.refused("No.")
    late = answers.expect("3")
    answers.succeeded("1")
    assert _refusal(second) == "No."
    assert first.result() is None
    assert not late.done()


async def test_others_stay_silent(
    answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was refused and the other lost: neither may be told to have worked."""
    monkeypatch.setattr("custom_components.prodatakey.pdk.answers.SETTLE", 0.05)
    first, second = answers.expect("1"), answers.expect("2")
    answers.refused("No.")
    late = answers.expect("3")
    await wait_for(lambda: first.done() and second.done())
    assert (_refusal(first), _refusal(second)) == ("No.", "No.")
    assert not late.done()


async def test_command_given_up_meanwhile(answers: Answers) -> None:
    """A command that nobody waits for any more does not hold up the others."""
    first, second = answers.expect("1"), answers.expect("2")
    answers.forget("1")
    answers.refused("No.")
    assert not first.done()
    assert _refusal(second) == "No."


async def test_end_of_the_connection(answers: Answers) -> None:
    """Nothing can be answered any more, and nothing stays behind."""
    under_way = [answers.expect(number) for number in "12"]
    answers.refused("No.")
    answers.end(CommandUnansweredError())
    for answer in under_way:
        assert isinstance(answer.exception(), CommandUnansweredError)
    assert answers._under_way == {}
    assert answers._refusals == []


async def test_answers_to_nothing(answers: Answers) -> None:
    """A result of somebody else's command, a refusal when nothing was sent."""
    answers.succeeded("1")
    answers.refused("No.")
    assert not answers.expect("1").done()


async def test_caller_has_left(answers: Answers) -> None:
    """Cancelled while waiting: the answer is for nobody."""
    first, second = answers.expect("1"), answers.expect("2")
    first.cancel()
    answers.succeeded("1")
    answers.refused("No.")
    assert _refusal(second) == "No."
