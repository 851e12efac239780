"""The plan of a day: the same for a seed, and one that people could live."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise
import subprocess
import sys

import pytest

from simulator.plan import plan
from simulator.scenario import load, scenario
from simulator.site import DAY, HOUR, MINUTE, Deed

from .wire import PANEL

_PANELS = load().panels
_SEEDS = range(12)
_DAYS = [(seed, day) for seed in _SEEDS for day in (0, 1, 5)]

# Where people of the built-in scenario come in, and where they can leave.
_WAYS = {(PANEL, 1), (PANEL, 7), ("2080DEF", 1)}


def _of_people(deeds: list[Deed]) -> Mapping[str, list[Deed]]:
    people: dict[str, list[Deed]] = defaultdict(list)
    for deed in deeds:
        if deed.who:
            people[deed.who].append(deed)
    return people


def _known(deed: Deed) -> bool:
    pins = {person.pin for panel in _PANELS for person in panel.people}
    return "person" in deed.body or deed.body.get("pin") in pins


def _direction(deed: Deed) -> str | None:
    """Tell whether a deed brings somebody in or out of the building."""
    if (deed.panel, deed.door) not in _WAYS or (
        deed.act == "badge" and not _known(deed)
    ):
        return None
    return "out" if deed.act == "rex" or deed.door == 7 else "in"


def test_same_for_a_seed() -> None:
    """A seed always gives the same plan, in another process too."""
    code = (
        "from simulator.plan import plan; from simulator.scenario import load;"
        "print(plan(load().panels, 7, 3))"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.strip() == str(plan(_PANELS, 7, 3))


def test_differs() -> None:
    """Another seed or day gives another plan."""
    plans = [plan(_PANELS, *each) for each in _DAYS]
    assert all(one != other for one, other in pairwise(plans))


@pytest.mark.parametrize(("seed", "day"), _DAYS)
def test_order(seed: int, day: int) -> None:
    """Deeds are in order, within the day, at doors that exist."""
    deeds = plan(_PANELS, seed, day)
    doors = {(panel.id, door["id"]) for panel in _PANELS for door in panel.doors}
    assert all(one.at <= other.at for one, other in pairwise(deeds))
    assert all(0 < each.at < DAY for each in deeds)
    assert {(each.panel, each.door) for each in deeds} <= doors


@pytest.mark.parametrize(("seed", "day"), _DAYS)
def test_people(seed: int, day: int) -> None:
    """Everybody comes, goes out and comes back, and leaves; in one building."""
    for name, deeds in _of_people(plan(_PANELS, seed, day)).items():
        assert len({each.panel for each in deeds}) == 1, name
        ways = [way for each in deeds if (way := _direction(each))]
        assert ways == ["in", "out"] * (len(ways) // 2), (name, ways)
        directions = [_direction(each) for each in deeds if _known(each)]
        inside = False
        for way in directions:
            assert inside or way != "out"
            inside = inside if way is None else way == "in"
        assert 6.5 * HOUR < deeds[0].at < 10.5 * HOUR
        assert 14 * HOUR < deeds[-1].at < 20.5 * HOUR


@pytest.mark.parametrize(("seed", "day"), _DAYS)
def test_nobody_in_two_places(seed: int, day: int) -> None:
    """People are outside or inside, and do nothing at doors while they are out."""
    for deeds in _of_people(plan(_PANELS, seed, day)).values():
        out_since: float | None = None
        for deed in deeds:
            way = _direction(deed)
            if out_since is not None and _known(deed):
                assert way == "in"
                assert deed.at - out_since > 4 * MINUTE
            if way:
                out_since = deed.at if way == "out" else None


def test_counts() -> None:
    """A day has as many deeds as a small office has, of every kind now and then."""
    total: Counter[str] = Counter()
    for seed, day in _DAYS:
        deeds = plan(_PANELS, seed, day)
        assert 40 < len(deeds) < 250
        assert sum(each.act == "force" for each in deeds) <= len(_PANELS)
        total.update(each.act for each in deeds)
        total["unknown"] += sum(
            each.act == "badge" and not _known(each) for each in deeds
        )
        total["denied"] += sum(_is_denied(each) for each in deeds)
    assert total["hold"] == total["lock"], "whatever is held open is locked again"
    assert total["force"] == total["clear"], "whatever is forced is cleared"
    for kind, least, most in (
        ("force", 0.1, 1.5),
        ("open", 1, 5),
        ("unknown", 0.5, 6),
        ("denied", 0.2, 10),
        ("rex", 15, 80),
        ("badge", 30, 150),
    ):
        assert least < total[kind] / len(_DAYS) < most, kind


def _is_denied(deed: Deed) -> bool:
    people = {
        person.name: person
        for panel in _PANELS
        for person in panel.people
        if panel.id == deed.panel
    }
    person = people.get(deed.who or "")
    return deed.act == "badge" and person is not None and not person.may_open(deed.door)


@pytest.mark.parametrize(
    "panel",
    [
        {"id": "1"},
        {"id": "1", "people": [{"id": 1, "firstName": "Ada"}]},
        {"id": "1", "doors": [{"id": 1}], "people": [{"id": 1, "doors": []}]},
        {"id": "1", "doors": [{"id": 1, "type": "ioDevice"}]},
        {"id": "1", "doors": [{"id": "a", "type": "additionalReader"}]},
    ],
)
def test_sparse(panel: dict[str, object]) -> None:
    """Buildings without a way in, or without people, have a quiet day."""
    panels = scenario({"panels": [panel]}).panels
    assert all(not each.who for day in range(20) for each in plan(panels, 0, day))
