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
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def now(self) -> float:
        """Return the simulated seconds since the clock was started."""
        return (self._loop.time() - self._began) * self.speed

    async def until(self, moment: float) -> None:
        """Wait for a simulated moment; a past one still lets others have a turn."""
        await asyncio.sleep(max(0.0, (moment - self.now()) / self.speed))

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Call back once that many simulated seconds have passed."""
        return self._loop.call_later(seconds / self.speed, call)
