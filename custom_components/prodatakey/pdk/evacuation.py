"""Evacuation: every door of a panel is held open."""

from typing import override

from .all_doors import AllDoors
from .commands import ActuateClose, ActuateOpen
from .doors import Door
from .models import Aspect


class Evacuation(AllDoors):
    """Every door is held open."""

    aspect = Aspect.RELAY

    @override
    def _get_missing(self) -> list[Door]:
        """Return also the doors that are open, but may be so for a moment only."""
        if not self.requested:
            return self.unconfirmed
        return [
            door
            for door in self.doors
            if door.id not in self.begun or not self._is_known(door, True)
        ]

    @override
    def _begins(self, door: Door) -> bool:
        """Return whether a door is not held open already, for longer than it opens for."""
        return not (self._is_known(door, True) and door.is_held_open)

    @override
    async def _set(self, door: Door, value: bool) -> None:
        """Hold a door open, or lock it."""
        command = ActuateOpen(door.id) if value else ActuateClose(door.id)
        await self.panel.send(command)
