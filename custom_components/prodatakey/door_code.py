"""The code of a door: how it is compared, and the pause after wrong ones."""

from collections import deque
import hmac
import math

from .pdk import now

# After so many wrong codes in a row for a door, within so many seconds, no code is taken
# for a while.
MAX_WRONG_CODES = 5
WRONG_CODE_WINDOW = 60.0
BLOCK_TIME = 60.0


def is_same_code(code: str, other: str) -> bool:
    """Compare two codes, in a time that does not depend on where they differ."""
    first, second = (each.encode(errors="surrogatepass") for each in (code, other))
    return hmac.compare_digest(first, second)


class WrongCodes:
    """The wrong codes of one door; a reload or restart forgets them."""

    def __init__(self) -> None:
        """Initialize without any."""
        self._times: deque[float] = deque(maxlen=MAX_WRONG_CODES)
        self._blocked_until = float("-inf")

    @property
    def seconds_left(self) -> int:
        """Return for how many seconds no code is taken, 0 if codes are taken."""
        return math.ceil(max(0.0, self._blocked_until - now()))

    def clear(self) -> None:
        """Forget them: the code was right."""
        self._times.clear()

    def add(self) -> bool:
        """Count a wrong code; return whether no code is taken from now on."""
        self._times.append(time := now())
        if (
            len(self._times) < MAX_WRONG_CODES
            or time - self._times[0] > WRONG_CODE_WINDOW
        ):
            return False
        self._times.clear()
        self._blocked_until = time + BLOCK_TIME
        return True
