"""One HTTP request to pdk.io, with its failures as this package's errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
import time

import aiohttp

from .errors import CannotConnectError, PdkError, RateLimitedError
from .fields import loads

TIMEOUT = aiohttp.ClientTimeout(total=10)
# The reset is an absolute time on the server's clock: a wrong clock on either side
# must not silence the integration for hours.
LONGEST_WAIT = 300.0
SHORTEST_WAIT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A successful answer: its JSON and its headers."""

    body: object
    headers: Mapping[str, str]


async def request(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    authorization: str,
    refusals: Mapping[int, type[PdkError]],
    form: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request and return the JSON that it answers.

    Raises what `refusals` says of the HTTP status, RateLimitedError (429), and
    CannotConnectError for everything else that is not an answer.
    """
    try:
        async with session.request(
            method,
            url,
            headers={"Authorization": authorization},
            data=form,
            allow_redirects=False,
            timeout=TIMEOUT,
        ) as response:
            _raise_for_status(response.status, response.headers, refusals)
            return Reply(
                body=loads(await response.text("utf-8")), headers=response.headers
            )
    except (aiohttp.ClientError, OSError, ValueError) as err:
        # from None: aiohttp's errors carry the request, and that carries the token
        raise CannotConnectError(describe(err)) from None


def _raise_for_status(
    status: int, headers: Mapping[str, str], refusals: Mapping[int, type[PdkError]]
) -> None:
    """Raise the error that an HTTP status stands for, if it stands for one."""
    if status in (200, 201):
        return
    if status == 429:
        raise RateLimitedError(_seconds_until_reset(headers))
    raise refusals.get(status, CannotConnectError)(f"HTTP {status}")


def describe(err: Exception) -> str:
    """Say what happened in words that cannot hold a URL or a token."""
    match err:
        case aiohttp.ClientConnectorError():
            return f"{type(err).__name__}: {err.os_error.strerror or err.os_error}"
        case TimeoutError():
            return "no answer in time"
        case aiohttp.WSServerHandshakeError():
            return f"HTTP {err.status}"
        case aiohttp.InvalidURL():
            return "the address is not a URL"
        case ValueError():
            return "the answer is not JSON"
        case _:
            return type(err).__name__


def _seconds_until_reset(headers: Mapping[str, str]) -> float:
    """Return how long the server asks to wait, by its own clock where it tells it."""
    try:
        reset = float(headers["X-RateLimit-Reset"])
    except KeyError, ValueError:
        return SHORTEST_WAIT
    # in this order, as "nan" is a number too: it comes out as the shortest
    return max(SHORTEST_WAIT, min(reset - _server_time(headers), LONGEST_WAIT))


def _server_time(headers: Mapping[str, str]) -> float:
    """Return the time of the answer in epoch seconds."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except KeyError, ValueError:
        return time.time()
