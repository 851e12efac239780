"""A panel: its doors and wireless endpoints, kept up to date by its events."""

from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractContextManager
from itertools import islice
import logging
from typing import Any

from .clock import MAX_EVENT_AGE, PanelClock
from .commands import ActuateForceToggle, Command, DoorCommand, run_to_completion
from .doors import Door
from .endpoints import Endpoints
from .errors import CommandUnansweredError
from .events import (
    Access,
    AccessEvent,
    AllProppedCleared,
    CommandSucceeded,
    DoorEvent,
    EndpointDiscovered,
    EndpointSignal,
    PdkEvent,
    SiteProblem,
    SiteProblemReported,
)
from .models import Aspect, DoorId, DoorInfo, PanelInfo
from .parser import MAX_PROBLEM_SOURCES
from .subscribers import Subscribers

_LOGGER = logging.getLogger(__name__)

# A door is removed when this many lists in a row lack it.
REMOVE_AFTER_MISSES = 2
# So many doors beyond the maximum are counted.
MAX_SKIPPED = 1000


class Panel:
    """The doors and endpoints of a panel."""

    def __init__(
        self,
        info: PanelInfo,
        send: Callable[[Command], Coroutine[Any, Any, None]],
        *,
        on_change: Callable[[], None],
        max_doors: int,
    ) -> None:
        """Initialize a panel without doors.

        `on_change` is called when something changes that should be stored.
        """
        self.info = info
        self.clock = PanelClock()
        self.doors: dict[DoorId, Door] = {}
        # each endpoint serves a door, so there are no more than doors
        self.endpoints = Endpoints(
            send, on_change=on_change, most=max_doors, name=info.name
        )
        self.listed: set[DoorId] | None = None
        """The doors of the last list, also if it was empty; None before the first."""
        self.skipped: set[DoorId] = set()
        """The doors beyond `max_doors`, as far as they are counted."""
        self.door_updates = Subscribers[Iterable[Door]]()
        """Notified of new or updated doors."""
        self.removed_doors = Subscribers[Door]()
        self.entries = Subscribers[Door]()
        """Notified of each granted access, also of a late one."""
        self.problems: dict[SiteProblem, set[str]] = {}
        """The problems that were ever reported, each with what has it now."""
        self.assumed_problems: set[SiteProblem] = set()
        self.problem_updates = Subscribers[SiteProblem]()
        self.gap_count = 0
        """How often events may have been missed."""
        self._send = send
        self._on_change = on_change
        self._max_doors = max_doors

    def handle_event(self, event: PdkEvent, *, held_since: float) -> None:
        """Handle any event but a report; `held_since` is as in `BaseStream`."""
        match event:
            case AccessEvent():
                self._handle_access(event, held_since)
            case CommandSucceeded(occurred=int(occurred), sent=float(sent)):
                self.clock.learn_from_answer(occurred, sent)
            case EndpointDiscovered():
                self.endpoints.handle_discovered(event, held_since)
            case EndpointSignal():
                self.endpoints.handle_signal(event, held_since)
            case SiteProblemReported():
                self._handle_problem(event)
            case AllProppedCleared():
                for door in self.doors.values():
                    if door.state.get(Aspect.PROPPED):
                        door.update(Aspect.PROPPED, False)
                self._on_change()

    def update_info(self, info: PanelInfo) -> None:
        """Update the panel's name and address."""
        if info != self.info:
            self.info = info
            self._on_change()

    def reset_clock(self) -> None:
        """Forget the offset of the panel's clock: a connection is new."""
        self.clock = PanelClock()

    async def send(
        self, command: DoorCommand, during: AbstractContextManager[None] | None = None
    ) -> None:
        """Send a command for a door, and update the door from its result.

        Both are done even if the caller is cancelled; `during` is entered as long as
        that takes. Raises CommandError.
        """
        await run_to_completion(self._send_to_door(command), during)

    async def _send_to_door(self, command: DoorCommand) -> None:
        """Send a command for a door, and update the door from its result."""
        if (door := self.doors.get(command.door_id)) is None:
            # it was removed, and the panel says so in its own words
            await self._send(command)
            return
        report_count = door.report_count(command.aspect)
        door.handle_command(command)
        try:
            await self._send(command)
        except CommandUnansweredError:
            if door.mark_assumed(command.aspect):
                self._on_change()
            raise
        if isinstance(command, ActuateForceToggle):
            if Aspect.LATCHED not in door.aspects:
                self._add_aspect(door, Aspect.LATCHED)
            door.handle_force_toggle()
            self._on_change()
        if door.handle_result(command, report_count):
            self._on_change()

    # Doors

    def update_doors(self, infos: Iterable[DoorInfo]) -> None:
        """Update the doors from the panel's list."""
        # second readers belong to a door, so doors come first
        listed = sorted(infos, key=lambda info: info.primary_reader is not None)
        ids = self.listed = {info.id for info in listed}
        if not listed and self.doors:
            _LOGGER.warning("Ignored an empty list of doors of %s", self.info.name)
            return
        for known in list(self.doors.values()):
            known.misses = 0 if known.id in ids else known.misses + 1
            if known.misses >= REMOVE_AFTER_MISSES:
                self.remove_door(known)
        updated = [d for info in listed if (d := self._update_door(info))]
        self.skipped = set(islice(ids - self.doors.keys(), MAX_SKIPPED))
        self._notify_doors(updated)

    def notify_all_doors(self) -> None:
        """Notify of all doors, second readers last, as they belong to a door."""
        doors = self.doors.values()
        self.door_updates.notify(
            sorted(doors, key=lambda door: door.info.primary_reader is not None)
        )

    def mark_all_assumed(self) -> None:
        """Mark every state as assumed: events may be missed from now on."""
        self.gap_count += 1
        for door in self.doors.values():
            door.state.mark_all_assumed()
        self.assumed_problems.update(self.problems)

    def handle_report(self, event: DoorEvent, *, held_since: float) -> None:
        """Handle a report of one aspect of a door; `held_since` is as in `BaseStream`."""
        door = self.doors.get(event.door_id) or self._create_door(event)
        if door is None:
            return
        if event.occurred is not None:
            self.clock.learn(event.occurred, door=door.id, held_since=held_since)
        if event.aspect not in door.aspects:
            self._add_aspect(door, event.aspect)
        if door.handle_report(event, held_since):
            self._on_change()

    def _handle_access(self, event: AccessEvent, held_since: float) -> None:
        """Handle a request for access; one that is not news any more is only counted."""
        door = self.doors.get(event.door_id) or self._create_door(event)
        if door is None:
            return
        if not door.has_reader:
            door.has_reader = True
            self._notify_doors((door,))
        age = self.clock.age(event.occurred, door=door.id, held_since=held_since)
        if event.access is Access.GRANTED:
            door.entries += 1
            self.entries.notify(door)
        # at least its id is new
        self._on_change()
        if age is None or age > MAX_EVENT_AGE:
            _LOGGER.debug("Ignored a late %s", event.topic)
            return
        if event.access is Access.GRANTED:
            # the relay of a second reader is that of its door
            for door_id in {door.id, door.info.primary_reader}:
                if door_id is not None and (opened := self.doors.get(door_id)):
                    opened.handle_grant(event, age)
        door.accesses.notify(event, age)

    def _add_aspect(self, door: Door, aspect: Aspect) -> None:
        """Add an aspect first, so that a new entity begins as unknown: then it is news."""
        door.add_aspect(aspect)
        self._notify_doors((door,))

    def _create_door(self, event: DoorEvent | AccessEvent) -> Door | None:
        """Return the door of the first event that names it; None beyond the maximum."""
        info = DoorInfo(id=event.door_id, name=event.door_name)
        if (door := self._update_door(info)) is None:
            if event.door_id not in self.skipped and len(self.skipped) < MAX_SKIPPED:
                self.skipped.add(event.door_id)
                self._notify_doors(())
        else:
            self._notify_doors((door,))
        return door

    def _update_door(self, info: DoorInfo) -> Door | None:
        """Create or update one door; return None beyond the maximum."""
        door = self.doors.get(info.id)
        if door is not None and not door.info.same_kind(info):
            _LOGGER.debug("Device %r is another kind of device now", info.id)
            self.remove_door(door)
            door = None
        if door is None:
            if len(self.doors) >= self._max_doors:
                return None
            door = self.doors[info.id] = Door(info)
        door.update_info(info)
        return door

    def remove_door(self, door: Door) -> None:
        """Remove a door."""
        del self.doors[door.id]
        self.removed_doors.notify(door)
        self._on_change()

    def _notify_doors(self, doors: Iterable[Door]) -> None:
        """Notify of new or updated doors."""
        self.door_updates.notify(doors)
        self._on_change()

    def _handle_problem(self, event: SiteProblemReported) -> None:
        """Handle a problem of the site; it ends when no source reports it any more."""
        sources = self.problems.setdefault(event.problem, set())
        if event.value:
            if len(sources) < MAX_PROBLEM_SOURCES:
                sources.add(event.source or "")
        elif event.source is None:
            sources.clear()
        else:
            sources.discard(event.source)
            sources.discard("")
        self.assumed_problems.discard(event.problem)
        self.problem_updates.notify(event.problem)
        self._on_change()
