"""A plan come to life, faster than it would be."""

import asyncio
from typing import Any

import pytest

from simulator import life
from simulator.clock import LoopClock
from simulator.panel import NotFoundError, Panel
from simulator.plan import plan
from simulator.scenario import LifeSpec, ScenarioError, load, scenario
from simulator.site import DAY, HOUR, MINUTE, Deed
from tests.simulator_process import Json, SimulatedPdk, simulator_process

from .wire import PANEL, Wire

_PANELS = load().panels
_BEGINS = 7.5 * HOUR


async def _lived(
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    count: int,
    speed: float = 1e7,
    begins: float | None = _BEGINS,
) -> list[Deed]:
    """Return the first deeds of a life."""
    done: list[Deed] = []
    enough = asyncio.Event()

    def perform(_life: life.Life, deed: Deed) -> None:
        done.append(deed)
        if len(done) == count:
            enough.set()

    def find(panel_id: str) -> Panel:
        raise NotFoundError(panel_id)

    monkeypatch.setattr(life.Life, "_perform", perform)
    spec = LifeSpec(seed=seed, begins=begins)
    living = life.Life(spec, _PANELS, find, LoopClock(speed))
    async with asyncio.timeout(10):
        await enough.wait()
    living.stop()
    return done[:count]


@pytest.mark.parametrize("speed", [1e7, 3e6])
async def test_repeats(monkeypatch: pytest.MonkeyPatch, speed: float) -> None:
    """A seed gives the same deeds at any speed: those of its plan, day after day."""
    planned = [each for each in plan(_PANELS, 4, 0) if each.at >= _BEGINS]
    planned += plan(_PANELS, 4, 1) + plan(_PANELS, 4, 2)
    assert await _lived(monkeypatch, 4, len(planned), speed) == planned


async def test_goes_on() -> None:
    """Doors that are gone do not end a life, and neither does an empty one."""
    asked: list[str] = []

    def find(panel_id: str) -> Panel:
        asked.append(panel_id)
        raise NotFoundError(panel_id)

    clock = LoopClock(1e7)
    lives = [life.Life(LifeSpec(), panels, find, clock) for panels in (_PANELS, ())]
    async with asyncio.timeout(10):
        while len(asked) < 300:
            await asyncio.sleep(0)
    for each in lives:
        assert each.as_json()["seconds"] > DAY
        each.stop()


async def test_begins_with_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless told a time, a life begins just before the first person comes."""
    first = next(each for each in plan(_PANELS, 2, 0) if each.who)
    (deed,) = await _lived(monkeypatch, 2, 1, begins=first.at - MINUTE)
    assert await _lived(monkeypatch, 2, 1, begins=None) == [deed] == [first]


def _source(**life: Any) -> Json:
    door = {"id": 1, "dps": True, "rex": True, "forcedAlarm": True}
    people = [{"id": 1, "firstName": "Ada", "pin": "1"}]
    panel = {"id": PANEL, "doors": [door], "people": people}
    return {"speed": 20_000, "life": life, "panels": [panel]}


async def test_on_the_stream(simulator: SimulatedPdk, wire: Wire) -> None:
    """People come, and clients of the panel hear them."""
    await simulator.reset(_source(seed=1, begins="06:00"))
    await wire.connected()
    topics: set[str] = set()
    while not {"door.request.allowed", "door.input.rex.on"} <= topics:
        topics.add((await wire.event())[0])


async def test_ends_with_its_world(simulator: SimulatedPdk, wire: Wire) -> None:
    """A reset ends the life, too."""
    await simulator.reset(_source())
    await simulator.reset()
    await wire.connected()
    with pytest.raises(TimeoutError):
        await wire.frame(wait=0.3)


async def test_arguments(socket_enabled: None) -> None:
    """The command line begins a life of the scenario's doors."""
    arguments = ("--live", "--seed", "3", "--speed", "20000", "--begin", "08:15")
    with simulator_process(*arguments) as ready:
        async with SimulatedPdk(ready) as pdk, Wire(pdk) as wire:
            await wire.connected()
            events = [await wire.event() for _ in range(50)]
    assert {topic for topic, *_ in events} > {"door.request.allowed", "liveEvent"}


@pytest.mark.parametrize("begins", ["25:00", "early", 3])
def test_bad_time(begins: Any) -> None:
    """A time that is none is a mistake of the scenario."""
    with pytest.raises(ScenarioError):
        scenario({"life": {"begins": begins}})
