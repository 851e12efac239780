"""Performs the schedule, day after day."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
import logging
from typing import Any

from simulator import actions
from simulator.clock import Clock
from simulator.door import RejectedError
from simulator.panel import NotFoundError, Panel
from simulator.scenario import PanelSpec, PeopleSpec

from .schedule import plan_day
from .site import DAY, MINUTE, Action

_LOGGER = logging.getLogger(__name__)


class PeopleRunner:
    """Performs the actions of people when they are due."""

    def __init__(
        self,
        spec: PeopleSpec,
        panels: Sequence[PanelSpec],
        find_panel: Callable[[str], Panel],
        clock: Clock,
    ) -> None:
        """Initialize and start."""
        self._spec = spec
        self._panels = panels
        self._find_panel = find_panel
        self._clock = clock
        self._begins = self._begin() if spec.begins is None else spec.begins
        self._started = clock.now()
        self._task = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Stop."""
        self._task.cancel()

    def as_json(self) -> dict[str, Any]:
        """Return the simulated time, in seconds since the first midnight."""
        return {
            "speed": self._clock.speed,
            "seconds": self._clock.now() - self._started + self._begins,
        }

    def _begin(self) -> float:
        """Return the time just before the first person comes."""
        first_day = plan_day(self._panels, self._spec.seed, 0)
        return next((each.at for each in first_day if each.person), MINUTE) - MINUTE

    async def _run(self) -> None:
        for day in count():
            for action in plan_day(self._panels, self._spec.seed, day):
                moment = day * DAY + action.at
                if moment >= self._begins:
                    await self._sleep_until(moment)
                    self._perform(action)
            await self._sleep_until((day + 1) * DAY)

    async def _sleep_until(self, moment: float) -> None:
        await self._clock.sleep_until(moment - self._begins + self._started)

    def _perform(self, action: Action) -> None:
        # The door may have been removed, or do not disturb may be on.
        with suppress(NotFoundError, RejectedError):
            panel = self._find_panel(action.panel)
            door = panel.door(action.door)
            _LOGGER.info(
                "%s: %s %s at %s", panel.id, action.person, action.name, action.door
            )
            actions.perform(panel, door, action.name, action.body)
