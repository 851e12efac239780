"""Measure ours and another in alternation, and compare them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

type Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    rounds: int
    received: int
    events: int
    commands: int


# A full garbage collection comes every 40,000 events or so: each full measurement has some.
FULL = Effort(rounds=5, received=200_000, events=100_000, commands=100)
QUICK = Effort(rounds=2, received=50_000, events=10_000, commands=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table: a cost or a speed of ours beside another's."""

    what: str
    unit: str
    ours: float
    than: str
    against: float
    ratio: float
    goal: str = ""

    @property
    def reached(self) -> bool | None:
        """Return whether the ratio reaches its goal, None without a goal."""
        if not self.goal:
            return None
        operator, limit = self.goal.split()
        if operator == ">=":
            return self.ratio >= float(limit)
        return self.ratio <= float(limit)


def compare(
    what: str,
    unit: str,
    ours: Sequence[float],
    than: str,
    against: Sequence[float],
    goal: str = "",
) -> Figure:
    """Return the medians, and the median of the ratios of the rounds."""
    rounds = zip(ours, against, strict=True)
    return Figure(
        what=what,
        unit=unit,
        ours=median(ours),
        than=than,
        against=median(against),
        ratio=median(a / b for a, b in rounds),
        goal=goal,
    )


async def alternate(rounds: int, *measures: Measure) -> list[list[float]]:
    """Return what each measured, in turn, after one round that warms up."""
    results: list[list[float]] = [[] for _ in measures]
    for number in range(rounds + 1):
        for measure, values in zip(measures, results, strict=True):
            value = await measure()
            if number:
                values.append(value)
    return results
