"""The commands of the Streaming API page, section "Commands"."""

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from .doors import Aspect, DoorId

SHORTEST_DWELL = 1
LONGEST_DWELL = 5400


@dataclass(frozen=True, slots=True)
class Command(ABC):
    """One command; `frame` is what the panel receives."""

    topic: ClassVar[str]

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        raise NotImplementedError

    def frame(self, command_id: str) -> dict[str, object]:
        """Return the command with its id, keys in the order of the page."""
        return {"id": command_id, "topic": self.topic, "body": self.body()}


@dataclass(frozen=True, slots=True)
class DoorCommand(Command):
    """A command for one door; `aspect` is what it changes there."""

    aspect: ClassVar[Aspect] = Aspect.RELAY
    door_id: DoorId

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"doorId": self.door_id}


class ActuateClose(DoorCommand):
    """Turn the relay off and leave it off: lock. Section door.actuate.close."""

    __slots__ = ()
    topic = "door.actuate.close"


class ActuateOpen(DoorCommand):
    """Turn the relay on and leave it on: unlock. Section door.actuate.open."""

    __slots__ = ()
    topic = "door.actuate.open"


class ActuateDoNotDisturb(DoorCommand):
    """Toggle do not disturb. Not idempotent. Section door.actuate.dnd."""

    __slots__ = ()
    topic = "door.actuate.dnd"
    aspect = Aspect.FORCE_CLOSE


class ActuateForceToggle(DoorCommand):
    """Flip the relay and latch it. Not idempotent. Section door.actuate.forcetoggle."""

    __slots__ = ()
    topic = "door.actuate.forcetoggle"


class ClearForced(DoorCommand):
    """Clear the forced alarm. Section door.alarm.forced.clear."""

    __slots__ = ()
    topic = "door.alarm.forced.clear"
    aspect = Aspect.FORCED


class TryOpen(DoorCommand):
    """Open for the door's own dwell time. Section door.try.open."""

    __slots__ = ()
    topic = "door.try.open"


@dataclass(frozen=True, slots=True)
class TryDwellOpen(DoorCommand):
    """Open for `dwell` tenths of a second, 1 to 5400. Section door.try.dwellopen.

    Raises ValueError for any other dwell.
    """

    topic = "door.try.dwellopen"
    dwell: int

    def __post_init__(self) -> None:
        """Refuse a dwell that the panel does not know."""
        if not SHORTEST_DWELL <= self.dwell <= LONGEST_DWELL:
            raise ValueError("dwell is 1 to 5400 tenths of a second")

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"doorId": self.door_id, "dwell": self.dwell}


@dataclass(frozen=True, slots=True)
class DiscoverEndpoints(Command):
    """Ask every wireless endpoint to report. Section endpoint.discover."""

    topic = "endpoint.discover"

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySignal(Command):
    """Ask one endpoint for its last-hop signal. Section endpoint.querysignal.

    `actuate_relay` turns its signalling relay on for `relay_dwell`.
    """

    topic = "endpoint.querysignal"
    io_link_id: int
    address: str
    actuate_relay: bool = False
    relay_dwell: int = 5

    def body(self) -> dict[str, object]:
        """Return the command's body."""
        return {
            "ioLinkId": self.io_link_id,
            "address": self.address,
            "actuateRelay": self.actuate_relay,
            "relayDwell": self.relay_dwell,
        }


def tenths(seconds: float) -> int:
    """Return a dwell in tenths of a second, rounded to the nearest."""
    return round(seconds * 10)
