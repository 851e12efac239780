"""What a process holds: counted before and after."""

import asyncio
from dataclasses import asdict, dataclass
import gc
from pathlib import Path
import resource
import threading

from homeassistant.core import HomeAssistant
from tests.common import wait_until

_PAGE = resource.getpagesize()
MEGABYTE = 1_000_000
# What memory may grow by after the warm-up.
MOST = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """Counts of what could be left behind."""

    tasks: int
    timers: int
    files_and_sockets: int
    listeners: int
    threads: int

    def exceeds(self, other: Held) -> list[str]:
        """Return what there is more of than there was."""
        now, before = asdict(self), asdict(other)
        return [
            f"{name}: {before[name]} -> {now[name]}"
            for name in now
            if now[name] > before[name]
        ]


def held(hass: HomeAssistant) -> Held:
    """Count."""
    scheduled = hass.loop._scheduled  # type: ignore[attr-defined]
    return Held(
        tasks=len(asyncio.all_tasks()),
        timers=sum(1 for handle in scheduled if not handle.cancelled()),
        files_and_sockets=len(list(Path("/proc/self/fd").iterdir())),
        listeners=sum(hass.bus.async_listeners().values()),
        threads=threading.active_count(),
    )


async def nothing_is_left(hass: HomeAssistant, before: Held) -> Held:
    """Wait until there is not more than there was; return what there is."""
    try:
        await wait_until(lambda: not held(hass).exceeds(before), 15)
    except TimeoutError:
        raise AssertionError(held(hass).exceeds(before)) from None
    return held(hass)


def resident() -> float:
    """Return the resident memory of this process (RSS), in megabytes."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * _PAGE / MEGABYTE
