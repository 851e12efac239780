"""The events of the Streaming API page, section "Events", as types.

`occurred` is epoch milliseconds on the panel's clock, None where it is not told.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from .doors import Aspect, DoorId


class DoorEvent(NamedTuple):
    """A door has changed one aspect of its state: door.alarm, .forceclose, .input.

    The one that comes most: a tuple is made in half the time of a frozen dataclass.
    """

    topic: str
    door_id: DoorId
    door_name: str | None
    occurred: int | None
    event_id: str | None
    aspect: Aspect
    value: bool


class Access(StrEnum):
    """How the panel answered somebody at a reader."""

    GRANTED = "access_granted"
    DENIED = "access_denied"
    UNKNOWN = "access_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEvent:
    """Somebody asked for access: door.request.allowed, .denied, .unknown."""

    topic: str
    door_id: DoorId
    door_name: str | None
    occurred: int | None
    event_id: str | None
    access: Access
    person_id: int | str | None
    person: str | None
    request_factor: str | None
    explicit: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSucceeded:
    """A command was carried out: command.result.succeed."""

    command_id: str
    occurred: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """The panel refused something, without saying what: serverError."""

    message: str


@dataclass(frozen=True, slots=True)
class InvalidToken:
    """An event was held back, as the token has expired: invalidToken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDoor:
    """A door that hangs on a wireless endpoint."""

    id: DoorId
    port: int | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDiscovered:
    """A wireless endpoint answered endpoint.discover."""

    io_link_id: int
    address: str
    io_link_type: str | None
    io_link_name: str | None
    doors: tuple[EndpointDoor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSignal:
    """A wireless endpoint answered endpoint.querysignal."""

    io_link_id: int | None
    address: str
    db_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """What stands for one %s of a live event; it may be what somebody typed."""

    text: str = field(repr=False)
    id: int | str | None
    type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One line of the panel's own log for people: liveEvent."""

    topic: str | None
    info: str
    placeholders: tuple[Placeholder, ...]


class MigrationStage(StrEnum):
    """How far a panel is on its way to PDK 2.0."""

    STARTED = "started"
    STAGED = "staged"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """The panel moves to PDK 2.0: migration.started, .staged, .completed."""

    stage: MigrationStage
    system_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationTask:
    """One step of the move: migration.task.started, .completed."""

    task: str | None
    completed: bool


type PdkEvent = (
    DoorEvent
    | AccessEvent
    | CommandSucceeded
    | ServerError
    | InvalidToken
    | EndpointDiscovered
    | EndpointSignal
    | LiveEvent
    | Migration
    | MigrationTask
)
