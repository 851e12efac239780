"""A person's working day, as the doors notice it. Pure: chance comes from outside."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Self

from .devices import Device
from .scenario import Person
from .site import HOUR, MINUTE, Deed, Site

_DAYS_OFF = 0.08
_MISTYPED = 0.06
_WRONG_ROOMS = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What is the same every day."""

    arrives: float
    stays: float
    lunch: float
    breaks: float
    types_pin: bool
    takes_reader: bool

    @classmethod
    def of(cls, chance: Random, person: Person) -> Self:
        """Give somebody habits."""
        return cls(
            arrives=chance.uniform(7.6, 9.2) * HOUR,
            stays=chance.uniform(8, 9.2) * HOUR,
            lunch=chance.uniform(11.8, 13) * HOUR,
            breaks=chance.choice((0.1, 0.15, 0.35)),
            types_pin=person.pin is not None and chance.random() < 0.3,
            takes_reader=chance.random() < 0.5,
        )


class Workday:
    """One day of one person."""

    def __init__(
        self, person: Person, site: Site, entrance: Device, habit: Habit, chance: Random
    ) -> None:
        """Plan nothing yet."""
        self._person = person
        self._site = site
        self._entrance = entrance
        self._habit = habit
        self._chance = chance
        self._allowed = [each for each in site.rooms if person.may_open(each["id"])]
        self._forbidden = [each for each in site.rooms if each not in self._allowed]

    def deeds(self) -> Iterator[Deed]:
        """Come, go about, have lunch, leave: one after the other."""
        at = self._habit.arrives + self._chance.gauss(0, 8) * MINUTE
        leaves = at + self._habit.stays + self._chance.gauss(0, 12) * MINUTE
        lunch = self._habit.lunch + self._chance.gauss(0, 6) * MINUTE
        yield from self._come(at)
        while (at := at + self._minutes(8, 45)) < leaves - 45 * MINUTE:
            if lunch and at >= lunch - 20 * MINUTE:
                at, lunch = max(at, lunch), 0
                done = self._go_out_for(at, self._minutes(20, 45))
            else:
                done = self._go_about(at)
            for deed in done:
                at = max(at, deed.at)
                yield deed
        yield from self._leave(max(leaves, at + MINUTE))

    def _go_about(self, at: float) -> Iterator[Deed]:
        if self._chance.random() < self._habit.breaks:
            return self._go_out_for(at, self._minutes(5, 12))
        if self._forbidden and self._chance.random() < _WRONG_ROOMS:
            return iter((self._badge(at, self._chance.choice(self._forbidden)),))
        if self._allowed:
            return self._visit(at, self._chance.choice(self._allowed))
        return iter(())

    def _come(self, at: float) -> Iterator[Deed]:
        if self._habit.types_pin and self._chance.random() < _MISTYPED:
            wrong = f"{self._person.pin}0"
            yield self._deed(at - 6, self._entrance, "badge", pin=wrong)
        yield self._badge(at, self._entrance)

    def _leave(self, at: float) -> Iterator[Deed]:
        if self._site.exit_reader and self._habit.takes_reader:
            yield self._badge(at, self._site.exit_reader)
        elif self._entrance["rex"]:
            yield self._deed(at, self._entrance, "rex", seconds=1, walk=True)

    def _go_out_for(self, at: float, seconds: float) -> Iterator[Deed]:
        yield from self._leave(at)
        yield from self._come(at + seconds)

    def _visit(self, at: float, room: Device) -> Iterator[Deed]:
        yield self._badge(at, room)
        if room["rex"]:
            leaves = at + self._minutes(2, 20)
            yield self._deed(leaves, room, "rex", seconds=1, walk=True)

    def _badge(self, at: float, door: Device) -> Deed:
        credential: dict[str, Any] = {"person": self._person.id}
        if self._habit.types_pin:
            credential = {"pin": self._person.pin}
        return self._deed(at, door, "badge", walk=True, **credential)

    def _deed(self, at: float, door: Device, act: str, **body: Any) -> Deed:
        return self._site.deed(at, door, act, self._person.name, **body)

    def _minutes(self, least: float, most: float) -> float:
        return self._chance.uniform(least, most) * MINUTE


def day_of(person: Person, site: Site, habit: Habit, chance: Random) -> list[Deed]:
    """Plan somebody's day; some days are off, and some people have no way in."""
    entrance = site.entrance
    if entrance is None or not person.may_open(entrance["id"]):
        return []
    if chance.random() < _DAYS_OFF:
        return []
    return list(Workday(person, site, entrance, habit, chance).deeds())
