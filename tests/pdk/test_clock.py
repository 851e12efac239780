"""How old an event is, whatever the panel's clock shows."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from custom_components.prodatakey.pdk.clock import PanelClock

from .common import PDK

HOUR = 3600.0
# So many events in a row mean that the panel's clock was set.
MIN_SAMPLES = 5

type Receive = Callable[..., float | None]


@pytest.fixture
def clock() -> PanelClock:
    """Return the clock of a new connection."""
    return PanelClock()


@pytest.fixture(params=[0.0, -7 * HOUR, 3 * HOUR], ids=["right", "behind", "ahead"])
def receive(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, clock: PanelClock
) -> Receive:
    """Return a way to receive an event from a panel with a wrong clock."""
    offset: float = request.param

    def receive(
        at: float,
        happened: float,
        *,
        moved: float = 0.0,
        delayed: bool = False,
        source: int = 1,
    ) -> float | None:
        """Return the age of an event; `moved` is by how much the clock was set."""
        monkeypatch.setattr(f"{PDK}.clock.now", lambda: at)
        occurred = round((1_700_000_000 + happened + offset + moved) * 1000)
        return clock.age(occurred, source=source, maybe_delayed=delayed)

    return receive


def test_age(receive: Receive) -> None:
    """Test that the first event counts as fresh, and the fastest measures the others."""
    assert receive(at=1000, happened=995) == 0
    assert receive(at=1010, happened=1000) == pytest.approx(5)
    assert receive(at=1020, happened=1019) == 0
    assert receive(at=1030, happened=1000) == pytest.approx(29)


def test_event_without_a_time(clock: PanelClock) -> None:
    """Test that it is fresh, unless it may be delayed."""
    assert clock.age(None, maybe_delayed=False) == 0
    assert clock.age(None, maybe_delayed=True) is None
    assert clock.seconds_behind is None


def test_delayed_event(receive: Receive) -> None:
    """Test that its age is unknown until another event has given the offset."""
    assert receive(at=1000, happened=0, delayed=True) is None
    assert receive(at=1001, happened=1001) == 0
    assert receive(at=1001, happened=0, delayed=True) == pytest.approx(1001)
    assert receive(at=1040, happened=1010, delayed=True) == pytest.approx(30)
    for _ in range(2 * MIN_SAMPLES):
        assert receive(at=9000, happened=2000, delayed=True) == pytest.approx(7000)
    assert receive(at=9001, happened=9000) == pytest.approx(1)


def test_clock_is_set_forward(receive: Receive) -> None:
    """Test that two events show it: none arrives before it happens."""
    receive(at=1000, happened=1000)
    assert receive(at=1010, happened=1010, moved=2 * HOUR) == 0
    assert receive(at=1020, happened=1020, moved=2 * HOUR) == 0
    assert receive(at=1040, happened=1020, moved=2 * HOUR) == pytest.approx(20)


def test_one_event_with_a_wrong_time(receive: Receive) -> None:
    """Test that it does not make the next events late, neither here nor elsewhere."""
    receive(at=1000, happened=1000)
    assert receive(at=1010, happened=1010, moved=HOUR) == 0
    assert receive(at=1020, happened=1019) == pytest.approx(1)
    assert receive(at=1030, happened=1030, source=2) == 0


@pytest.mark.parametrize("moved", [-HOUR, HOUR])
def test_two_controllers_with_different_clocks(receive: Receive, moved: float) -> None:
    """Test that each controller's events are measured by its own clock."""
    for at in range(1000, 1100, 10):
        assert receive(at=at, happened=at, source=1) == 0
        assert receive(at=at, happened=at, source=2, moved=moved) == 0
    assert receive(at=1200, happened=1100, source=2, moved=moved) == pytest.approx(100)


def test_first_event_of_a_controller_is_late(receive: Receive) -> None:
    """Test that two others that agree show it; alone, no controller is right."""
    receive(at=1000, happened=1000, source=1)
    receive(at=1000, happened=1000, source=2)
    assert receive(at=1200, happened=1000, source=3) == pytest.approx(200)
    assert receive(at=1210, happened=1210, source=3) == 0


@pytest.mark.parametrize(
    ("interval", "late"), [(90, MIN_SAMPLES - 1), (0.1, 49)], ids=["quiet", "busy"]
)
def test_clock_is_set_back(receive: Receive, interval: float, late: int) -> None:
    """Test that it takes five events in a row, over more than a burst."""
    receive(at=1000, happened=1000)
    times = [1000 + interval * number for number in range(1, late + 11)]
    ages = [receive(at=at, happened=at, moved=-HOUR) for at in times]
    assert ages[:late] == [pytest.approx(HOUR)] * late
    assert ages[-1] == pytest.approx(0)


def test_burst_after_an_outage(receive: Receive) -> None:
    """Test that late events which arrive at once, or among fresh ones, are late."""
    receive(at=1000, happened=1000)
    for number in range(2 * MIN_SAMPLES):
        late = 75 - 0.4 * number
        assert receive(at=1080, happened=1080 - late) == pytest.approx(late)
    for _ in range(3):
        for _ in range(MIN_SAMPLES - 1):
            assert receive(at=2000, happened=1000) == pytest.approx(1000)
        assert receive(at=2000, happened=1999) == pytest.approx(1)


def test_offset_for_diagnostics(
    clock: PanelClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test how far the panel's clock is behind this machine's."""
    monkeypatch.setattr(f"{PDK}.clock.now", lambda: 1000.0)
    time = SimpleNamespace(time=lambda: 1_700_007_200.5)
    monkeypatch.setattr(f"{PDK}.clock.time", time)
    clock.age(1_700_000_000_000, maybe_delayed=False)
    assert clock.seconds_behind == pytest.approx(7200.5)
