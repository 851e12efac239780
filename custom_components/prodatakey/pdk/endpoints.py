"""Wireless endpoints of a panel: discovery, and the signal of their last hop."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
import logging
from typing import Any

from .clock import is_recent
from .commands import Command, DiscoverEndpoints, QuerySignal, run_to_completion
from .errors import CommandUnansweredError
from .events import EndpointDiscovered, EndpointDoor, EndpointSignal
from .subscribers import Subscribers

_LOGGER = logging.getLogger(__name__)

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


class Endpoints(dict[EndpointKey, Endpoint]):
    """The endpoints of a panel that have ever answered a discovery."""

    def __init__(
        self,
        send: Callable[[Command], Coroutine[Any, Any, None]],
        *,
        on_change: Callable[[], None],
        most: int,
        name: str,
    ) -> None:
        """Initialize without endpoints; `name` is that of the panel, for the log.

        `on_change` is called when something changes that should be stored. `most` are
        kept.
        """
        self.updates = Subscribers[Endpoint]()
        """Notified of endpoints that are new or updated."""
        self.removed = Subscribers[Endpoint]()
        self._send = send
        self._on_change = on_change
        self._most = most
        self.name = name
        self._has_ignored = False
        self._discoveries = Subscribers[Endpoint]()
        self._signals = Subscribers[EndpointSignal]()
        self._query_locks: dict[EndpointKey, asyncio.Lock] = {}

    def add(self, endpoint: Endpoint) -> None:
        """Add or replace an endpoint; those beyond the maximum are ignored."""
        if endpoint.key not in self:
            if len(self) >= self._most:
                self._ignore()
                return
        self[endpoint.key] = endpoint
        self.updates.notify(endpoint)

    def _ignore(self) -> None:
        """Warn once of endpoints beyond the maximum."""
        if not self._has_ignored:
            self._has_ignored = True
            _LOGGER.warning(
                "Ignored more than %d wireless endpoints of %s",
                self._most,
                self.name,
            )

    def remove(self, endpoint: Endpoint) -> None:
        """Remove an endpoint."""
        del self[endpoint.key]
        self._query_locks.pop(endpoint.key, None)
        self.removed.notify(endpoint)
        self._on_change()

    def handle_discovered(self, event: EndpointDiscovered, held_since: float) -> None:
        """Handle an endpoint that answers a discovery."""
        endpoint = self.get((event.io_link_id, event.address)) or Endpoint(
            io_link_id=event.io_link_id, address=event.address
        )
        endpoint.io_link_type = event.io_link_type
        endpoint.io_link_name = event.io_link_name
        endpoint.doors = event.doors
        self.add(endpoint)
        if endpoint.key not in self:
            return
        if is_recent(held_since):
            self._discoveries.notify(endpoint)
        self._on_change()

    def handle_signal(self, event: EndpointSignal, held_since: float) -> None:
        """Handle an endpoint that answers a query."""
        for endpoint in self.values():
            if endpoint.address == event.address and event.io_link_id in (
                None,
                endpoint.io_link_id,
            ):
                endpoint.db_gain, endpoint.occurred = event.db_gain, datetime.now(UTC)
                endpoint.signals.notify()
        if is_recent(held_since):
            self._signals.notify(event)
        self._on_change()

    async def discover(self, wait: float) -> list[Endpoint]:
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
