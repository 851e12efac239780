"""The events of the Streaming API page (section "Events").

`occurred` is epoch milliseconds on the panel's clock, None where it is not reported.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from .models import Aspect, DoorId


@dataclass(slots=True)
class DoorEvent:
    """One aspect of a door was reported: door.alarm, .autoopen, .forceclose, .input.

    The most frequent event: it is not frozen, as that takes longer to create.
    """

    topic: str
    door_id: DoorId
    door_name: str | None
    occurred: int | None
    event_id: str | None
    aspect: Aspect
    value: bool


class Access(StrEnum):
    """How the panel answered a request for access."""

    GRANTED = "access_granted"
    DENIED = "access_denied"
    UNKNOWN = "access_unknown"
    DURESS = "access_duress"
    """PDK 2.0 only: a PIN that asks for help in secret."""


class DeniedReason(StrEnum):
    """Why a person was refused."""

    DISABLED = "disabled"
    NOT_YET_ACTIVE = "not_yet_active"
    EXPIRED = "expired"
    EXPLICIT = "explicit"
    """Do not disturb, or a rule that denies access."""
    NO_RULE = "no_rule"
    """No rule lets the person in here at this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEvent:
    """Somebody requested access: door.request.allowed, .denied, .unknown."""

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
    enabled: bool | None = None
    """Whether the person is enabled."""
    active_from: str | None = None
    """From when the person is active: a day or a time in ISO 8601."""
    expires: str | None = None
    reason: DeniedReason | None = None
    """Why access was denied, if that is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSucceeded:
    """A command was executed: command.result.succeed.

    `sent` is when it was sent, as `clock.now`; None if it is not one of ours.
    """

    command_id: str
    occurred: int | None
    sent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """The panel rejected something, without naming it: serverError."""

    message: str


@dataclass(frozen=True, slots=True)
class InvalidToken:
    """The token has expired, and an event is held back: invalidToken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDoor:
    """A door that is connected to a wireless endpoint."""

    id: DoorId
    port: int | None
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointDiscovered:
    """A wireless endpoint answered endpoint.discover: endpoint.discovered."""

    io_link_id: int
    address: str
    io_link_type: str | None
    io_link_name: str | None
    doors: tuple[EndpointDoor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSignal:
    """A wireless endpoint answered endpoint.querysignal: endpoint.signal."""

    io_link_id: int | None
    address: str
    db_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholder:
    """The text for one %s of a live event; it may be a typed credential."""

    text: str = field(repr=False)
    id: int | str | None
    type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEvent:
    """One line of the panel's activity log: liveEvent."""

    topic: str | None
    info: str
    placeholders: tuple[Placeholder, ...]
    photo_type: str = "missing"
    """The JSON type of the photo, which nobody has seen yet; never what it contains."""


class MigrationStage(StrEnum):
    """How far the migration of a panel to PDK 2.0 has come."""

    STARTED = "started"
    STAGED = "staged"
    COMPLETED = "completed"
    ROLLED_BACK = "rolledback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A stage of the migration to PDK 2.0: migration.started, .staged, .completed, .rolledback."""

    stage: MigrationStage


class SiteProblem(StrEnum):
    """A problem of a whole site that PDK 2.0 reports."""

    CIRCUIT_BREAKER = "circuit_breaker"
    COMMUNICATION_LOSS = "communication_loss"
    POWER = "power"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProblemReported:
    """A problem of the site began or ended; `source` is what has it, if it is named."""

    problem: SiteProblem
    value: bool
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConnection:
    """The cloud node of the site went online or offline."""

    connected: bool


@dataclass(frozen=True, slots=True)
class AllProppedCleared:
    """No door of the site is propped open any more."""


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
    | SiteProblemReported
    | SiteConnection
    | AllProppedCleared
)
