"""What became of a panel's connection, for whoever looks for the cause of trouble."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

REMEMBERED = 20


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that happened to the connection, in words without secrets."""

    text: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(slots=True)
class StreamHistory:
    """Counts since the start, and the last few ends and errors with their times."""

    connects: int = 0
    renewals: int = 0
    refusals: int = 0
    back_off: float = 0.0
    """Seconds of the last wait between two attempts, or of the present one."""
    topics: Counter[str] = field(default_factory=Counter)
    ends: deque[Remark] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    errors: deque[Remark] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def ended(self, reason: str) -> None:
        """Note why a connection ended."""
        self.ends.append(Remark(reason))

    def failed(self, err: Exception) -> None:
        """Note an error."""
        self.errors.append(Remark(f"{type(err).__name__}: {err}"))
