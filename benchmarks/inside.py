"""Rows: what happens inside a Home Assistant, beside a bare integration."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
import sys

from .fake_pdk import FakePdk, badge, fake_pdk, walk_in, websocket_frames
from .measure import Effort, Figure, Measure, alternate, compare
from .processes import Process, program

PER_EVENT = "us CPU/event"
DOORS = 700
BADGES = 20


class Home:
    """A Home Assistant in a process of its own, and the pdk.io that it connects to."""

    def __init__(self, pdk: FakePdk, process: Process) -> None:
        """Initialize without entries."""
        self.pdk = pdk
        self.call = process.call

    def cost(self, panel: str, count: int) -> Measure:
        """Return a measurement of the CPU microseconds from a frame to the state."""

        async def measure() -> float:
            frames = self.pdk.next_events(panel, count)
            await self.call("begin", count=count)
            await self.pdk.write(panel, frames)
            seconds: float = await self.call("cpu")
            return seconds / count * 1e6

        return measure

    async def recorded(self, panel: str, door: int, *, walk: bool) -> dict[str, int]:
        """Return what the database has more after a person's badges at one door.

        With `walk` the lock and the door's position change as well.
        """
        before = await self.call("recorded")
        for number in range(door * BADGES, (door + 1) * BADGES):
            packets = badge(door, number) + (walk_in(door) if walk else [])
            await self.call("begin", count=8 if walk else 4)
            await self.pdk.write(panel, [websocket_frames(packets)])
            await self.call("cpu")
            # people do not come in the same millisecond
            await asyncio.sleep(0.002)
        after = await self.call("recorded")
        return {what: after[what] - before[what] for what in after}

    async def unlock(self, entity_id: str) -> tuple[float, float]:
        """Return the milliseconds from the action to the wire, and from the result back."""
        called, returned = await self.call("unlock", entity_id=entity_id)
        received, answered = self.pdk.command
        return (received - called) / 1e6, (returned - answered) / 1e6


@asynccontextmanager
async def _home() -> AsyncIterator[Home]:
    """Run a Home Assistant and its pdk.io."""
    async with (
        fake_pdk() as pdk,
        program(sys.executable, "-m", "benchmarks.worker", pdk.url) as process,
    ):
        yield Home(pdk, process)


async def whole_way(effort: Effort) -> list[Figure]:
    """Compare an event from its frame to the state with the floor."""
    async with _home() as home:
        await home.call("add_panel", panel="ours-10")
        await home.call("add_floor", panel="bare-1")
        costs = (
            home.cost("ours-10", effort.events),
            home.cost("bare-1", effort.events),
        )
        ours, floor = await alternate(effort.rounds, *costs)
    what = "whole way, 10 doors"
    return [compare(what, PER_EVENT, ours, "bare integration", floor, "<= 1.25")]


async def command(effort: Effort) -> list[Figure]:
    """Compare the way of a command to the wire, and of its result back."""
    # To the wire and back: ours, then the bare lock's.
    medians: list[list[float]] = [[], [], [], []]
    async with _home() as home:
        await home.call("add_panel", panel="ours-10")
        await home.call("add_floor", panel="bare-1")
        for _ in range(effort.rounds + 1):
            times = [
                await home.unlock("lock.door_1")
                + await home.unlock("lock.bare_door_lock")
                for _ in range(effort.commands)
            ]
            for values, each in zip(medians, zip(*times, strict=True), strict=True):
                values.append(median(each))
    # The first round has warmed up.
    to_wire, back, bare_to_wire, bare_back = (values[1:] for values in medians)
    than, goal = "bare integration", "<= 1.2"
    return [
        compare("command to the wire", "ms", to_wire, than, bare_to_wire, goal),
        compare("result to the caller", "ms", back, than, bare_back, goal),
    ]


async def set_up(effort: Effort) -> list[Figure]:
    """Compare setting up 700 doors, in new processes, with as many bare entities.

    The entities of a first, small entry come before, so that imports are not counted.
    """
    ours, bare = [], []
    for _ in range(effort.rounds):
        async with _home() as home:
            await home.call("add_panel", panel="ours-1")
            ours.append(await home.call("add_panel", panel=f"ours-{DOORS}"))
            small, large = await home.call("entities")
        async with _home() as home:
            await home.call("add_bare", entities=small)
            bare.append(await home.call("add_bare", entities=large))
    return [
        compare(
            f"{what}, {DOORS} doors",
            unit,
            [used[key] for used in ours],
            f"{len(large)} bare entities",
            [used[key] for used in bare],
            "<= 1.15",
        )
        for what, unit, key in (("set-up", "s CPU", "cpu"), ("memory", "MB", "memory"))
    ]


async def growth(effort: Effort) -> list[Figure]:
    """Compare an event of 700 doors with one of 10, ours and the bare integration's."""
    async with AsyncExitStack() as stack:
        homes = [(await stack.enter_async_context(_home()), n) for n in (10, DOORS)]
        for home, doors in homes:
            await home.call("add_panel", panel=f"ours-{doors}")
            await home.call("add_floor", panel=f"bare-{doors}")
        ours, ours_many, bare, bare_many = await alternate(
            effort.rounds,
            *(
                home.cost(f"{which}-{doors}", effort.events)
                for which in ("ours", "bare")
                for home, doors in homes
            ),
        )
    return [
        compare(f"growth, {DOORS} doors", PER_EVENT, ours_many, "10 doors", ours),
        compare(f"growth, {DOORS} bare entities", PER_EVENT, bare_many, "10", bare),
    ]


async def recorder(_: Effort) -> list[Figure]:
    """Count what each badge of the same person at a door adds to the database."""
    async with _home() as home:
        await home.call("record")
        await home.call("add_panel", panel="ours-2")
        badges = await home.recorded("ours-2", 1, walk=False)
        walks = await home.recorded("ours-2", 2, walk=True)
    goals = {"state rows": "<= 4", "attribute rows": "<= 0.25", "event rows": "<= 1"}
    return [
        *_rows("recorder, a badge", "badges of one person", badges, goals),
        *_rows("recorder, walking in", "people walking in", walks, {}),
    ]


def _rows(
    what: str, than: str, counts: Mapping[str, int], goals: Mapping[str, str]
) -> Iterator[Figure]:
    """Return what was added to the database, for each badge."""
    for name, count in counts.items():
        goal = goals.get(name, "")
        yield compare(what, name, [count], than, [BADGES], goal)
