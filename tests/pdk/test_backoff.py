"""How long to wait before the next attempt."""

from itertools import accumulate, islice, pairwise
import random

import pytest

from custom_components.prodatakey.pdk import http
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    RateLimitedError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.reconnect import Backoff


def _first_attempts(seed: int) -> list[float]:
    """Return the times of the first attempts of an outage."""
    random.seed(seed)
    backoff = Backoff()
    return list(accumulate(backoff.next_delay(None) for _ in range(20)))


def test_delays() -> None:
    """Test a first attempt within a second, and eight within five minutes, then 60 s."""
    for seed in range(200):
        attempts = _first_attempts(seed)
        delays = [later - earlier for earlier, later in pairwise([0.0, *attempts])]
        assert 0 < delays[0] < 1
        assert max(delays) <= 60.001
        assert len([attempt for attempt in attempts if attempt <= 300]) <= 8
        assert min(islice(delays, 7, None)) >= 59.999
    # a thousand sites do not come back at the same moment
    assert len({_first_attempts(seed)[0] for seed in range(20)}) == 20


def _confirmed(error: InvalidAuthError) -> InvalidAuthError:
    """Return the error of a second rejection."""
    error.confirmed = True
    return error


@pytest.mark.parametrize(
    ("error", "low", "high"),
    [
        (CannotConnectError("x"), 0, 1),
        (StreamRefusedError("x"), 0, 1),
        (RateLimitedError(17), 17, 17),
        (InvalidAuthError("x"), 0, 1),
        (_confirmed(InvalidAuthError("x")), 60, 60),
    ],
)
def test_delay_after_an_error(error: PdkError, low: float, high: float) -> None:
    """Test that a rate limit and rejected credentials delay even the first attempt."""
    assert low <= Backoff().next_delay(error) <= high


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "1000007", "Date": "Mon, 12 Jan 1970 13:46:40 GMT"}, 7),
        ({"X-RateLimit-Reset": "999000", "Date": "Mon, 12 Jan 1970 13:46:40 GMT"}, 1),
        ({"X-RateLimit-Reset": "9e9", "Date": "Mon, 12 Jan 1970 13:46:40 GMT"}, 300),
        ({"X-RateLimit-Reset": "9e9", "Date": "yesterday"}, 300),
        ({"X-RateLimit-Reset": "9e9"}, 300),
        ({"X-RateLimit-Reset": "inf"}, 300),
        ({"X-RateLimit-Reset": "nan"}, 1),
        ({"X-RateLimit-Reset": "soon"}, 1),
        ({}, 1),
    ],
)
def test_reset_by_the_servers_clock(headers: dict[str, str], seconds: float) -> None:
    """Test that a wrong clock does not stop requests for hours."""
    assert http._retry_after(headers) == seconds
