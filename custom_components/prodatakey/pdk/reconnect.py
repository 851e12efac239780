"""Backoff between connection attempts, and the renewal of a connection's token."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
import random
import time

from .client import SiteClient
from .errors import (
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    RateLimitedError,
    StreamRefusedError,
)
from .http import Token

# 4 s after 1 s keeps the first five minutes of an outage at eight attempts.
BACKOFF_DELAYS = (1.0, 4.0, 8.0, 16.0, 32.0)
MAX_BACKOFF = 60.0
# A connection is stable once it has lasted longer than the delay before it, and at
# least this long, in seconds.
STABLE_AFTER = 10.0

MIN_TOKEN_LIFETIME = 1.0
# For this long after a renewal, in seconds, the panel may still reject the old token.
RENEWAL_GRACE = 5.0
# This many tokens in a row may be rejected without an event in between.
MAX_REJECTIONS = 3


class Backoff:
    """The delays of one outage, which grow until a connection is stable."""

    def __init__(self) -> None:
        """Initialize with the shortest delay."""
        self._delays = _delays()
        self._delay = 0.0
        self._connected_at = 0.0

    @property
    def connected_for(self) -> float:
        """Return the seconds since the last connection was established."""
        return time.monotonic() - self._connected_at

    def handle_connected(self) -> None:
        """Handle a new connection."""
        self._connected_at = time.monotonic()

    def reset_if_stable(self) -> None:
        """Start again with the shortest delay if the last connection was stable."""
        if self.connected_for >= max(STABLE_AFTER, self._delay):
            self._delays = _delays()

    def next_delay(self, err: PdkError | None) -> float:
        """Return the next delay in seconds, at least what the error asks for."""
        delay = next(self._delays)
        match err:
            case RateLimitedError():
                delay = max(delay, err.retry_after)
            case InvalidAuthError(confirmed=True):
                delay = max(delay, MAX_BACKOFF)
        self._delay = delay
        return delay


def _delays() -> Iterator[float]:
    """Yield the delay before each attempt, in seconds."""
    first, *others = BACKOFF_DELAYS
    yield first * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
    for delay in others:
        yield delay * random.uniform(1.0, 1.25)  # noqa: S311
    while True:
        yield MAX_BACKOFF


class TokenRenewer:
    """Renew the token of a stream. Section "Renewing the panel token".

    `rejected` is set from an `invalidToken` until the events that it held back have
    arrived.
    """

    def __init__(self, client: SiteClient, backoff: Backoff) -> None:
        """Initialize the renewer; it shares the backoff with the connection attempts."""
        self.rejected = asyncio.Event()
        self.events = 0
        """Counts all other events, which show that the panel accepts the token."""
        self._rejected_again_at = -1
        self._client = client
        self._backoff = backoff

    async def run(
        self,
        send_token: Callable[[str], Awaitable[None]],
        token: Token,
    ) -> None:
        """Renew the token before it expires, or when the panel rejects it.

        `send_token` returns once a token has arrived, and raises NotConnectedError.
        Returns when the connection has ended. Raises what SiteClient.renew_token raises
        once the old token has expired, and StreamRefusedError if the new tokens are
        rejected too: without a valid token the stream reports nothing.
        """
        rejections, events = 0, self.events
        while True:
            rejected = await self._wait_for_rejection(token.seconds_to_renewal)
            if self.events != events:
                rejections, events = 0, self.events
            rejections += rejected
            if rejections > MAX_REJECTIONS:
                raise StreamRefusedError("the panel takes no token")
            token = await self._get_new_token(token, rejected=rejected)
            try:
                await send_token(token.value)
            except NotConnectedError:
                return
            # what the panel rejected until then was the old token
            self._rejected_again_at = -1
            await asyncio.sleep(min(RENEWAL_GRACE, token.lifetime / 10))
            if self._rejected_again_at != self.events:
                self.rejected.clear()

    def handle_rejection(self) -> None:
        """Handle an `invalidToken`."""
        self.rejected.set()
        self._rejected_again_at = self.events

    async def _wait_for_rejection(self, seconds: float) -> bool:
        """Wait until the renewal is due; return True if the panel rejected the token."""
        try:
            async with asyncio.timeout(max(seconds, MIN_TOKEN_LIFETIME)):
                return await self.rejected.wait()
        except TimeoutError:
            return False

    async def _get_new_token(self, token: Token, *, rejected: bool) -> Token:
        """Return a new token, with several attempts while the old one is valid."""
        self._backoff.reset_if_stable()
        # this attempt takes the place of the one after the first short delay
        self._backoff.next_delay(None)
        while True:
            try:
                return await self._client.renew_token()
            except PdkError as err:
                if rejected or token.has_expired:
                    raise
                delay = self._backoff.next_delay(err)
                await asyncio.sleep(min(delay, token.seconds_to_end))
                if token.has_expired:
                    raise
