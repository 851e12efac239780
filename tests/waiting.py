"""Waiting for what a test needs, with a bound."""

import asyncio
from collections.abc import Callable


async def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something to become true, for so long at the most."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
