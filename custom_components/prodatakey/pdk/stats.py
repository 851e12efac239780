"""Counts and last errors of a connection, for the diagnostics."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_LOG_ENTRIES = 20


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The end or an error of a connection, without secrets."""

    text: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def _new_log() -> deque[LogEntry]:
    """Return a log that keeps its last entries."""
    return deque(maxlen=MAX_LOG_ENTRIES)


@dataclass(slots=True)
class ConnectionStats:
    """Counts since the start; `backoff` is the last delay in seconds."""

    connects: int = 0
    renewals: int = 0
    rejections: int = 0
    backoff: float = 0.0
    unexpected_rejections: int = 0
    """Those that came while no command was unanswered."""
    topics: Counter[str] = field(default_factory=Counter)
    unknown_topics: Counter[str] = field(default_factory=Counter)
    """Topics that nobody reads yet; what does not look like one is counted as one."""
    ends: deque[LogEntry] = field(default_factory=_new_log)
    errors: deque[LogEntry] = field(default_factory=_new_log)
