"""Panels, doors, and the events of the Streaming API page (section "Events").

`occurred` is epoch milliseconds on the panel's clock, None where it is not reported.
"""

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import ClassVar

type DoorId = int | str


class Aspect(StrEnum):
    """One property of a door that the panel reports."""

    RELAY = "relay"
    DPS = "dps"
    REX = "rex"
    PROPPED = "propped"
    FORCED = "forced"
    FORCE_CLOSE = "force_close"
    AUTO_OPEN = "auto_open"

    # Enum.__hash__ is pure Python; str.__hash__ is faster for every event
    __hash__ = str.__hash__


class DoorKind(Enum):
    """What a PDK device is for its users."""

    DOOR = auto()
    OUTPUT = auto()
    SECOND_READER = auto()


_TYPES_WITHOUT_READER = frozenset({"ioDevice", "premiumIoDevice", "floorRelay"})
SECOND_READER_TYPES = frozenset({"additionalReader", "additionalElevatorReader"})
_DOOR_ICONS = frozenset({"swingingDoor", "swingingGate", "rollUpDoor"})
_OUTPUT_ICONS = frozenset({"alarm", "fan", "light", "panicButton", "sprinkler"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelInfo:
    """A panel as the accounts service lists it; `id` is its serial number."""

    generation: ClassVar[str] = "1.0"
    is_experimental: ClassVar[bool] = False
    """Whether no real system of this generation was ever seen."""
    migrates: ClassVar[bool] = True
    """Whether PDK moves panels of this generation to the next one."""
    id: str
    name: str
    uri: str
    system_id: str | None = None
    """Only PDK 2.0 has systems."""
    organization: str | None = field(default=None, compare=False)
    """Whose panel it is, where an account was listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudNodeInfo(PanelInfo):
    """A panel on PDK 2.0: a cloud node of a system; `uri` is that of the system."""

    generation = "2.0"
    is_experimental = True
    migrates = False
    system_id: str
    cloud_node_id: str


class Feature(Enum):
    """What not every generation of PDK can do, or report."""

    DO_NOT_DISTURB = auto()
    """The command; the state is reported by both."""
    FORCE_TOGGLE = auto()
    CLEAR_FORCED = auto()
    ENDPOINTS = auto()
    LIVE_EVENTS = auto()
    DURESS = auto()
    SITE_PROBLEMS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorInfo:
    """A device as the panel's REST API lists it, or as an event names it."""

    id: DoorId
    name: str | None
    type: str | None = None
    icon: str | None = None
    reported: frozenset[Aspect] = frozenset()
    """The inputs and alarms that are configured."""
    dwell: float | None = None
    """How long the door opens by default, in seconds."""
    primary_reader: DoorId | None = None
    hardware: str | None = None
    firmware: str | None = None
    serial: str | None = None

    @property
    def kind(self) -> DoorKind:
        """Return what the device is; an unknown type is a door."""
        if self.type in SECOND_READER_TYPES:
            return DoorKind.SECOND_READER
        if self.type in _TYPES_WITHOUT_READER and self.icon not in _DOOR_ICONS:
            return DoorKind.OUTPUT
        return DoorKind.DOOR

    @property
    def may_be_door(self) -> bool:
        """Return whether the relay may open a door: not if its icon says what it is."""
        return self.kind is DoorKind.DOOR or self.icon not in _OUTPUT_ICONS

    @property
    def has_reader(self) -> bool:
        """Return whether people can request access here."""
        return self.type not in _TYPES_WITHOUT_READER

    def same_kind(self, other: DoorInfo) -> bool:
        """Return whether both devices get the same entities."""
        return (self.kind, self.has_reader) == (other.kind, other.has_reader)


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
