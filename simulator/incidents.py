"""What happens at a building besides its people's own day: routine, and trouble."""

from collections.abc import Iterator
from random import Random

from .devices import Device
from .site import HOUR, MINUTE, Deed, Site

_FORCED_DAYS = 0.3
_PROPPED_DAYS = 0.75
_MEETING_DAYS = 0.7


def day_of(site: Site, chance: Random) -> Iterator[Deed]:
    """Plan a building's day."""
    for each in site.outputs:
        yield site.deed(chance.uniform(6.5, 7.4) * HOUR, each, "hold")
        yield site.deed(chance.uniform(18, 19.5) * HOUR, each, "lock")
    for each in site.deliveries:
        yield from _deliveries(site, each, chance)
    yield from _meeting(site, chance)
    yield from _strangers(site, chance)
    yield from _propped(site, chance)
    yield from _forced(site, chance)


def _deliveries(site: Site, door: Device, chance: Random) -> Iterator[Deed]:
    """Open a door without a reader for a van, now and then for too long."""
    for begin, end in ((8, 11), (13, 16))[: chance.randint(1, 2)]:
        at = chance.uniform(begin, end) * HOUR
        yield site.deed(at, door, "dwell")
        if door["dps"]:
            yield site.deed(at + 1, door, "open")
            yield site.deed(at + chance.uniform(30, 80), door, "close")


def _meeting(site: Site, chance: Random) -> Iterator[Deed]:
    """Hold a room open for as long as there is a meeting in it."""
    rooms = [each for each in site.rooms if not each["dps"]]
    if rooms and chance.random() < _MEETING_DAYS:
        room, at = chance.choice(rooms), chance.uniform(9.5, 15) * HOUR
        yield site.deed(at, room, "hold")
        yield site.deed(at + chance.uniform(30, 75) * MINUTE, room, "lock")


def _strangers(site: Site, chance: Random) -> Iterator[Deed]:
    """Let somebody whom nobody knows try the readers."""
    pins = {each.pin for each in site.people}
    for _ in range(chance.choice((0, 1, 1, 2)) if site.readers else 0):
        at, door = chance.uniform(6, 22) * HOUR, chance.choice(site.readers)
        guesses = (f"{chance.randrange(10_000):04}" for _ in range(100))
        if pin := next((each for each in guesses if each not in pins), None):
            yield site.deed(at, door, "badge", pin=pin)


def _propped(site: Site, chance: Random) -> Iterator[Deed]:
    """Let somebody put a foot in the door."""
    doors = [each for each in site.readers if each["dps"] and each["propAlarm"]]
    if doors and chance.random() < _PROPPED_DAYS:
        door, at = chance.choice(doors), chance.uniform(9, 17) * HOUR
        stands = door["propDelay"] + chance.uniform(15, 120)
        yield site.deed(at, door, "rex" if door["rex"] else "dwell")
        yield site.deed(at + 1, door, "open")
        yield site.deed(at + 1 + stands, door, "close")


def _forced(site: Site, chance: Random) -> Iterator[Deed]:
    """Let somebody break in, and somebody else clear the alarm."""
    doors = [each for each in site.readers if each["dps"] and each["forcedAlarm"]]
    if doors and chance.random() < _FORCED_DAYS:
        door, at = chance.choice(doors), chance.uniform(10, 23) * HOUR
        shut = at + chance.uniform(15, 60)
        yield site.deed(at, door, "force")
        yield site.deed(shut, door, "close")
        yield site.deed(shut + chance.uniform(1, 6) * MINUTE, door, "clear")
