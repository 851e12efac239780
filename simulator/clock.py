"""Simulated time, which may pass faster than real time."""

import asyncio
from collections.abc import Callable


class Clock:
    """Simulated time on the running event loop."""

    def __init__(self, speed: float) -> None:
        """Initialize the clock; `speed` is the simulated seconds in a real one."""
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()

    def now(self) -> float:
        """Return the simulated seconds since the start."""
        return (self._loop.time() - self._started) * self.speed

    async def sleep_until(self, moment: float) -> None:
        """Wait for a simulated moment; yield to other tasks if it has passed."""
        await asyncio.sleep(max(0.0, (moment - self.now()) / self.speed))

    def call_later(
        self, seconds: float, callback: Callable[[], None]
    ) -> asyncio.TimerHandle:
        """Schedule a call in simulated seconds."""
        return self._loop.call_later(seconds / self.speed, callback)
