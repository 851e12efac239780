"""Panels, doors, and what they can do."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import ClassVar

type DoorId = int | str


class Aspect(StrEnum):
    """One property of a door, which the panel reports if nothing else is said."""

    RELAY = "relay"
    DPS = "dps"
    REX = "rex"
    PROPPED = "propped"
    FORCED = "forced"
    FORCE_CLOSE = "force_close"
    AUTO_OPEN = "auto_open"
    LATCHED = "latched"
    """What force toggle has done, as far as this client has sent it; never reported."""

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
    configured: frozenset[Aspect] = frozenset()
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
