"""Lockdown: do not disturb on every door of a panel. PDK 1.0 only."""

import asyncio
from typing import override

from .all_doors import AllDoors
from .do_not_disturb import set_do_not_disturb
from .doors import Door
from .errors import PdkError
from .models import Aspect


class Lockdown(AllDoors):
    """Do not disturb on every door."""

    aspect = Aspect.FORCE_CLOSE

    @property
    def others(self) -> list[Door]:
        """Return the doors in do not disturb that the lockdown did not bring there."""
        return [
            door
            for door in self.doors
            if door.state.get(self.aspect) and door.id not in self.begun
        ]

    @property
    @override
    def _is_followed(self) -> bool:
        """Return True: `others` may change while it is off."""
        return True

    @override
    def _begins(self, door: Door) -> bool:
        """Return whether do not disturb is off for certain."""
        return self._is_known(door, False)

    @override
    async def _set(self, door: Door, value: bool) -> None:
        """Set do not disturb; that takes seconds after the door has confirmed it."""
        await set_do_not_disturb(self.panel, door, value)

    @override
    async def _wait(
        self, tasks: dict[Door, asyncio.Task[PdkError | None]], value: bool
    ) -> None:
        """Wait until all doors have confirmed it, or are done.

        A report to the contrary that comes later is shown, but no error any more.
        """
        confirmed = asyncio.get_running_loop().create_future()

        def check() -> None:
            """Check whether all doors have confirmed it."""
            if not confirmed.done() and all(
                task.done() or self._is_known(door, value)
                for door, task in tasks.items()
            ):
                confirmed.set_result(None)

        for task in tasks.values():
            task.add_done_callback(lambda _: check())
        with self.updates.subscribed(check):
            check()
            await confirmed
