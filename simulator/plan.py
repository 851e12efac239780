"""The plan of a day: a pure function of the seed, the day and who is there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

from . import habits, incidents
from .scenario import PanelSpec, Person
from .site import Deed, Site

# Who belongs to several buildings is mostly in the first one.
_IN_THE_FIRST = 0.8


def plan(panels: Iterable[PanelSpec], seed: int, day: int) -> list[Deed]:
    """Return all that is going to happen on a day, in order."""
    sites = [Site.of(each) for each in panels]
    deeds: list[Deed] = []
    for name, places in _people(sites).items():
        chance = Random(f"{seed} {day} {name}")
        first = len(places) == 1 or chance.random() < _IN_THE_FIRST
        person, site = places[0] if first else chance.choice(places[1:])
        habit = habits.Habit.of(Random(f"{seed} {name}"), person)
        deeds += habits.day_of(person, site, habit, chance)
    for site in sites:
        deeds += incidents.day_of(site, Random(f"{seed} {day} panel {site.panel}"))
    return sorted(deeds, key=lambda each: (each.at, each.panel, str(each.door)))


def _people(sites: Sequence[Site]) -> dict[str, list[tuple[Person, Site]]]:
    """Return where everybody may be; a name is one person, wherever it occurs."""
    places: dict[str, list[tuple[Person, Site]]] = defaultdict(list)
    for site in sites:
        for person in site.people:
            places[person.name].append((person, site))
    return places
