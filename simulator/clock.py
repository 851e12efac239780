"""Simulated seconds, which may pass faster than real ones."""

import asyncio
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that is going to happen, unless it is cancelled."""

    def cancel(self) -> None:
        """Make it not happen."""


class Clock(Protocol):
    """What doors know of time."""

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call back once that many simulated seconds have passed."""


class LoopClock:
    """A clock on the running event loop."""

    def __init__(self, speed: float) -> None:
        """Set how many simulated seconds fit into a real one."""
        self._speed = speed
        self._loop = asyncio.get_running_loop()

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call back once that many simulated seconds have passed."""
        return self._loop.call_later(seconds / self._speed, call)
