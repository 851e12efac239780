"""A door as Home Assistant knows it: the panel's word, and what became of it here."""

from dataclasses import dataclass, field
from typing import Any

from .pdk.doors import (
    Aspect,
    Door,
    DoorId,
    DoorKind,
    DoorState,
    after_gap,
    parse_door_id,
)

# Both alarms come from the position sensor.
_OF_A_DPS = frozenset({Aspect.DPS, Aspect.PROPPED, Aspect.FORCED})


@dataclass(slots=True, kw_only=True)
class PanelDoor:
    """A door of the panel with its state.

    `shown` is what the panel has ever told of it, in its list or in an event;
    `entities` are the keys of those it has; `missed` counts the readings of the list in
    a row that lack it.
    """

    door: Door
    state: DoorState = field(default_factory=DoorState)
    shown: set[Aspect] = field(default_factory=set)
    changed_by: str | None = None
    relay_reports: int = 0
    missed: int = 0
    entities: set[str] = field(default_factory=set)

    @property
    def id(self) -> DoorId:
        """Return the panel's id of the door."""
        return self.door.id

    @property
    def is_door(self) -> bool:
        """Return whether it is a door that can be locked."""
        return self.door.kind is DoorKind.DOOR

    @property
    def is_output(self) -> bool:
        """Return whether something else than a door hangs on its relay."""
        return self.door.kind is DoorKind.OUTPUT

    @property
    def is_second_reader(self) -> bool:
        """Return whether it is but another reader of a door."""
        return self.door.kind is DoorKind.SECOND_READER

    def is_kind_of(self, door: Door) -> bool:
        """Return whether the panel's list tells of a device with the same entities."""
        ours = self.door
        return (ours.kind, ours.has_reader) == (door.kind, door.has_reader)

    def take(self, door: Door) -> None:
        """Take what the panel's list says of the door."""
        self.door = door
        if door.has_dps:
            self.shown |= _OF_A_DPS
        if door.has_rex:
            self.shown.add(Aspect.REX)

    def show(self, aspect: Aspect) -> None:
        """Note that the panel has told this of the door."""
        self.shown |= _OF_A_DPS if aspect in _OF_A_DPS else {aspect}

    def as_memory(self) -> dict[str, Any]:
        """Return what has to outlast a restart."""
        return {
            "id": self.id,
            "name": self.door.name,
            "type": self.door.type,
            "icon": self.door.icon,
            "primary_reader": self.door.primary_reader,
            "state": {
                aspect: value
                for aspect in Aspect
                if (value := self.state.value(aspect)) is not None
            },
            "shown": sorted(self.shown),
            "changed_by": self.changed_by,
        }

    @classmethod
    def from_memory(cls, memory: dict[str, Any], *, with_people: bool) -> PanelDoor:
        """Return a door as it was; every state of it is only assumed.

        Raises LookupError, TypeError or ValueError if the memory is damaged.
        """
        if parse_door_id(memory["id"]) is None or not memory["name"]:
            raise ValueError("no door has such an id")
        return cls(
            door=Door(
                id=memory["id"],
                name=memory["name"],
                type=memory["type"],
                icon=memory["icon"],
                primary_reader=memory["primary_reader"],
            ),
            state=after_gap(DoorState(**memory["state"])),
            shown={Aspect(aspect) for aspect in memory["shown"]},
            changed_by=memory["changed_by"] if with_people else None,
        )
