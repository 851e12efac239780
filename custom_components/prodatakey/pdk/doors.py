"""Doors as the panel lists them, and their state as its events tell it."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from .fields import Json, filled_text

type DoorId = int | str

LONGEST_DOOR_ID = 64


def parse_door_id(raw: object) -> DoorId | None:
    """Return a door's id, or None for what cannot be one.

    The id is documented as a string and exemplified as an integer, so "1" and 1 are
    the same door; commands carry it as the page shows it, an integer.
    """
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if not isinstance(raw, str) or not 0 < len(raw) <= LONGEST_DOOR_ID:
        return None
    if raw.isascii() and raw.isdigit() and len(raw) < 19 and str(int(raw)) == raw:
        return int(raw)
    return raw


class DoorKind(Enum):
    """What a PDK device is for its users."""

    DOOR = auto()
    OUTPUT = auto()
    SECOND_READER = auto()


_WITHOUT_READER = frozenset({"ioDevice", "premiumIoDevice", "floorRelay"})
_SECOND_READERS = frozenset({"additionalReader", "additionalElevatorReader"})
_DOOR_ICONS = frozenset({"swingingDoor", "swingingGate", "rollUpDoor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One device of a panel: panel REST `devices`, or what an event says of it."""

    id: DoorId
    name: str
    type: str | None = None
    icon: str | None = None
    has_dps: bool = False
    has_rex: bool = False
    primary_reader: DoorId | None = None
    hardware: str | None = None
    firmware: str | None = None
    serial: str | None = None

    @property
    def kind(self) -> DoorKind:
        """Return what the device is; what is not known is a door."""
        if self.type in _SECOND_READERS:
            return DoorKind.SECOND_READER
        if self.type in _WITHOUT_READER and self.icon not in _DOOR_ICONS:
            return DoorKind.OUTPUT
        return DoorKind.DOOR

    @property
    def has_reader(self) -> bool:
        """Return whether people can ask for access here."""
        return self.type not in _WITHOUT_READER


def parse_door(raw: object) -> Door | None:
    """Return a door from the panel's REST, or None where it has no usable id."""
    if not isinstance(raw, dict) or (door_id := parse_door_id(raw.get("id"))) is None:
        return None
    kind = filled_text(raw.get("type"))
    return Door(
        id=door_id,
        name=filled_text(raw.get("name")) or f"Door {door_id}",
        type=kind,
        icon=filled_text(raw.get("publicIcon")),
        has_dps=raw.get("dps") is True,
        has_rex=raw.get("rex") is True,
        primary_reader=_primary_reader(raw, door_id)
        if kind in _SECOND_READERS
        else None,
        hardware=filled_text(raw.get("hardwareVersion")),
        firmware=filled_text(raw.get("firmwareVersion")),
        serial=filled_text(raw.get("serialNumber")),
    )


def _primary_reader(raw: Json, door_id: DoorId) -> DoorId | None:
    """Return the reader that a second one belongs to, which is not itself."""
    primary_reader = parse_door_id(raw.get("primaryReader"))
    return None if primary_reader == door_id else primary_reader


class Aspect(StrEnum):
    """One thing that a panel tells of a door."""

    RELAY = "relay"
    DPS = "dps"
    REX = "rex"
    PROPPED = "propped"
    FORCED = "forced"
    FORCE_CLOSE = "force_close"

    # that of Enum is written in Python, and an event asks for it often
    __hash__ = str.__hash__


class DoorState(NamedTuple):
    """What the panel has said of one door; None where it has said nothing.

    True is: relay on (unlocked), door open, request to exit active, held open too
    long, forced open, do not disturb in effect. `assumed` names what was said before
    a gap in the stream and has not been said again since.

    A tuple, as a dataclass takes three times as long to be replaced at each event.
    """

    relay: bool | None = None
    dps: bool | None = None
    rex: bool | None = None
    propped: bool | None = None
    forced: bool | None = None
    force_close: bool | None = None
    assumed: frozenset[Aspect] = frozenset()

    def value(self, aspect: Aspect) -> bool | None:
        """Return one aspect."""
        value: bool | None = getattr(self, aspect)
        return value


def apply(state: DoorState, aspect: Aspect, value: bool) -> DoorState:
    """Return the state after the panel has said how one aspect is."""
    assumed = state.assumed
    if aspect in assumed:
        assumed -= {aspect}
    elif state.value(aspect) is value:
        return state
    changes: dict[str, bool] = {aspect: value}
    return state._replace(assumed=assumed, **changes)


def after_gap(state: DoorState) -> DoorState:
    """Return the state when events may have been missed: known, but only assumed."""
    known = frozenset(a for a in Aspect if state.value(a) is not None)
    return state if known == state.assumed else state._replace(assumed=known)


def doubt(state: DoorState, aspect: Aspect) -> DoorState:
    """Return the state when nobody can tell whether a command has changed an aspect."""
    if state.value(aspect) is None or aspect in state.assumed:
        return state
    return state._replace(assumed=state.assumed | {aspect})
