"""The wireless endpoints of a panel: discovery and signal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .devices import Devices
from .listeners import Listeners
from .pdk.commands import Command, DiscoverEndpoints, QuerySignal
from .pdk.errors import CommandRefusedError
from .pdk.events import EndpointDiscovered, EndpointSignal

ANSWER_TIMEOUT = 5.0


@dataclass(slots=True, kw_only=True)
class Endpoint:
    """A wireless endpoint with its last signal."""

    io_link_id: int
    address: str
    io_link_type: str | None
    io_link_name: str | None
    doors: list[dict[str, Any]]
    db_gain: float | None = None
    occurred: datetime | None = None

    def as_memory(self) -> dict[str, Any]:
        """Return what has to outlast a restart."""
        occurred = self.occurred.isoformat() if self.occurred else None
        return {**asdict(self), "occurred": occurred}

    @classmethod
    def from_memory(cls, memory: dict[str, Any]) -> Endpoint:
        """Return an endpoint as it was. Raises TypeError where it has no address."""
        if not isinstance(memory["address"], str):
            raise TypeError("address")
        occurred = memory["occurred"] and dt_util.parse_datetime(memory["occurred"])
        return cls(**{**memory, "occurred": occurred})


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What an endpoint answered, and when; both None where it did not."""

    io_link_id: int
    address: str
    db_gain: float | None = None
    occurred: datetime | None = None


class Endpoints:
    """The endpoints that a panel has ever told of, by address."""

    def __init__(
        self,
        devices: Devices,
        listeners: Listeners,
        send: Callable[[Command], Awaitable[None]],
    ) -> None:
        """Start with none."""
        self.known: dict[str, Endpoint] = {}
        self._devices = devices
        self._listeners = listeners
        self._send = send
        self._asking: dict[str, asyncio.Lock] = {}

    @callback
    def take_discovered(self, event: EndpointDiscovered) -> None:
        """Take an endpoint's report."""
        endpoint = Endpoint(
            io_link_id=event.io_link_id,
            address=event.address,
            io_link_type=event.io_link_type,
            io_link_name=event.io_link_name,
            doors=[asdict(door) for door in event.doors],
        )
        if known := self.known.get(event.address):
            endpoint.db_gain, endpoint.occurred = known.db_gain, known.occurred
        self.remember(endpoint)
        self._listeners.tell("discovered", endpoint)

    @callback
    def remember(self, endpoint: Endpoint) -> None:
        """Take an endpoint as it is now, or was before a restart."""
        self.known[endpoint.address] = endpoint
        self._devices.take_endpoint(endpoint.address, endpoint.io_link_type)
        self._listeners.tell("endpoints", (endpoint,))

    @callback
    def take_signal(self, event: EndpointSignal) -> None:
        """Take an endpoint's signal."""
        if endpoint := self.known.get(event.address):
            endpoint.db_gain, endpoint.occurred = event.db_gain, dt_util.utcnow()
        self._listeners.tell(("signal", event.address))
        self._listeners.tell(("answer", event.address), event)

    @callback
    def forget(self, address: str) -> None:
        """Forget an endpoint that the user has deleted."""
        del self.known[address]
        self._asking.pop(address, None)
        self._listeners.tell("forgotten", address)

    async def discover(self, wait: float) -> list[Endpoint]:
        """Ask all endpoints to report, and return those that do in so many seconds."""
        found: dict[tuple[int, str], Endpoint] = {}

        def take(endpoint: Endpoint) -> None:
            found[endpoint.io_link_id, endpoint.address] = endpoint

        now = asyncio.get_running_loop().time
        end = now() + wait
        with self._listeners.listening(take, "discovered"):
            await self._send(DiscoverEndpoints())
            await asyncio.sleep(end - now())
        return list(found.values())

    async def query(self, question: QuerySignal) -> Signal:
        """Ask one endpoint for its signal; another question to it waits its turn."""
        unanswered = Signal(io_link_id=question.io_link_id, address=question.address)
        async with self._asking.setdefault(question.address, asyncio.Lock()):
            answer: asyncio.Future[EndpointSignal] = asyncio.Future()

            def take(event: EndpointSignal) -> None:
                asked = event.io_link_id in (None, question.io_link_id)
                if asked and not answer.done():
                    answer.set_result(event)

            try:
                with self._listeners.listening(take, ("answer", question.address)):
                    async with asyncio.timeout(ANSWER_TIMEOUT):
                        await self._send(question)
                        await answer
            except TimeoutError:
                # waiting no longer may have cancelled the answer itself
                if not answer.done() or answer.cancelled():
                    return unanswered
        return Signal(
            io_link_id=question.io_link_id,
            address=question.address,
            db_gain=answer.result().db_gain,
            occurred=dt_util.utcnow(),
        )

    async def query_all(self, questions: Iterable[QuerySignal]) -> list[Signal]:
        """Ask one endpoint after another; one that the panel refuses has no answer."""
        signals = []
        for question in questions:
            try:
                signals.append(await self.query(question))
            except CommandRefusedError:
                signals.append(
                    Signal(io_link_id=question.io_link_id, address=question.address)
                )
        return signals
