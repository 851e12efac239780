"""A person's working day at the doors, the same for the same random sources."""

from collections.abc import Iterator
from random import Random
from typing import Any

from simulator.scenario import Device, Person

from .site import HOUR, MINUTE, Action, Site, today

_DAY_OFF = 0.08
_PIN_MISTYPED = 0.06
_WRONG_ROOM = 0.12
_TRIES_IN_VAIN = 0.5


class Workday:
    """One day of one person: `habits` is alike every day, `chance` is not."""

    def __init__(
        self, person: Person, site: Site, habits: Random, chance: Random
    ) -> None:
        """Initialize the day."""
        self._person = person
        self._site = site
        self._chance = chance
        self._arrives = habits.uniform(7.6, 9.2) * HOUR
        self._stays = habits.uniform(8, 9.2) * HOUR
        self._lunch = habits.uniform(11.8, 13) * HOUR
        self._breaks = habits.choice((0.1, 0.15, 0.35))
        self._types_pin = person.pin is not None and habits.random() < 0.3
        self._uses_exit_reader = habits.random() < 0.5
        self._allowed = [r for r in site.rooms if person.may_open(r["id"])]
        self._forbidden = [r for r in site.rooms if r not in self._allowed]

    def actions(self) -> Iterator[Action]:
        """Yield the actions of the day: arrive, visit rooms, have lunch, leave."""
        entrance, chance = self._site.entrance, self._chance
        if entrance is None or not self._person.may_open(entrance["id"]):
            return
        if chance.random() < _DAY_OFF:
            return
        if not self._person.is_valid(today()):
            # who may not come in tries once, on some days
            if chance.random() < _TRIES_IN_VAIN:
                yield self._badge(self._arrives, entrance)
            return
        at = self._arrives + chance.gauss(0, 8) * MINUTE
        leaves = at + self._stays + chance.gauss(0, 12) * MINUTE
        lunch = self._lunch + chance.gauss(0, 6) * MINUTE
        yield from self._arrive(at, entrance)
        while (at := at + self._minutes(8, 45)) < leaves - 45 * MINUTE:
            if lunch and at >= lunch - 20 * MINUTE:
                at, lunch = max(at, lunch), 0
                actions = self._go_out(at, self._minutes(20, 45), entrance)
            else:
                actions = self._move(at, entrance)
            for action in actions:
                at = max(at, action.at)
                yield action
        yield from self._leave(max(leaves, at + MINUTE), entrance)

    def _move(self, at: float, entrance: Device) -> Iterator[Action]:
        if self._chance.random() < self._breaks:
            yield from self._go_out(at, self._minutes(5, 12), entrance)
        elif self._forbidden and self._chance.random() < _WRONG_ROOM:
            yield self._badge(at, self._chance.choice(self._forbidden))
        elif self._allowed:
            room = self._chance.choice(self._allowed)
            yield self._badge(at, room)
            if room["rex"]:
                yield self._exit(at + self._minutes(2, 20), room)

    def _arrive(self, at: float, entrance: Device) -> Iterator[Action]:
        if self._types_pin and self._chance.random() < _PIN_MISTYPED:
            wrong = f"{self._person.pin}0"
            yield self._action(at - 6, entrance, "badge", pin=wrong)
        yield self._badge(at, entrance)

    def _leave(self, at: float, entrance: Device) -> Iterator[Action]:
        if self._site.exit_reader and self._uses_exit_reader:
            yield self._badge(at, self._site.exit_reader)
        elif entrance["rex"]:
            yield self._exit(at, entrance)

    def _go_out(self, at: float, seconds: float, entrance: Device) -> Iterator[Action]:
        yield from self._leave(at, entrance)
        yield from self._arrive(at + seconds, entrance)

    def _badge(self, at: float, door: Device) -> Action:
        credential: dict[str, Any] = {"person": self._person.id}
        if self._types_pin:
            credential = {"pin": self._person.pin}
        return self._action(at, door, "badge", walk=True, **credential)

    def _exit(self, at: float, door: Device) -> Action:
        return self._action(at, door, "rex", seconds=1, walk=True)

    def _action(self, at: float, door: Device, name: str, **body: Any) -> Action:
        return self._site.action(at, door, name, self._person.name, **body)

    def _minutes(self, minimum: float, maximum: float) -> float:
        return self._chance.uniform(minimum, maximum) * MINUTE
