"""A panel: its doors and people, who listens to it and what it was told to do."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
import logging
import time
from typing import Any, Protocol

from . import events
from .audience import Audience
from .clock import Clock
from .devices import SECOND_READERS, Device, device
from .door import Door
from .faults import Faults
from .scenario import Endpoint, PanelSpec, Person
from .tokens import Tokens

_LOGGER = logging.getLogger(__name__)

type Event = tuple[str, tuple[Any, ...]]


class NotFoundError(Exception):
    """There is no such thing here."""


class Listener(Protocol):
    """Somebody connected to the panel's stream."""

    def deliver(self, topic: str, *args: Any) -> None:
        """Send an event, or keep it while the token is no good."""

    def send(self, topic: str, *args: Any) -> None:
        """Send an event, whatever the token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as it was received."""

    index: int
    raw: str
    id: str | None
    topic: str | None
    body: dict[str, Any]
    at: float


class Panel:
    """The panel itself; how it is reached is none of its business."""

    def __init__(
        self, spec: PanelSpec, clock: Clock, general: Faults, audience: Audience
    ) -> None:
        """Build the panel with all its doors locked."""
        self.id = spec.id
        self.name = spec.name
        self.ou = spec.ou
        self.online = spec.online
        self.people: dict[int, Person] = {each.id: each for each in spec.people}
        self.endpoints: tuple[Endpoint, ...] = spec.endpoints
        self.doors: dict[str, Door] = {}
        self.clock = clock
        self.audience = audience
        self.faults = Faults(general)
        self.tokens = Tokens()
        self.requests: Counter[str] = Counter()
        self.listeners: dict[str, Listener] = {}
        self.commands: list[Command] = []
        self._commanded = asyncio.Event()
        self._collected: list[Event] | None = None
        for each in spec.doors:
            self.add_door(each)

    def door(self, door_id: Any) -> Door:
        """Return a door; ids may come as numbers or strings."""
        try:
            return self.doors[str(door_id)]
        except KeyError:
            raise NotFoundError(f"There is no door {door_id}.") from None

    def strike(self, door: Door) -> Door:
        """Return the door whose relay a reader opens."""
        if door.device["type"] in SECOND_READERS:
            return self.door(door.device["primaryReader"])
        return door

    def add_door(self, source: Device) -> Door:
        """Add a device; an existing one of that id is replaced."""
        new = device(source)
        door = Door(new, self.clock, partial(self._door_changed, str(new["id"])))
        self.doors[str(new["id"])] = door
        return door

    def remove_door(self, door_id: str) -> None:
        """Remove a device, quietly: the real one sends no event either."""
        self.door(door_id).stop()
        del self.doors[door_id]

    def now_ms(self) -> int:
        """Return the panel's idea of the present."""
        return events.now_ms(self.faults.get("clock_offset"))

    def publish(self, topic: str, *args: Any, through_token: bool = True) -> None:
        """Send an event to everybody connected, whatever their tokens if asked."""
        if self._collected is not None:
            self._collected.append((topic, args))
            return
        _LOGGER.info("%s: %s", self.id, topic)
        self.audience.note(self.id, "event", topic, args[0] if args else None)
        for listener in tuple(self.listeners.values()):
            send = listener.deliver if through_token else listener.send
            send(topic, *args)

    @contextmanager
    def collecting(self) -> Iterator[list[Event]]:
        """Keep events back, for a command's result may have to go first."""
        self._collected = []
        try:
            yield self._collected
        finally:
            self._collected = None

    def record(self, raw: str, command: dict[str, Any]) -> Command:
        """Remember a command that was received."""
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
        self.audience.note(self.id, "command", received.topic, received.body)
        self._commanded.set()
        self._commanded = asyncio.Event()
        return received

    async def commands_after(self, index: int, wait: float) -> list[Command]:
        """Return the commands after one, waiting until there is at least one."""
        try:
            async with asyncio.timeout(wait):
                while len(self.commands) <= index:
                    await self._commanded.wait()
        except TimeoutError:
            pass
        return self.commands[index:]

    def stop(self) -> None:
        """Let nothing happen any more."""
        for door in self.doors.values():
            door.stop()

    def _door_changed(self, door_id: str, topic: str) -> None:
        changed = self.doors[door_id].device
        self.publish(topic, events.door_event(topic, changed, self.now_ms()))
