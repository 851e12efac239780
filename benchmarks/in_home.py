"""Rows: what happens inside a Home Assistant."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
import json
from statistics import median
import sys
from tempfile import NamedTemporaryFile

from .measure import (
    ROUNDS,
    Cost,
    Effort,
    Figure,
    Goal,
    Measure,
    alternate,
    compared,
    totals,
    uncollected,
)
from .processes import Worker, line_of, output_of, running, worker

MANY = 900
# A full garbage collection comes every 40,000 events or so: each measurement has some.
EVENTS = (100_000, 10_000)


@asynccontextmanager
async def fed() -> AsyncIterator[str]:
    """Run the feeder; give its address."""
    async with running(sys.executable, "-m", "benchmarks.feeder") as process:
        yield f"http://127.0.0.1:{await line_of(process)}"


@asynccontextmanager
async def homes(*sizes: tuple[int, int]) -> AsyncIterator[list[Worker]]:
    """Run a Home Assistant, each with its own feeder, by numbers of panels and doors."""
    async with AsyncExitStack() as stack:
        yield [await _home(stack, *size) for size in sizes]


async def _home(stack: AsyncExitStack, panels: int, doors: int) -> Worker:
    """Run one Home Assistant."""
    url = await stack.enter_async_context(fed())
    home = worker("home_worker", url, str(panels), str(doors))
    return await stack.enter_async_context(home)


def per_event(home: Worker, method: str, count: int) -> Measure[Cost]:
    """Return a measurement of what an event takes."""

    async def measure() -> Cost:
        seconds = await home.call(method, count=count)
        return Cost(
            total=seconds["cpu"] / count * 1e6,
            collecting=seconds["collecting"] / count * 1e6,
        )

    return measure


async def whole_way(effort: Effort) -> list[Figure]:
    """Compare an event's cost with the floor, with fewer doors, and with the usual."""
    count = effort.of(*EVENTS)
    async with homes((1, 10), (1, MANY)) as (few, many):
        beside, usual = await alternate(
            per_event(many, "events", count),
            per_event(many, "fan_out", effort.of(20, 4)),
        )
        for home in (few, many):
            await home.call("add_in_turn")
        ours, floor, at_many, bare, bare_at_many = await alternate(
            per_event(few, "events", count),
            per_event(few, "floor", count),
            per_event(many, "events", count),
            per_event(few, "in_turn", count),
            per_event(many, "in_turn", count),
        )
    return [
        of_events("whole way, 10 doors", ours, "floor", floor, Goal(limit=1.5)),
        of_events("whole way, 900 doors", at_many, "10 doors", ours, Goal(limit=1.1)),
        without_collections("whole way, 900 doors", at_many, "10 doors", ours),
        of_events("900 bare entities in turn", bare_at_many, "10", bare),
        without_collections("900 bare entities in turn", bare_at_many, "10", bare),
        of_events(
            "usual fan-out, 900 doors",
            usual,
            "ours",
            beside,
            Goal(limit=1000, at_least=True),
        ),
    ]


def of_events(
    what: str,
    ours: list[Cost],
    than: str,
    against: list[Cost],
    goal: Goal | None = None,
) -> Figure:
    """Compare what events take."""
    unit = "us CPU/event"
    return compared(what, unit, totals(ours), than, totals(against), goal)


def without_collections(
    what: str, ours: list[Cost], than: str, against: list[Cost]
) -> Figure:
    """Compare what events take when the garbage collector's part is left out."""
    return compared(
        f"{what}, no GC",
        "us CPU/event",
        uncollected(ours),
        than,
        uncollected(against),
    )


async def latency(effort: Effort) -> list[Figure]:
    """Compare the time from sending to state at 100 events/s."""
    count = effort.of(1000, 300)
    async with homes((1, MANY)) as (home,):
        runs = [
            await home.call("pace", rate=200, count=2 * count) for _ in range(ROUNDS)
        ]
    ours = {p: [run["ours"][p] for run in runs] for p in ("p50", "p99")}
    floor = {p: [run["floor"][p] for run in runs] for p in ("p50", "p99")}
    goal = Goal(limit=1.25)
    return [
        compared(
            "latency p50, 900 doors", "ms", ours["p50"], "floor", floor["p50"], goal
        ),
        compared(
            "latency p99, 900 doors", "ms", ours["p99"], "floor", floor["p99"], goal
        ),
        Figure(
            what="panel to state, p99",
            unit="ms",
            ours=median(ours["p99"]),
            goal=Goal(limit=50),
        ),
    ]


