"""A plan come to life: deeds done when their time has come."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
import logging
from typing import Any

from . import acts
from .clock import LoopClock
from .door import RefusedError
from .panel import NotFoundError, Panel
from .plan import plan
from .scenario import LifeSpec, PanelSpec
from .site import DAY, MINUTE, Deed

_LOGGER = logging.getLogger(__name__)


class Life:
    """The doors' life by themselves, day after day."""

    def __init__(
        self,
        spec: LifeSpec,
        panels: Sequence[PanelSpec],
        find: Callable[[str], Panel],
        clock: LoopClock,
    ) -> None:
        """Begin to live; `find` is asked anew for each deed."""
        self._spec = spec
        self._panels = panels
        self._find = find
        self._clock = clock
        self._begins = (
            _first_minute(panels, spec) if spec.begins is None else spec.begins
        )
        self._begun = clock.now()
        self._task = asyncio.create_task(self._live())

    def stop(self) -> None:
        """End it."""
        self._task.cancel()

    def as_json(self) -> dict[str, Any]:
        """Tell what time it is in this life, in seconds since its first midnight."""
        return {
            "seed": self._spec.seed,
            "speed": self._clock.speed,
            "seconds": self._clock.now() - self._begun + self._begins,
        }

    async def _live(self) -> None:
        for day in count():
            for deed in plan(self._panels, self._spec.seed, day):
                moment = day * DAY + deed.at
                if moment >= self._begins:
                    await self._until(moment)
                    self._perform(deed)
            await self._until((day + 1) * DAY)

    async def _until(self, moment: float) -> None:
        await self._clock.until(moment - self._begins + self._begun)

    def _perform(self, deed: Deed) -> None:
        # Doors are taken away, or do not disturb, and life goes on.
        with suppress(NotFoundError, RefusedError):
            panel = self._find(deed.panel)
            door = panel.door(deed.door)
            _LOGGER.info("%s: %s %s at %s", panel.id, deed.who, deed.act, deed.door)
            acts.perform(panel, door, deed.act, deed.body)


def _first_minute(panels: Sequence[PanelSpec], spec: LifeSpec) -> float:
    first_day = plan(panels, spec.seed, 0)
    return next((each.at for each in first_day if each.who), MINUTE) - MINUTE
