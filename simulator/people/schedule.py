"""The schedule of a day at all sites: the same for the same seed, day and scenario."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from simulator.scenario import Device, PanelSpec, Person

from .site import HOUR, MINUTE, Action, Site
from .workday import Workday

# Chance that a person of several sites spends the day at the first one.
_FIRST_SITE = 0.8
# Chances for a day.
_DOOR_FORCED = 0.3
_DOOR_PROPPED = 0.75
_MEETING = 0.7


def plan_day(panels: Iterable[PanelSpec], seed: int, day: int) -> list[Action]:
    """Return all actions of a day in order."""
    sites = [Site(each) for each in panels]
    actions: list[Action] = []
    for name, places in _places_by_name(sites).items():
        chance = Random(f"{seed} {day} {name}")
        first = len(places) == 1 or chance.random() < _FIRST_SITE
        person, site = places[0] if first else chance.choice(places[1:])
        habits = Random(f"{seed} {name}")
        actions += Workday(person, site, habits, chance).actions()
    for site in sites:
        actions += _plan_site(site, Random(f"{seed} {day} panel {site.panel}"))
    return sorted(actions, key=lambda each: (each.at, each.panel, str(each.door)))


def _places_by_name(sites: Sequence[Site]) -> dict[str, list[tuple[Person, Site]]]:
    """Return where each person may be; equal names are one person."""
    places: dict[str, list[tuple[Person, Site]]] = defaultdict(list)
    for site in sites:
        for person in site.people:
            places[person.name].append((person, site))
    return places


def _plan_site(site: Site, chance: Random) -> Iterator[Action]:
    """Yield what happens at a site besides its people's own day."""
    for each in site.outputs:
        yield site.action(chance.uniform(6.5, 7.4) * HOUR, each, "hold")
        yield site.action(chance.uniform(18, 19.5) * HOUR, each, "lock")
    for each in site.scheduled:
        yield site.action(9 * HOUR, each, "schedule", on=True)
        yield site.action(17 * HOUR, each, "schedule", on=False)
    for each in site.deliveries:
        yield from _deliveries(site, each, chance)
    yield from _meeting(site, chance)
    yield from _unknown_pins(site, chance)
    yield from _propped_door(site, chance)
    yield from _forced_door(site, chance)


def _deliveries(site: Site, door: Device, chance: Random) -> Iterator[Action]:
    for begin, end in ((8, 11), (13, 16))[: chance.randint(1, 2)]:
        at = chance.uniform(begin, end) * HOUR
        yield site.action(at, door, "dwell")
        if door["dps"]:
            yield site.action(at + 1, door, "open")
            yield site.action(at + chance.uniform(30, 80), door, "close")


def _meeting(site: Site, chance: Random) -> Iterator[Action]:
    rooms = [each for each in site.rooms if not each["dps"]]
    if rooms and chance.random() < _MEETING:
        room, at = chance.choice(rooms), chance.uniform(9.5, 15) * HOUR
        yield site.action(at, room, "hold")
        yield site.action(at + chance.uniform(30, 75) * MINUTE, room, "lock")


def _unknown_pins(site: Site, chance: Random) -> Iterator[Action]:
    pins = {each.pin for each in site.people}
    for _ in range(chance.choice((0, 1, 1, 2)) if site.readers else 0):
        at, door = chance.uniform(6, 22) * HOUR, chance.choice(site.readers)
        guesses = (f"{chance.randrange(10_000):04}" for _ in range(100))
        if pin := next((each for each in guesses if each not in pins), None):
            yield site.action(at, door, "badge", pin=pin)


def _propped_door(site: Site, chance: Random) -> Iterator[Action]:
    doors = [each for each in site.readers if each["dps"] and each["propAlarm"]]
    if doors and chance.random() < _DOOR_PROPPED:
        door, at = chance.choice(doors), chance.uniform(9, 17) * HOUR
        stands_open = door["propDelay"] + chance.uniform(15, 120)
        yield site.action(at, door, "rex" if door["rex"] else "dwell")
        yield site.action(at + 1, door, "open")
        yield site.action(at + 1 + stands_open, door, "close")


def _forced_door(site: Site, chance: Random) -> Iterator[Action]:
    doors = [each for each in site.readers if each["dps"] and each["forcedAlarm"]]
    if doors and chance.random() < _DOOR_FORCED:
        door, at = chance.choice(doors), chance.uniform(10, 23) * HOUR
        closed = at + chance.uniform(15, 60)
        yield site.action(at, door, "force")
        yield site.action(closed, door, "close")
        yield site.action(closed + chance.uniform(1, 6) * MINUTE, door, "clear")
