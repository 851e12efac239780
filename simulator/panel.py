"""A panel: its doors, people, connected clients and received commands."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
import logging
import time
from typing import Any

from . import events
from .clock import Clock
from .door import Door
from .faults import Faults
from .observers import Observers
from .scenario import ADDITIONAL_READERS, Device, PanelSpec, Person, device, device_id
from .tokens import Tokens

_LOGGER = logging.getLogger(__name__)

type Event = tuple[str, tuple[Any, ...]]


class NotFoundError(Exception):
    """There is no such panel or door."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A received command."""

    index: int
    raw: str
    id: str | None
    topic: str | None
    body: dict[str, Any]
    at: float


class StreamClient:
    """A client of the stream. Once its token has expired, events wait for a new one."""

    def __init__(self, emit: Callable[..., None], token: str, expires: float) -> None:
        """Initialize the client; `emit` sends an event to it."""
        self.emit = emit
        self.token = token
        self.expires = expires
        self._missed: list[Event] = []

    def send(self, topic: str, *args: Any) -> None:
        """Send an event; with an expired token send `invalidToken` and keep the event."""
        if time.monotonic() < self.expires:
            self.emit(topic, *args)
        else:
            self._missed.append((topic, args))
            self.emit("invalidToken")

    def renew(self, token: str, expires: float) -> None:
        """Continue with a new token and send the missed events."""
        self.token = token
        self.expires = expires
        missed, self._missed = self._missed, []
        for topic, args in missed:
            self.send(topic, *args)


class Panel:
    """A panel, independent of the network."""

    def __init__(
        self, spec: PanelSpec, clock: Clock, faults: Faults, observers: Observers
    ) -> None:
        """Initialize the panel with all doors locked."""
        self.id = spec.id
        self.name = spec.name
        self.ou = spec.ou
        self.online = spec.online
        self.migration: str | None = None
        self.publish_on_system: Callable[..., None] | None = None
        """Sends its events on PDK 2.0; None while it is on PDK 1.0."""
        self.system_id = spec.system.id
        self.cloud_node = spec.system.cloud_node
        self.people: dict[int, Person] = {each.id: each for each in spec.people}
        self.endpoints = spec.endpoints
        self.doors: dict[str, Door] = {}
        self.clock = clock
        self.observers = observers
        self.faults = Faults(faults)
        self.tokens = Tokens()
        self.requests: Counter[str] = Counter()
        self.clients: dict[str, StreamClient] = {}
        self.commands: list[Command] = []
        self._command_received = asyncio.Event()
        self._collected: list[Event] | None = None
        self._keys: dict[str, str] = {}
        for each in spec.doors:
            self.add_door(each)

    def door(self, door_id: Any) -> Door:
        """Return a door; its id may be a number, a string, or that of PDK 2.0."""
        if door := self.find_door(door_id):
            return door
        raise NotFoundError(f"There is no door {door_id}.")

    def find_door(self, door_id: Any) -> Door | None:
        """Return a door, or None if there is none."""
        key = str(door_id)
        return self.doors.get(self._keys.get(key, key))

    def door_of(self, reader: Door) -> Door:
        """Return the door with the relay that a reader operates."""
        if reader.device["type"] in ADDITIONAL_READERS:
            return self.door(reader.device["primaryReader"])
        return reader

    def add_door(self, source: Device) -> Door:
        """Add a device, in place of one with the same id."""
        new = device(source)
        door = Door(new, self.clock, partial(self.publish_door_event, new["id"]))
        self.doors[str(new["id"])] = door
        self._keys[device_id(self.id, new["id"])] = str(new["id"])
        return door

    def remove_door(self, door_id: str) -> None:
        """Remove a device; a panel sends no event for that."""
        door = self.door(door_id)
        door.stop()
        del self.doors[str(door.device["id"])]

    @property
    def generation(self) -> int:
        """Return the generation of PDK that serves it."""
        return 2 if self.publish_on_system else 1

    @property
    def is_read_only(self) -> bool:
        """Return whether commands are rejected, as a migration has begun."""
        return self.migration in ("started", "staged")

    def now_ms(self) -> int:
        """Return the time of the panel's clock in epoch milliseconds."""
        return int((time.time() + self.faults.get("clock_offset")) * 1000)

    def publish_door_event(self, door_id: int | str, topic: str) -> None:
        """Send an event of a door: relay, inputs, alarms, force close, schedule."""
        device = self.door(door_id).device
        self.publish(topic, events.door_event(topic, device, self.now_ms()))

    def publish(self, topic: str, *args: Any) -> None:
        """Send an event to all clients."""
        if self._collected is not None:
            self._collected.append((topic, args))
            return
        if self.publish_on_system:
            self.publish_on_system(topic, *args)
            return
        _LOGGER.info("%s: %s", self.id, topic)
        self.observers.record(self.id, "event", topic, args[0] if args else None)
        for client in tuple(self.clients.values()):
            client.send(topic, *args)

    @contextmanager
    def collect_events(self) -> Iterator[list[Event]]:
        """Collect events instead of sending them: a command's result may come first."""
        self._collected = []
        try:
            yield self._collected
        finally:
            self._collected = None

    def add_command(self, raw: str, command: dict[str, Any]) -> Command:
        """Store a received command."""
        body = command.get("body")
        received = Command(
            index=len(self.commands) + 1,
            raw=raw,
            id=command.get("id"),
            topic=command.get("topic"),
            body=body if isinstance(body, dict) else {},
            at=time.time(),
        )
        self.commands.append(received)
        self.observers.record(self.id, "command", received.topic, received.body)
        self._command_received.set()
        self._command_received = asyncio.Event()
        return received

    async def wait_for_commands(self, after: int, timeout: float) -> list[Command]:
        """Return the commands after an index, waiting for at least one of them."""
        try:
            async with asyncio.timeout(timeout):
                while len(self.commands) <= after:
                    await self._command_received.wait()
        except TimeoutError:
            pass
        return self.commands[after:]

    def revoke_tokens(self) -> None:
        """Invalidate all tokens, those of connected clients too."""
        self.tokens.revoke()
        for client in self.clients.values():
            client.expires = 0.0

    def stop(self) -> None:
        """Stop all doors."""
        for door in self.doors.values():
            door.stop()
