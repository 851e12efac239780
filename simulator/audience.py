"""Whoever watches the simulation. Without anybody, nothing is kept and nothing computed."""

import asyncio
from collections import deque
from dataclasses import dataclass
import time
from typing import Any, Literal

type Kind = Literal["event", "command", "answer"]

# What a slow watcher has not taken yet; older happenings are lost to it.
_MOST_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something on a panel's stream, in either direction."""

    at: float
    panel: str
    kind: Kind
    topic: str | None
    body: Any


class Watcher:
    """One that is woken when something changed, and collects what happened."""

    def __init__(self) -> None:
        """Start with everything new."""
        self._happenings: deque[Happening] = deque(maxlen=_MOST_KEPT)
        self._woken = asyncio.Event()
        self._woken.set()

    def wake(self) -> None:
        """Have it look again."""
        self._woken.set()

    def note(self, happening: Happening) -> None:
        """Keep a happening and wake."""
        self._happenings.append(happening)
        self._woken.set()

    async def changed(self) -> list[Happening]:
        """Wait for a change; return what happened since the last."""
        await self._woken.wait()
        self._woken.clear()
        happenings = list(self._happenings)
        self._happenings.clear()
        return happenings


class Audience:
    """All watchers."""

    def __init__(self) -> None:
        """Start with an empty house."""
        self._watchers: set[Watcher] = set()

    def join(self, watcher: Watcher) -> None:
        """Begin to watch."""
        self._watchers.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """Watch no longer."""
        self._watchers.discard(watcher)

    def wake(self) -> None:
        """Tell that something is different now."""
        for each in self._watchers:
            each.wake()

    def note(self, panel: str, kind: Kind, topic: str | None, body: Any = None) -> None:
        """Tell of something on a panel's stream."""
        if not self._watchers:
            return
        happening = Happening(
            at=time.time(), panel=panel, kind=kind, topic=topic, body=body
        )
        for each in self._watchers:
            each.note(happening)
