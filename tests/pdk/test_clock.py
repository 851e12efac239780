"""How old an event is, whatever the panel's clock shows."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from custom_components.prodatakey.pdk.clock import DISAGREEING, PanelClock

HOUR = 3600.0
TIME = "custom_components.prodatakey.pdk.clock.time"

type Hear = Callable[..., float | None]


@pytest.fixture
def clock() -> PanelClock:
    """Return the clock of a fresh connection."""
    return PanelClock()


@pytest.fixture(params=[0.0, -7 * HOUR, 3 * HOUR], ids=["right", "behind", "ahead"])
def hear(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, clock: PanelClock
) -> Hear:
    """Return a way to hear of an event, from a panel whose clock is so wrong."""
    wrong: float = request.param

    def hear(
        *, at: float, happened: float, put: float = 0.0, held_back: bool = False
    ) -> float | None:
        """Let it be `at`, and hear of what happened then; `put` changes the clock."""
        monkeypatch.setattr(TIME, SimpleNamespace(monotonic=lambda: at))
        occurred = round((1_700_000_000 + happened + wrong + put) * 1000)
        return clock.age(occurred, held_back=held_back)

    return hear


def test_the_first_event_counts_as_fresh(hear: Hear) -> None:
    """There is nothing yet to measure it by."""
    assert hear(at=1000, happened=0) == 0


def test_age_is_measured_by_the_fastest_event(hear: Hear) -> None:
    """The clocks are never further apart than the fastest event says."""
    hear(at=1000, happened=995)
    assert hear(at=1010, happened=1000) == pytest.approx(5)
    assert hear(at=1020, happened=1019) == 0
    assert hear(at=1030, happened=1000) == pytest.approx(29)


def test_an_event_without_a_time(clock: PanelClock) -> None:
    """It is taken as fresh, but not where it may have been held back."""
    assert clock.age(None, held_back=False) == 0
    assert clock.age(None, held_back=True) is None
    assert clock.seconds_behind is None


def test_what_was_held_back_does_not_begin_the_clock(hear: Hear) -> None:
    """Its age cannot be told, and the next event is the first that counts."""
    assert hear(at=1000, happened=0, held_back=True) is None
    assert hear(at=1001, happened=1001) == 0
    assert hear(at=1001, happened=0, held_back=True) == pytest.approx(1001)


def test_what_was_held_back_is_measured_by_a_known_offset(hear: Hear) -> None:
    """Some of it may still be fresh."""
    hear(at=1000, happened=1000)
    assert hear(at=1040, happened=1010, held_back=True) == pytest.approx(30)


def test_a_clock_put_forward(hear: Hear) -> None:
    """The first event after that says so by itself: none comes before it happens."""
    hear(at=1000, happened=1000)
    assert hear(at=1010, happened=1010, put=2 * HOUR) == 0
    assert hear(at=1040, happened=1020, put=2 * HOUR) == pytest.approx(20)


def test_a_clock_put_back(hear: Hear) -> None:
    """Five in a row have to disagree before the offset is learned anew."""
    hear(at=1000, happened=1000)
    ages = [
        hear(at=1000 + 90 * number, happened=1000 + 90 * number, put=-HOUR)
        for number in range(1, DISAGREEING + 1)
    ]
    assert ages[:-1] == [pytest.approx(HOUR)] * (DISAGREEING - 1)
    assert ages[-1] == 0
    assert DISAGREEING == 5


def test_a_burst_is_not_a_clock_put_back(hear: Hear) -> None:
    """The network stood still; what comes then comes at once, and is late."""
    hear(at=1000, happened=1000)
    for number in range(2 * DISAGREEING):
        late = 75 - 0.4 * number
        assert hear(at=1080, happened=1080 - late) == pytest.approx(late)
    assert hear(at=1081, happened=1081) == 0


def test_a_clock_put_back_on_a_busy_day(hear: Hear) -> None:
    """Many events a second do not hide it, but it takes longer than a burst."""
    hear(at=1000, happened=1000)
    ages = [
        hear(at=1000 + number / 10, happened=1000 + number / 10, put=-HOUR)
        for number in range(1, 60)
    ]
    assert ages[:49] == [pytest.approx(HOUR)] * 49
    assert ages[-1] == pytest.approx(0)


def test_one_that_agrees_breaks_the_row(hear: Hear) -> None:
    """Late ones among fresh ones are late, however many."""
    hear(at=1000, happened=1000)
    for _ in range(3):
        for _ in range(DISAGREEING - 1):
            assert hear(at=2000, happened=1000) == pytest.approx(1000)
        assert hear(at=2000, happened=1999) == pytest.approx(1)


def test_a_flush_is_not_a_clock_put_back(hear: Hear) -> None:
    """What was held back is known to be late: it does not speak of the clock."""
    hear(at=1000, happened=1000)
    for _ in range(2 * DISAGREEING):
        assert hear(at=9000, happened=2000, held_back=True) == pytest.approx(7000)
    assert hear(at=9001, happened=9000) == pytest.approx(1)


def test_how_far_the_clock_is_behind(
    clock: PanelClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For whoever looks for the cause of missing events."""
    now = SimpleNamespace(monotonic=lambda: 1000.0, time=lambda: 1_700_007_200.5)
    monkeypatch.setattr(TIME, now)
    clock.age(1_700_000_000_000, held_back=False)
    assert clock.seconds_behind == pytest.approx(7200.5)
