"""How long to wait before the next attempt, and how long a token lives."""

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


def test_first_delays() -> None:
    """Test that the first attempts are spread over half a second, and grow then."""
    for _ in range(50):
        backoff = Backoff()
        first, second = (backoff.next_delay(None) for _ in range(2))
        assert 0.5 <= first <= 1
        assert 4 <= second <= 5


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
    assert http.get_retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("token", "seconds"),
    [
        ("a.eyJpYXQiOjEwMCwiZXhwIjoxNjB9.c", 60),
        ("", 300),
        ("not a token", 300),
        ("a.b.c", 300),
        ("a.e30.c", 300),  # {}
        ("a.eyJpYXQiOjEsImV4cCI6MX0.c", 300),  # expires when it is issued
        ("a.eyJpYXQiOiIxIiwiZXhwIjoiMiJ9.c", 300),  # strings
        ("a.W10.c", 300),  # []
        ("a.ä.c", 300),
    ],
)
def test_lifetime(token: str, seconds: float) -> None:
    """Test that a token lives for `exp` less `iat`, else for five minutes."""
    assert http.jwt_lifetime(token) == seconds
