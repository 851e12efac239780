"""How long to wait before each attempt to connect."""

from itertools import accumulate, islice, pairwise
import random

import pytest

from custom_components.prodatakey.pdk.back_off import BackOff, waits
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    RateLimitedError,
    StreamRefusedError,
)


def _first_attempts(seed: int) -> list[float]:
    random.seed(seed)
    return list(accumulate(islice(waits(), 20)))


def test_back_off() -> None:
    """Quick after a hiccup, and easy on a service that is down."""
    for seed in range(200):
        attempts = _first_attempts(seed)
        delays = [later - earlier for earlier, later in pairwise([0.0, *attempts])]
        assert 0 < delays[0] < 1
        assert max(delays) <= 60.001
        assert len([attempt for attempt in attempts if attempt <= 300]) <= 8
        assert min(delays[7:]) >= 59.999


def test_back_off_is_not_the_same_for_all() -> None:
    """A thousand sites must not come back in the same moment."""
    assert len({_first_attempts(seed)[0] for seed in range(20)}) == 20


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (CannotConnectError("x"), 0.0),
        (StreamRefusedError("x"), 0.0),
        (RateLimitedError(17), 17),
        (InvalidAuthError("x"), 60.0),
    ],
)
def test_some_failures_ask_for_patience(error: PdkError, seconds: float) -> None:
    """Wrong credentials do not become right by trying every few seconds."""
    wait = BackOff().after(error)
    assert wait == seconds if seconds else wait < 1
