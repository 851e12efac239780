"""A building as those who go in and out of it know it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from .devices import SECOND_READERS, Device
from .scenario import PanelSpec, Person

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

_READERS = ("primaryReader", "elevatorReader")
_DOOR_ICONS = ("swingingDoor", "swingingGate", "rollUpDoor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An act that somebody is going to do, `at` seconds after midnight."""

    at: float
    panel: str
    door: int | str
    act: str
    who: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is where at a panel: the first reader is the way in."""

    panel: str
    people: tuple[Person, ...]
    entrance: Device | None
    exit_reader: Device | None
    rooms: tuple[Device, ...]
    deliveries: tuple[Device, ...]
    outputs: tuple[Device, ...]

    @classmethod
    def of(cls, panel: PanelSpec) -> Self:
        """Make sense of a panel's devices."""
        readers = [each for each in panel.doors if each["type"] in _READERS]
        others = [
            each
            for each in panel.doors
            if each["type"] not in (*_READERS, *SECOND_READERS)
        ]
        entrance = readers[0] if readers else None
        return cls(
            panel=panel.id,
            people=panel.people,
            entrance=entrance,
            exit_reader=_exit_reader(panel.doors, entrance),
            rooms=tuple(readers[1:]),
            deliveries=tuple(_with_icons(others, doors=True)),
            outputs=tuple(_with_icons(others, doors=False)),
        )

    @property
    def readers(self) -> tuple[Device, ...]:
        """Return the doors that people badge in at."""
        return (self.entrance, *self.rooms) if self.entrance else ()

    def deed(
        self, at: float, door: Device, act: str, who: str | None = None, **body: Any
    ) -> Deed:
        """Note an act at one of the doors."""
        return Deed(
            at=round(at, 1),
            panel=self.panel,
            door=door["id"],
            act=act,
            who=who,
            body=body,
        )


def _exit_reader(doors: Iterable[Device], entrance: Device | None) -> Device | None:
    for each in doors:
        if entrance and each.get("primaryReader") == entrance["id"]:
            return each
    return None


def _with_icons(devices: Iterable[Device], *, doors: bool) -> Iterable[Device]:
    return (each for each in devices if (each["publicIcon"] in _DOOR_ICONS) is doors)
