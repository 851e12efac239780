"""A panel: its doors and wireless endpoints, kept up to date by its events."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
import logging
from typing import Any

from .clock import MAX_EVENT_AGE, PanelClock, is_recent
from .commands import (
    Command,
    DiscoverEndpoints,
    DoorCommand,
    QuerySignal,
    run_to_completion,
)
from .doors import Door, Subscribers
from .errors import CommandUnansweredError
from .models import (
    Access,
    AccessEvent,
    AllProppedCleared,
    Aspect,
    CommandSucceeded,
    DoorEvent,
    DoorId,
    DoorInfo,
    EndpointDiscovered,
    EndpointDoor,
    EndpointSignal,
    PanelInfo,
    PdkEvent,
    SiteProblem,
    SiteProblemReported,
)
from .parser import MAX_PROBLEM_SOURCES

_LOGGER = logging.getLogger(__name__)

# A door is removed when this many lists in a row lack it.
REMOVE_AFTER_MISSES = 2
# So many doors beyond the maximum are counted.
MAX_SKIPPED = 1000
# How long an endpoint may take to answer a query, in seconds.
SIGNAL_TIMEOUT = 5.0

type EndpointKey = tuple[int, str]


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """A wireless endpoint with the signal of its last answer."""

    io_link_id: int
    address: str
    io_link_type: str | None = None
    io_link_name: str | None = None
    doors: tuple[EndpointDoor, ...] = ()
    db_gain: float | None = None
    occurred: datetime | None = None
    signals: Subscribers[()] = field(default_factory=Subscribers[()], compare=False)

    @property
    def key(self) -> EndpointKey:
        """Return what identifies the endpoint within the panel."""
        return (self.io_link_id, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """The answer of an endpoint; gain and time are None if it did not answer."""

    io_link_id: int
    address: str
    db_gain: float | None = None
    occurred: datetime | None = None


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
        self.endpoints: dict[EndpointKey, Endpoint] = {}
        self.listed: set[DoorId] | None = None
        """The doors of the last list, also if it was empty; None before the first."""
        self.skipped: set[DoorId] = set()
        """The doors beyond `max_doors`, as far as they are counted."""
        self.door_updates = Subscribers[Iterable[Door]]()
        """Notified of doors that are new or described again."""
        self.removed_doors = Subscribers[Door]()
        self.endpoint_updates = Subscribers[Endpoint]()
        self.removed_endpoints = Subscribers[Endpoint]()
        self.problems: dict[SiteProblem, set[str]] = {}
        """The problems that were ever reported, each with what has it now."""
        self.assumed_problems: set[SiteProblem] = set()
        self.problem_updates = Subscribers[SiteProblem]()
        self.gap_count = 0
        """How often events may have been missed."""
        self._send = send
        self._on_change = on_change
        self._max_doors = max_doors
        self._discoveries = Subscribers[Endpoint]()
        self._signals = Subscribers[EndpointSignal]()
        self._ignored_endpoints = False
        self._query_locks: dict[EndpointKey, asyncio.Lock] = {}

    def handle_event(self, event: PdkEvent, *, held_since: float) -> None:
        """Handle any event but a report; `held_since` is as in `SiteStream`."""
        match event:
            case AccessEvent():
                self._handle_access(event, held_since)
            case CommandSucceeded(occurred=int(occurred), sent=float(sent)):
                self.clock.learn_from_answer(occurred, sent)
            case EndpointDiscovered():
                self._handle_discovered(event, held_since)
            case EndpointSignal():
                self._handle_signal(event, held_since)
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
        """Handle a report of one aspect of a door; `held_since` is as in `SiteStream`."""
        door = self.doors.get(event.door_id) or self._create_door(event)
        if door is None:
            return
        if event.occurred is not None:
            self.clock.learn(event.occurred, door=door.id, held_since=held_since)
        if event.aspect not in door.reported:
            # first, so that a new entity begins as unknown: its first report is news
            door.add_reported(event.aspect)
            self._notify_doors((door,))
        if door.handle_report(event, held_since):
            self._on_change()

    def _handle_access(self, event: AccessEvent, held_since: float) -> None:
        """Handle a request for access, unless it is not news any more."""
        door = self.doors.get(event.door_id) or self._create_door(event)
        if door is None:
            return
        if not door.has_reader:
            door.has_reader = True
            self._notify_doors((door,))
        age = self.clock.age(event.occurred, door=door.id, held_since=held_since)
        if age is None or age > MAX_EVENT_AGE:
            _LOGGER.debug("Ignored a late %s", event.topic)
            return
        if event.access is Access.GRANTED:
            # the relay of a second reader is that of its door
            for door_id in {door.id, door.info.primary_reader}:
                if door_id is not None and (opened := self.doors.get(door_id)):
                    opened.handle_grant(event, age)
        door.accesses.notify(event, age)
        # at least its id is new
        self._on_change()

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
        """Notify of doors that are new or described again."""
        self.door_updates.notify(doors)
        self._on_change()

    def _handle_problem(self, event: SiteProblemReported) -> None:
        """Handle a problem of the site; it lasts until everything that had it is well."""
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

    # Endpoints

    def add_endpoint(self, endpoint: Endpoint) -> None:
        """Add or replace an endpoint; those beyond the maximum are ignored."""
        if endpoint.key not in self.endpoints:
            # each serves a door, so there are no more than doors
            if len(self.endpoints) >= self._max_doors:
                self._ignore_endpoint()
                return
        self.endpoints[endpoint.key] = endpoint
        self.endpoint_updates.notify(endpoint)

    def _ignore_endpoint(self) -> None:
        """Warn once of endpoints beyond the maximum."""
        if not self._ignored_endpoints:
            self._ignored_endpoints = True
            _LOGGER.warning(
                "Ignored more than %d wireless endpoints of %s",
                self._max_doors,
                self.info.name,
            )

    def remove_endpoint(self, endpoint: Endpoint) -> None:
        """Remove an endpoint."""
        del self.endpoints[endpoint.key]
        self._query_locks.pop(endpoint.key, None)
        self.removed_endpoints.notify(endpoint)
        self._on_change()

    def _handle_discovered(self, event: EndpointDiscovered, held_since: float) -> None:
        """Handle an endpoint that answers a discovery."""
        endpoint = self.endpoints.get((event.io_link_id, event.address)) or Endpoint(
            io_link_id=event.io_link_id, address=event.address
        )
        endpoint.io_link_type = event.io_link_type
        endpoint.io_link_name = event.io_link_name
        endpoint.doors = event.doors
        self.add_endpoint(endpoint)
        if endpoint.key not in self.endpoints:
            return
        if is_recent(held_since):
            self._discoveries.notify(endpoint)
        self._on_change()

    def _handle_signal(self, event: EndpointSignal, held_since: float) -> None:
        """Handle an endpoint that answers a query."""
        for endpoint in self.endpoints.values():
            if endpoint.address == event.address and event.io_link_id in (
                None,
                endpoint.io_link_id,
            ):
                endpoint.db_gain, endpoint.occurred = event.db_gain, datetime.now(UTC)
                endpoint.signals.notify()
        if is_recent(held_since):
            self._signals.notify(event)
        self._on_change()

    async def discover_endpoints(self, wait: float) -> list[Endpoint]:
        """Ask all endpoints to report; return those that do within `wait` seconds.

        Raises CommandError.
        """
        found: dict[EndpointKey, Endpoint] = {}

        def handle_discovery(endpoint: Endpoint) -> None:
            found[endpoint.key] = endpoint

        now = asyncio.get_running_loop().time
        end = now() + wait
        with self._discoveries.subscribed(handle_discovery):
            await run_to_completion(self._send(DiscoverEndpoints()))
            await asyncio.sleep(end - now())
        return list(found.values())

    async def query_signal(self, query: QuerySignal) -> Signal:
        """Ask one endpoint for its signal; another query to it waits its turn.

        An endpoint has 5 seconds to answer, from the panel's answer on. Raises
        CommandError if the panel does not answer or rejects the query.
        """
        key = (query.io_link_id, query.address)
        answer: asyncio.Future[EndpointSignal] = asyncio.Future()

        def handle_signal(event: EndpointSignal) -> None:
            is_answer = event.address == query.address and event.io_link_id in (
                None,
                query.io_link_id,
            )
            if is_answer and not answer.done():
                answer.set_result(event)

        async with self._query_locks.setdefault(key, asyncio.Lock()):
            with self._signals.subscribed(handle_signal):
                try:
                    await run_to_completion(self._send(query))
                except CommandUnansweredError:
                    if not answer.done():
                        raise
                await asyncio.wait({answer}, timeout=SIGNAL_TIMEOUT)
        if not answer.done():
            return Signal(io_link_id=query.io_link_id, address=query.address)
        return Signal(
            io_link_id=query.io_link_id,
            address=query.address,
            db_gain=answer.result().db_gain,
            occurred=datetime.now(UTC),
        )
