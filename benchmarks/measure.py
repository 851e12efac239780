"""Measuring in alternation, and what comes of it."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

ROUNDS = 5

type Measure[T] = Callable[[], Awaitable[T]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is measured."""

    quick: bool

    def of(self, full: int, quick: int) -> int:
        """Return a count or a number of seconds."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a ratio, or a figure that is compared with nothing, should be."""

    limit: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Return whether the goal is reached."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        """Say it in a word."""
        return f"{'>=' if self.at_least else '<='} {self.limit:,g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    what: str
    unit: str
    ours: float
    than: str = ""
    against: float | None = None
    ratio: float | None = None
    goal: Goal | None = None

    @property
    def holds(self) -> bool | None:
        """Return whether the goal is reached, None where there is none."""
        value = self.ours if self.ratio is None else self.ratio
        return None if self.goal is None else self.goal.holds(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU microseconds that an event takes, and how much of it Python's collector."""

    total: float
    collecting: float

    @property
    def uncollected(self) -> float:
        """Return what is left without the collector's part."""
        return self.total - self.collecting


def totals(costs: Iterable[Cost]) -> list[float]:
    """Return what events took in all."""
    return [cost.total for cost in costs]


def uncollected(costs: Iterable[Cost]) -> list[float]:
    """Return what events took without the collector's part."""
    return [cost.uncollected for cost in costs]


async def alternate[T](*measures: Measure[T]) -> list[list[T]]:
    """Measure each in turn, again and again; the first turn only warms up."""
    for measure in measures:
        await measure()
    results: list[list[T]] = [[] for _ in measures]
    for _ in range(ROUNDS):
        for measure, values in zip(measures, results, strict=True):
            values.append(await measure())
    return results


def compared(
    what: str,
    unit: str,
    ours: Sequence[float],
    than: str,
    against: Sequence[float],
    goal: Goal | None = None,
) -> Figure:
    """Return the medians, and the median of the ratios pair by pair."""
    pairs = zip(ours, against, strict=True)
    return Figure(
        what=what,
        unit=unit,
        ours=median(ours),
        than=than,
        against=median(against),
        ratio=median(a / b for a, b in pairs),
        goal=goal,
    )
