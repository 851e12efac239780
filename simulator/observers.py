"""Observers of the simulation: the open web pages. Nothing is recorded without one."""

import asyncio
from collections import deque
from dataclasses import dataclass
import time
from typing import Any, Literal

type Kind = Literal["event", "command", "answer"]

# A slow observer loses older records.
_MAX_RECORDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A message on a panel's stream, in either direction."""

    at: float
    panel: str
    kind: Kind
    topic: str | None
    body: Any


class Observer:
    """One observer: it is notified of changes, and collects records."""

    def __init__(self) -> None:
        """Initialize the observer; the first wait returns at once."""
        self.records: deque[Record] = deque(maxlen=_MAX_RECORDS)
        self.changed = asyncio.Event()
        self.changed.set()

    async def wait(self) -> list[Record]:
        """Wait for a change; return the records since the last one."""
        await self.changed.wait()
        self.changed.clear()
        records = list(self.records)
        self.records.clear()
        return records


class Observers(set[Observer]):
    """All observers."""

    def notify(self) -> None:
        """Notify all observers of a change."""
        for each in self:
            each.changed.set()

    def record(
        self, panel: str, kind: Kind, topic: str | None, body: Any = None
    ) -> None:
        """Record a message on a panel's stream."""
        if not self:
            return
        record = Record(at=time.time(), panel=panel, kind=kind, topic=topic, body=body)
        for each in self:
            each.records.append(record)
        self.notify()
