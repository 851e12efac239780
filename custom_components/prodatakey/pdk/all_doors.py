"""One state for all doors of a panel, and which of them were brought into it."""

from abc import ABC, abstractmethod
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Iterable
from contextlib import AbstractContextManager
from functools import partial
from typing import ClassVar
from weakref import WeakSet

from .commands import run_to_completion
from .doors import Door
from .errors import (
    CommandRejectedError,
    DoorsFailedError,
    ExcludedError,
    NotConfirmedError,
    NotConnectedError,
    PdkError,
)
from .models import Aspect, DoorId, DoorKind
from .panel import Panel
from .subscribers import Subscribers
from .tasks import create_task


class AllDoors(ABC):
    """A state of all doors, such as a lockdown: true only while each door confirms it.

    What was asked for, and which doors it turns on, is stored before anything is sent.
    """

    aspect: ClassVar[Aspect]
    """What is on at each door while this is on."""
    excludes: AllDoors | None = None
    """What must be off before this is turned on."""

    def __init__(self, panel: Panel, save: Callable[[], Awaitable[None]]) -> None:
        """Initialize as off; `save` stores at once, and does not raise."""
        self.panel = panel
        self.requested = False
        """Whether it was turned on, and not off since."""
        self.begun: set[DoorId] = set()
        """The doors that it has turned on, and that are not off since."""
        self.updates = Subscribers[()]()
        """Notified when anything here may have changed."""
        self._save = save
        self._saving: asyncio.Task[None] | None = None
        self._save_again = False
        self._busy = Counter[Door]()
        """How often each door is being turned on or off now."""
        self._seen_off: set[Door] = set()
        """Those of them that were off since then."""
        self._tasks: WeakSet[asyncio.Task[PdkError | None]] = WeakSet()
        self._unsubscribes: dict[Door, Callable[[], None]] = {}
        panel.door_updates.subscribe(self._handle_doors)
        panel.removed_doors.subscribe(self._handle_removed)

    @property
    def doors(self) -> list[Door]:
        """Return the doors that it is about."""
        return [d for d in self.panel.doors.values() if d.kind is DoorKind.DOOR]

    @property
    def unconfirmed(self) -> list[Door]:
        """Return the doors that are not for certain as they were asked to be."""
        if self.requested:
            return [d for d in self.doors if not self._is_known(d, True)]
        return [
            d for d in self.doors if d.id in self.begun and not self._is_known(d, False)
        ]

    @property
    def is_on(self) -> bool:
        """Return whether it is on at every door, as far as is known."""
        doors = self.doors if self.requested else []
        return bool(doors) and all(d.state.get(self.aspect) for d in doors)

    def restore(self, *, requested: bool, begun: Iterable[DoorId]) -> None:
        """Restore what was stored; the doors come first."""
        self.requested, self.begun = requested, {*begun} & self.panel.doors.keys()

    async def turn_on(self, during: AbstractContextManager[None] | None = None) -> None:
        """Turn it on, at all doors at once where it is not for certain.

        A failed call takes nothing back, and the next one is for what is missing. All of
        it is done even if the caller is cancelled; `during` is entered as long as that
        takes. Raises ExcludedError, NotConnectedError if nothing was sent, and
        DoorsFailedError.
        """
        if self.excludes is not None and self.excludes.requested:
            raise ExcludedError
        await run_to_completion(self._turn(True), during)

    async def turn_off(
        self, during: AbstractContextManager[None] | None = None
    ) -> None:
        """Turn it off at the doors where it was turned on, as `turn_on`."""
        await run_to_completion(self._turn(False), during)

    async def stop(self) -> None:
        """End what still waits for reports, and saving; nothing is saved after that."""
        for task in self._tasks:
            task.cancel()
        if self._saving is not None:
            await asyncio.wait({self._saving})

    async def _turn(self, value: bool) -> None:
        """Turn it on or off."""
        was_requested, self.requested = self.requested, value
        was_begun = frozenset(self.begun)
        doors = self._get_missing()
        if value:
            self.begun.update(door.id for door in doors if self._begins(door))
        await self._save()
        self._follow_doors()
        self.updates.notify()
        errors = await self._turn_doors(doors, value, was_begun)
        sent_nothing = bool(doors) and all(
            isinstance(errors.get(door.id), NotConnectedError) for door in doors
        )
        if sent_nothing:
            self.requested = was_requested
            await self._save()
        self._follow_doors()
        self.updates.notify()
        if sent_nothing:
            raise NotConnectedError
        if errors:
            raise DoorsFailedError(errors)

    def _get_missing(self) -> list[Door]:
        """Return the doors to which something is sent."""
        return self.unconfirmed

    async def _turn_doors(
        self, doors: Iterable[Door], value: bool, was_begun: Container[DoorId]
    ) -> dict[DoorId, PdkError]:
        """Turn it on or off at some doors; return the errors of those that failed."""
        tasks = {
            door: create_task(self._turn_door(door, value, door.id in was_begun))
            for door in doors
        }
        self._tasks.update(tasks.values())
        await self._wait(tasks, value)
        errors: dict[DoorId, PdkError] = {}
        for door, task in tasks.items():
            if task.cancelled():
                errors[door.id] = NotConfirmedError()
            elif task.done() and (err := task.result()):
                errors[door.id] = err
        return errors

    async def _wait(
        self, tasks: dict[Door, asyncio.Task[PdkError | None]], value: bool
    ) -> None:
        """Wait until all doors are done."""
        if tasks:
            await asyncio.wait({*tasks.values()})

    async def _turn_door(
        self, door: Door, value: bool, was_begun: bool
    ) -> PdkError | None:
        """Turn it on or off at one door; return the error if that failed."""
        self._busy[door] += 1
        result: PdkError | None = None
        try:
            await self._set(door, value)
        except PdkError as err:
            result = err
            not_executed = isinstance(err, (CommandRejectedError, NotConnectedError))
            if value and not_executed and not was_begun:
                self.begun.discard(door.id)
        finally:
            self._busy[door] -= 1
            if not self._busy[door]:
                del self._busy[door]
                self._seen_off.discard(door)
        if not value and self._is_known(door, False):
            self.begun.discard(door.id)
        self._save_soon()
        self.updates.notify()
        return result

    @abstractmethod
    def _begins(self, door: Door) -> bool:
        """Return whether turning it on at a door will be what has turned it on."""

    @abstractmethod
    async def _set(self, door: Door, value: bool) -> None:
        """Turn it on or off at one door. Raises CommandError."""

    def _is_known(self, door: Door, value: bool) -> bool:
        """Return whether a door has a value for certain."""
        return door.state.is_known_as(self.aspect, value)

    def _handle_doors(self, doors: Iterable[Door]) -> None:
        """Handle new doors: one that appears while this is on has not confirmed it."""
        if self._is_followed:
            for door in doors:
                self._follow(door)
        if self.requested:
            self.updates.notify()

    @property
    def _is_followed(self) -> bool:
        """Return whether changes at the doors matter."""
        return self.requested or bool(self.begun)

    def _follow(self, door: Door) -> None:
        """Follow the changes at a door."""
        if door not in self._unsubscribes and door.kind is DoorKind.DOOR:
            handle_update = partial(self._handle_update, door)
            subscribers = door.updates(self.aspect)
            self._unsubscribes[door] = subscribers.subscribe(handle_update)

    def _follow_doors(self) -> None:
        """Follow all doors, or none."""
        if self._is_followed:
            for door in self.doors:
                self._follow(door)
        else:
            for unsubscribe in self._unsubscribes.values():
                unsubscribe()
            self._unsubscribes.clear()

    def _handle_removed(self, door: Door) -> None:
        """Forget a door that is not there any more."""
        if unsubscribe := self._unsubscribes.pop(door, None):
            unsubscribe()
        self.begun.discard(door.id)
        self.updates.notify()

    def _handle_update(self, door: Door) -> None:
        """Handle a change at one door: what somebody else turns off is theirs."""
        if door in self._busy:
            if self._is_known(door, False):
                self._seen_off.add(door)
            elif self.requested and self._is_known(door, True):
                self._handle_confirmed(door, was_off=door not in self._seen_off)
        elif door.id in self.begun and self._is_known(door, False):
            self.begun.discard(door.id)
            self._save_soon()
        self.updates.notify()

    def _handle_confirmed(self, door: Door, *, was_off: bool) -> None:
        """Note a door that was turned on, and was off before if it was not seen off."""
        if was_off and door.id not in self.begun:
            self.begun.add(door.id)
            self._save_soon()

    def _save_soon(self) -> None:
        """Save now, or once more if that is being done."""
        self._save_again = True
        if self._saving is None or self._saving.done():
            self._saving = create_task(self._save_all())

    async def _save_all(self) -> None:
        """Save until nothing has changed meanwhile."""
        while self._save_again:
            self._save_again = False
            await self._save()
