"""How long to wait before each attempt to connect."""

from collections.abc import Iterator
import random
import time

from .errors import InvalidAuthError, PdkError, RateLimitedError

# A jump from 1 s to 4 s keeps an outage's first five minutes at eight attempts.
BACK_OFF = (1.0, 4.0, 8.0, 16.0, 32.0)
LONGEST_BACK_OFF = 60.0
# A connection that lasts so long, in seconds, ends an outage.
LASTING = 60.0


class BackOff:
    """The waits of one outage, which get longer until a connection has lasted."""

    def __init__(self) -> None:
        """Begin with the shortest."""
        self._waits = waits()
        self._connected_at = 0.0

    @property
    def connected_for(self) -> float:
        """Return the seconds since the last connection began."""
        return time.monotonic() - self._connected_at

    def connected(self) -> None:
        """Note that a connection begins."""
        self._connected_at = time.monotonic()

    def begin_anew(self) -> None:
        """Forget the waits of former outages, if the connection has lasted."""
        if self.connected_for >= LASTING:
            self._waits = waits()

    def after(self, err: PdkError | None) -> float:
        """Return the next wait, in seconds; at least what an error asks for."""
        wait = next(self._waits)
        match err:
            case RateLimitedError():
                return max(wait, err.retry_after)
            case InvalidAuthError():
                return max(wait, LONGEST_BACK_OFF)
        return wait


def waits() -> Iterator[float]:
    """Yield how long to wait before each attempt, in seconds."""
    yield BACK_OFF[0] * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
    for wait in BACK_OFF[1:]:
        yield wait * random.uniform(1.0, 1.25)  # noqa: S311
    while True:
        yield LONGEST_BACK_OFF
