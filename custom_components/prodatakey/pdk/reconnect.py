"""Backoff between connection attempts, and the renewal of a connection's token."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
import contextlib
import random
import time

from .client import RestClient
from .clock import NOT_HELD, now
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
# Without a valid token for this long, in seconds, the panel does not count as connected.
SILENT_AFTER = 10.0
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


async def wait_for_retry(retry: asyncio.Event, delay: float) -> None:
    """Wait until the next attempt is due, in seconds, or is asked for."""
    retry.clear()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(delay):
            await retry.wait()


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

    `on_silence` is called with an error when the panel has had no valid token for too
    long: it reports nothing. It is called with None when a token has arrived again.
    """

    def __init__(
        self,
        client: RestClient,
        backoff: Backoff,
        on_silence: Callable[[PdkError | None], None],
    ) -> None:
        """Initialize the renewer; it shares the backoff with the connection attempts."""
        self.rejected = asyncio.Event()
        """Set from an `invalidToken` until the events that it held back have arrived."""
        self.held_since = NOT_HELD
        """When the first `invalidToken` came: no event was held back for longer."""
        self.events = 0
        """Counts all other events, which show that the panel accepts the token."""
        self.retry = asyncio.Event()
        """Set to make the next attempt to get a token at once."""
        self._events_before: int | None = None
        """The count when a new token was sent to the panel."""
        self._flushing = asyncio.Event()
        """Set by the first event after that."""
        self._rejected_again_at = -1
        self._client = client
        self._backoff = backoff
        self._on_silence = on_silence
        self._silence: asyncio.TimerHandle | None = None
        self._is_silent = False
        self._error: PdkError | None = None

    def start(self, token: Token) -> None:
        """Begin with the token of a new connection."""
        self.stop()
        self._token = token
        self._end_gap()

    def stop(self) -> None:
        """Forget the connection: it has ended."""
        self._is_silent = False
        self._end_silence()

    async def run(
        self,
        send_token: Callable[[str], Awaitable[None]],
        confirm: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Renew the token before it expires, or when the panel rejects it.

        `send_token` returns once a token has arrived, and raises NotConnectedError.
        `confirm` returns once all events have arrived that were sent before, if that can
        be known. Returns when the connection has ended. Raises StreamRefusedError if the
        new tokens are rejected too: without a valid token the stream reports nothing.
        """
        rejections, events = 0, self.events
        while True:
            rejected = await self._wait_for_rejection(self._token.seconds_to_renewal)
            if self.events != events:
                rejections, events = 0, self.events
            rejections += rejected
            if rejections > MAX_REJECTIONS:
                raise StreamRefusedError("the panel rejects every new token")
            self._token = await self._get_new_token()
            self._events_before = self.events
            self._flushing.clear()
            try:
                await send_token(self._token.value)
            except NotConnectedError:
                return
            await self._wait_for_held_events(confirm)
            if self._rejected_again_at != self.events:
                self._end_gap()

    def handle_rejection(self) -> None:
        """Handle an `invalidToken`: its token is not used again, for nothing."""
        self._client.discard_token(self._token)
        self._rejected_again_at = self.events
        if self.held_since == NOT_HELD:
            self.held_since = now()
            self.rejected.set()
        self._schedule_silence(SILENT_AFTER)

    def handle_accepted(self) -> None:
        """Handle that a new token has arrived: what was rejected before was the old one."""
        self._rejected_again_at = -1
        self._end_silence()

    def handle_held_event(self) -> None:
        """Handle an event that may have been held back."""
        if self._events_before not in (None, self.events):
            self._flushing.set()

    def handle_answer(self, sent: float) -> None:
        """Handle the answer to a command that was sent at this time of `clock.now`.

        Events come in order, so what follows is no older.
        """
        if self._events_before is not None and self.held_since < sent:
            self.held_since = sent

    async def _wait_for_rejection(self, seconds: float) -> bool:
        """Wait until the renewal is due; return True if the panel rejected the token."""
        try:
            async with asyncio.timeout(max(seconds, MIN_TOKEN_LIFETIME)):
                return await self.rejected.wait()
        except TimeoutError:
            return False

    async def _wait_for_held_events(
        self, confirm: Callable[[], Awaitable[None]] | None
    ) -> None:
        """Wait until the panel has sent the events that it held back.

        It sends all of them at once, in order. Nothing shows that there are none.
        """
        if confirm is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(RENEWAL_GRACE, self._token.lifetime / 10)):
                await self._flushing.wait()
                await confirm()

    async def _get_new_token(self) -> Token:
        """Return a new token, after as many attempts as it takes.

        The connection stands meanwhile: the panel holds events back for it.
        """
        self._backoff.reset_if_stable()
        # skip the first delay: this attempt is made at once
        self._backoff.next_delay(None)
        while True:
            try:
                return await self._client.renew_token()
            except PdkError as err:
                self._error = err
                if self._is_silent:
                    self._on_silence(err)
                else:
                    self._schedule_silence(self._token.seconds_to_end)
                await wait_for_retry(self.retry, self._backoff.next_delay(err))

    def _schedule_silence(self, seconds: float) -> None:
        """Begin the silence after a while, unless it begins earlier anyway."""
        loop = asyncio.get_running_loop()
        at = loop.time() + max(seconds, 0)
        if self._silence is not None:
            if self._silence.when() <= at:
                return
            self._silence.cancel()
        self._silence = loop.call_at(at, self._begin_silence)

    def _begin_silence(self) -> None:
        """Notify that the panel reports nothing."""
        self._is_silent = True
        self._on_silence(self._error or StreamRefusedError("the token is rejected"))

    def _end_silence(self) -> None:
        """Do not begin the silence, or notify of its end."""
        self._error = None
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None
        if self._is_silent:
            self._is_silent = False
            self._on_silence(None)

    def _end_gap(self) -> None:
        """Count events as fresh again."""
        self._end_silence()
        self.rejected.clear()
        self._flushing.clear()
        self._events_before = None
        self.held_since = NOT_HELD