async def command(effort: Effort) -> list[Figure]:
    """Compare the ways of a command and of its result."""
    rounds, count = ROUNDS, effort.of(100, 20)
    async with homes((1, 10)) as (home,):
        await home.call("command", count=10)
        runs = [await home.call("command", count=count) for _ in range(rounds)]
    medians = {
        which: [[median(way) for way in zip(*run[which], strict=True)] for run in runs]
        for which in ("ours", "bare")
    }
    return [
        compared(
            what,
            "ms",
            [run[way] for run in medians["ours"]],
            "bare aiohttp",
            [run[way] for run in medians["bare"]],
            Goal(limit=1.5),
        )
        for way, what in enumerate(("command to the wire", "result to the caller"))
    ]


async def setting_up(effort: Effort) -> list[Figure]:
    """Compare setting up with adding as many bare entities."""
    module = (sys.executable, "-m", "benchmarks.setting_up")
    ours, bare = [], []
    async with fed() as url:
        with NamedTemporaryFile("w") as entities:
            for _ in range(ROUNDS):
                ours.append(await output_of(*module, url))
                entities.seek(0)
                json.dump(ours[-1]["entities"], entities)
                entities.truncate()
                entities.flush()
                bare.append(await output_of(*module, entities.name))
    count = len(ours[0]["entities"][1])
    than = f"{count} bare entities"
    goal = Goal(limit=1.3)
    rows = (
        (f"set-up, {MANY} doors", "s CPU", "cpu", goal),
        (f"set-up, {MANY} doors, no GC", "s CPU", "without", None),
        (f"memory, {MANY} doors", "MB", "memory", goal),
    )
    return [
        compared(
            what,
            unit,
            [run[of] for run in ours],
            than,
            [run[of] for run in bare],
            limit,
        )
        for what, unit, of, limit in rows
    ]


async def panels(effort: Effort) -> list[Figure]:
    """Compare fifty small panels with one large."""
    seconds = effort.of(60, 5)
    count = effort.of(*EVENTS)
    async with homes((50, 18), (1, MANY)) as (fifty, one):
        idle = await fifty.call("idle", seconds=seconds)
        idle_one = await one.call("idle", seconds=seconds)
        of_fifty, of_one = await alternate(
            per_event(fifty, "events", count), per_event(one, "events", count)
        )
    others = sum(n for kind, n in idle["frames"].items() if kind != "2")
    return [
        Figure(
            what="50 panels idle: frames but pings",
            unit=f"in {seconds} s",
            ours=others,
            goal=Goal(limit=0),
        ),
        Figure(
            what="50 panels idle",
            unit="ms CPU/s",
            ours=idle["cpu"] / seconds * 1e3,
            than="1 panel",
            against=idle_one["cpu"] / seconds * 1e3,
        ),
        of_events(
            "50 panels x 18 doors", of_fifty, "1 panel x 900", of_one, Goal(limit=1.2)
        ),
    ]


async def imports(effort: Effort) -> list[Figure]:
    """Measure importing, and look for blocking calls."""
    module = (sys.executable, "-m", "benchmarks.importing")
    new = (await output_of(*module, "[]"))["new"]
    core = json.dumps([name for name in new if name.startswith("homeassistant.")])
    runs = [await output_of(*module, core) for _ in range(ROUNDS)]
    async with fed() as url:
        blocked = await output_of(sys.executable, "-m", "benchmarks.blocking", url)
    return [
        Figure(
            what="import, beyond Home Assistant",
            unit="ms CPU",
            ours=median(run["seconds"] for run in runs) * 1e3,
            goal=Goal(limit=60),
        ),
        Figure(
            what="blocking calls in the event loop",
            unit="",
            ours=len(blocked),
            goal=Goal(limit=0),
        ),
    ]
