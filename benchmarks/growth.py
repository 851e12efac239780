"""Row: growth in doors and in events per second, as a table and a plot."""

from collections.abc import Iterator
from statistics import median
from typing import Any

from .in_home import EVENTS, MANY, homes, of_events, per_event, without_collections
from .measure import ROUNDS, Cost, Effort, Figure, Goal, alternate, totals
from .plot import plot

SIZES = {1: (1, 1), 10: (1, 10), 100: (1, 100), 900: (1, 900), 4500: (5, 900)}
RATES = (10, 100, 1_000, 10_000)


async def growth(effort: Effort) -> list[Figure]:
    """Measure each size in turn, then each rate, then more than can be handled."""
    count = effort.of(*EVENTS)
    most = effort.of(20_000, 5_000)
    async with homes(*SIZES.values()) as workers:
        by_size = await alternate(*(per_event(w, "events", count) for w in workers))
        many = workers[list(SIZES).index(MANY)]
        paced = {
            rate: await many.call(
                "pace", rate=rate, count=min(max(50, 5 * rate), most), floor=False
            )
            for rate in RATES
        }
        overload = [await many.call("saturate", count=most) for _ in range(ROUNDS)]
    costs = dict(zip(SIZES, (median(totals(each)) for each in by_size), strict=True))
    plot(costs, {rate: run["ours"] for rate, run in paced.items()})
    return [
        *_of_sizes(dict(zip(SIZES, by_size, strict=True))),
        *_of_rates(paced),
        *_of_overload(overload),
    ]


def _of_sizes(by_size: dict[int, list[Cost]]) -> Iterator[Figure]:
    """Yield an event's cost for each number of doors."""
    for doors, costs in by_size.items():
        what, goal = f"growth: {doors} doors", Goal(limit=1.1) if doors > 10 else None
        yield of_events(what, costs, "10 doors", by_size[10], goal)
        yield without_collections(what, costs, "10 doors", by_size[10])


def _of_rates(paced: dict[int, Any]) -> list[Figure]:
    """Return the latency for each rate; every event has arrived, or there is no figure."""
    return [
        Figure(
            what=f"growth: {rate} events/s, {percentile}",
            unit="ms",
            ours=run["ours"][percentile],
        )
        for rate, run in paced.items()
        for percentile in ("p50", "p99")
    ]


def _of_overload(runs: list[dict[str, float]]) -> list[Figure]:
    """Return how fast it goes at the most, and what gives then."""
    return [
        Figure(
            what="saturation: one core full",
            unit="events/s",
            ours=median(run["rate"] for run in runs),
        ),
        Figure(
            what="saturation: others wait for the loop",
            unit="ms",
            ours=median(run["tick"] for run in runs) * 1e3,
        ),
    ]
