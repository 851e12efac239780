"""HTTP requests to pdk.io: errors, rate limits and tokens."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
import math
import socket
import struct
import time

import aiohttp
import orjson

from .errors import CannotConnectError, PdkError, RateLimitedError
from .parser import loads

TIMEOUT = aiohttp.ClientTimeout(total=10)
# The reset is an absolute time on the server's clock: a wrong clock on either side
# must not stop all requests for hours.
MIN_RETRY_AFTER = 1.0
MAX_RETRY_AFTER = 300.0
# Tokens are renewed after this part of their lifetime.
RENEW_AT = 0.9
DEFAULT_LIFETIME = 300.0

# SO_LINGER with a timeout of 0: closing resets the connection, and drops unsent data.
_RESET = struct.pack("ii", 1, 0)
_NO_RESET = struct.pack("ii", 0, 0)

# A page of a hundred devices has a tenth of it.
MAX_ANSWER_SIZE = 2 * 1024 * 1024
# The error that an HTTP status means for one kind of request.
type StatusErrors = Mapping[int, type[PdkError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A successful response: its JSON with the number of its characters, and its headers."""

    body: object
    headers: Mapping[str, str]
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token with its lifetime in seconds; `received` is monotonic time."""

    value: str = field(repr=False)
    received: float
    lifetime: float

    @property
    def seconds_to_renewal(self) -> float:
        """Return the seconds left until it should be renewed; negative when overdue."""
        return self.received + RENEW_AT * self.lifetime - time.monotonic()

    @property
    def seconds_to_end(self) -> float:
        """Return the seconds left until it expires; negative when expired."""
        return self.received + self.lifetime - time.monotonic()

    @property
    def has_expired(self) -> bool:
        """Return whether it has expired."""
        return self.seconds_to_end <= 0

    @property
    def bearer(self) -> str:
        """Return the value of the Authorization header."""
        return f"Bearer {self.value}"


def jwt_lifetime(token: str) -> float:
    """Return the lifetime of a JWT in seconds, from its `iat` and `exp`."""
    try:
        part = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return parse_lifetime(claims["exp"] - claims["iat"])
    except IndexError, KeyError, TypeError, ValueError:
        return DEFAULT_LIFETIME


def parse_lifetime(seconds: object) -> float:
    """Return a lifetime in seconds, the documented one if it is not a number."""
    if isinstance(seconds, int | float) and seconds > 0:
        return float(seconds)
    return DEFAULT_LIFETIME


async def request(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    authorization: str,
    status_errors: StatusErrors,
    form: Mapping[str, str] | None = None,
) -> Response:
    """Send one request and return the JSON of the response.

    Raises the error of `status_errors` for its HTTP status, RateLimitedError for 429,
    and CannotConnectError for everything else that is not a response.
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
            _raise_for_status(response.status, response.headers, status_errors)
            text = await _read_text(response)
            return Response(body=loads(text), size=len(text), headers=response.headers)
    except (aiohttp.ClientError, OSError, ValueError) as err:
        # from None: aiohttp's errors contain the request, and the request the token
        raise CannotConnectError(describe_error(err)) from None


async def _read_text(response: aiohttp.ClientResponse) -> str:
    """Return the text of a response. Raises CannotConnectError if it is too large.

    It is unpacked in small parts: a few kilobytes may unpack to gigabytes.
    """
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > MAX_ANSWER_SIZE:
            raise CannotConnectError("the answer is too large")
    return body.decode()


def set_reset_on_close(transport: asyncio.BaseTransport, *, enabled: bool) -> None:
    """Let the kernel reset a connection that is closed, and drop what is unsent.

    However it is closed: also by aiohttp, by the end of the event loop, or with the
    process that is killed.
    """
    tcp = transport.get_extra_info("socket")
    if tcp is not None and tcp.fileno() >= 0:
        linger = _RESET if enabled else _NO_RESET
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def abort(transport: asyncio.WriteTransport) -> None:
    """Reset a connection, so that nothing unsent arrives later.

    Not close(): the closing handshake would keep the connection open.
    """
    set_reset_on_close(transport, enabled=True)
    transport.abort()


class Pacer:
    """Allow some requests at once, and space the others evenly."""

    def __init__(self, at_once: int, per_second: int) -> None:
        """Initialize with the number of requests at once, and per second after that."""
        self._interval = 1 / per_second
        self._allowance = (at_once - 1) / per_second
        self._next = 0.0
        self._lock = asyncio.Lock()

    async def wait(self, max_wait: float = math.inf) -> None:
        """Wait for this request's turn; requests keep their order.

        One that is cancelled while others are before it takes no time of theirs. Raises
        RateLimitedError if, once it is the first, the turn is more than `max_wait` seconds
        away.
        """
        async with self._lock:
            received = asyncio.get_running_loop().time()
            turn = max(self._next, received - self._allowance)
            if turn - received > max_wait:
                raise RateLimitedError(turn - received)
            if turn > received:
                await asyncio.sleep(turn - received)
            self._next = max(self._next, turn + self._interval)

    def block(self, seconds: float) -> None:
        """Let no request have its turn for so long, except one that waits for it now."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)


def _raise_for_status(
    status: int, headers: Mapping[str, str], status_errors: StatusErrors
) -> None:
    """Raise the error for an HTTP status that is not a success."""
    if status in (200, 201):
        return
    if status == 429:
        raise RateLimitedError(get_retry_after(headers))
    raise status_errors.get(status, CannotConnectError)(f"HTTP {status}")


def describe_error(err: Exception) -> str:
    """Return a description that cannot contain a URL or a token."""
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


def get_retry_after(headers: Mapping[str, str]) -> float:
    """Return how many seconds the server asks to wait, by its own clock if it sends it."""
    try:
        reset = float(headers["X-RateLimit-Reset"])
    except KeyError, ValueError:
        return MIN_RETRY_AFTER
    # min before max: float("nan") then becomes MIN_RETRY_AFTER
    return max(MIN_RETRY_AFTER, min(reset - _server_time(headers), MAX_RETRY_AFTER))


def _server_time(headers: Mapping[str, str]) -> float:
    """Return the time of the response in epoch seconds."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp()
    except KeyError, ValueError, OverflowError:
        return time.time()
