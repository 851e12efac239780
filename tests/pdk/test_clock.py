"""How old an event is, and which accesses fire, whatever the panel's clocks show."""

from itertools import permutations
import math
from types import SimpleNamespace

import pytest

from custom_components.prodatakey.pdk.clock import (
    HELD_FOR_UNKNOWN_TIME,
    NOT_HELD,
    PanelClock,
)

from .common import PDK

HOUR = 3600.0
# So many events in a row mean that a clock was set back.
MIN_SAMPLES = 5
# When this machine's own clock is 0, in seconds since it was started.
BOOT = -1_700_000_000.0


class Doors:
    """The doors of a panel whose clocks are wrong, as this machine hears of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, offset: float = 0) -> None:
        """Initialize a new connection; `offset` is by how much the clocks are ahead."""
        self.clock = PanelClock()
        self.offset = offset
        self.at = 1000.0
        self.machine_ahead = 0.0
        monkeypatch.setattr(f"{PDK}.clock.now", lambda: self.at)
        monkeypatch.setattr(
            f"{PDK}.clock.time",
            SimpleNamespace(time=lambda: self.at - BOOT + self.machine_ahead),
        )

    def occurred(self, happened: float, ahead: float = 0) -> int:
        """Return what the panel says of an event that happened then."""
        return round((happened - BOOT + self.offset + ahead) * 1000)

    def access(
        self,
        at: float,
        age: float = 0,
        *,
        door: int = 1,
        ahead: float = 0,
        held_since: float = NOT_HELD,
    ) -> float | None:
        """Receive an access; return its age, None if it does not fire."""
        self.at = at
        occurred = self.occurred(at - age, ahead)
        shown = self.clock.age(occurred, door=door, held_since=held_since)
        return None if shown is None or shown > 60 else shown

    def report(self, at: float, *, door: int = 1, ahead: float = 0) -> None:
        """Receive a report of a door's relay."""
        self.at = at
        self.clock.learn(self.occurred(at, ahead), door=door)

    def answer(self, at: float, *, took: float = 0, late: float = 0) -> None:
        """Receive the answer to a command."""
        self.at = at
        self.clock.learn_from_answer(self.occurred(at - late), at - took)

    def prove(self, at: float, door: int = 1) -> None:
        """Let two events show the clock of a door."""
        self.report(at - 10, door=door)
        self.report(at, door=door)


@pytest.fixture(params=[0.0, -7 * HOUR, 3 * HOUR], ids=["right", "behind", "ahead"])
def doors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Return the doors of a panel with a right or a wrong clock."""
    return Doors(monkeypatch, request.param)


@pytest.fixture
def right(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Return the doors of a panel with this machine's time."""
    return Doors(monkeypatch)


@pytest.fixture
def wrong(monkeypatch: pytest.MonkeyPatch) -> Doors:
    """Return the doors of a panel with a wrong clock."""
    return Doors(monkeypatch, -7 * HOUR)


def test_age(doors: Doors) -> None:
    """Test that the first access fires, and that the fastest event measures the others."""
    assert doors.access(1000, 1) == pytest.approx(0, abs=1)
    assert doors.access(1010, 1) == pytest.approx(0, abs=1)
    assert doors.access(1020) == 0
    assert doors.access(1030, 30) == pytest.approx(30)
    assert doors.access(1040, 61) is None


def test_event_without_a_time(right: Doors) -> None:
    """Test that an access without a time fires, unless it may be over a minute old."""
    for held_since, age in ((NOT_HELD, 0), (950, 0), (930, None), (-math.inf, None)):
        assert right.clock.age(None, door=1, held_since=held_since) == age
    assert right.clock.seconds_behind is None


# Hours ago and the door. By a clock that is ahead by as much, an event looks fresh.
HEAPS = {
    "oldest first": [(5, 1), (4, 1), (3.1, 1)],
    "newest first": [(3.1, 1), (4, 1), (5, 1)],
    "120": [(6 - number / 60, 1) for number in range(120)],
    "several doors": [(5, 1), (4, 2), (3.1, 3), (2.5, 2), (2, 1), (2, 4)],
}


@pytest.mark.parametrize("heap", HEAPS.values(), ids=HEAPS)
@pytest.mark.parametrize("before", ["nothing", "a fresh access", "an answer"])
@pytest.mark.parametrize("over", [0, 4], ids=["at once", "over four seconds"])
def test_heap_of_old_accesses(
    doors: Doors, heap: list[tuple[float, int]], before: str, over: float
) -> None:
    """Test that one of many old accesses fires at most, and none by a known clock."""
    fired = 0
    if before == "a fresh access":
        fired += doors.access(999.9, door=9) is not None
    elif before == "an answer":
        doors.answer(999.9)
    step = over / len(heap)
    for number, (hours, door) in enumerate(heap):
        age = doors.access(1000 + number * step, hours * HOUR, door=door)
        fired += age is not None
    assert fired == (before != "an answer")
    # those who come then are told of
    for number, door in enumerate((1, 2, 3, 4)):
        assert doors.access(1020 + 6 * number, door=door) is not None
    assert doors.access(1060, door=1) == doors.access(1060, door=2) == 0
    assert doors.access(1070, 2 * HOUR) is None


def test_fresh_accesses_on_a_new_connection(right: Doors) -> None:
    """Test that all fresh accesses fire at once if they have this machine's time."""
    for door in (1, 2, 3, 1):
        assert right.access(1000, door=door) == 0
    for age in (30, 20, 50):
        assert right.access(1000, age, door=4) == pytest.approx(age)
    # the clock of door 4 is not known from those, so it is that of a fresh one
    assert right.access(1001, door=4) == 0
    assert right.access(1010, 61, door=4) is None


def test_wrong_code_and_badge(wrong: Doors) -> None:
    """Test that two accesses at a door fire if they arrive as far apart as they happened."""
    assert wrong.access(1000) == wrong.access(1003) == 0
    # in a heap they arrive together
    wrong.clock = PanelClock()
    assert wrong.access(1000, 5 * HOUR) == 0
    assert wrong.access(1000, 5 * HOUR - 3) is None


@pytest.mark.parametrize("times", [1, 3])
def test_first_events_have_a_wrong_time(doors: Doors, times: int) -> None:
    """Test that accesses fire after a clock that was an hour ahead is corrected."""
    for number in range(times):
        assert doors.access(1000 + 10 * number, ahead=HOUR) is not None
    for number in range(1, 6):
        age = doors.access(1030 + 10 * number)
        # a clock that was known, and is wrong after that too, looks set back
        assert age is not None or (times > 1 and doors.offset and number < MIN_SAMPLES)
    assert doors.access(1100) == 0


def test_one_event_with_a_wrong_time(doors: Doors) -> None:
    """Test that one event with a wrong time changes nothing for others, at any door."""
    doors.prove(1000)
    for ahead in (HOUR, -HOUR, 48 * HOUR):
        doors.access(1010, ahead=ahead)
        assert doors.access(1010, 1) == pytest.approx(1)
        assert doors.access(1010, door=2) is not None
        assert doors.access(1012, door=2) == 0


def test_answer_to_a_command(wrong: Doors) -> None:
    """Test that the offset is learned from an answer to a command, and a later one wins."""
    wrong.answer(1000, took=8, late=7)
    for door in (1, 2):
        assert wrong.access(1001, 20, door=door) == pytest.approx(20, abs=5)
        assert wrong.access(1001, 2 * HOUR, door=door) is None
        assert wrong.access(1002, door=door) == pytest.approx(0, abs=5)
    wrong.offset += HOUR
    wrong.answer(1010)
    assert wrong.clock.seconds_behind == pytest.approx(6 * HOUR)
    assert wrong.access(1010, door=3) == 0


def test_old_events_that_have_this_machines_time(right: Doors) -> None:
    """Test that one old access may fire if it looks fresh, as the clock is ahead."""
    right.offset = HOUR
    right.answer(1000)
    ages = [right.access(1001, HOUR + seconds) for seconds in (40, 20, 0)]
    assert len(ages) - ages.count(None) == 1
    assert right.access(1001) == 0


def test_clock_is_set_forward(doors: Doors) -> None:
    """Test that two events are enough to notice a clock that was set forward."""
    doors.prove(1000)
    assert doors.access(1010, ahead=2 * HOUR) == 0
    assert doors.access(1010, 3, ahead=2 * HOUR) is None
    assert doors.access(1020, ahead=2 * HOUR) == 0
    assert doors.access(1040, 20, ahead=2 * HOUR) == pytest.approx(20)


@pytest.mark.parametrize(
    ("interval", "late"), [(90, MIN_SAMPLES - 1), (0.1, 49)], ids=["quiet", "busy"]
)
def test_clock_is_set_back(doors: Doors, interval: float, late: int) -> None:
    """Test that a clock set back is noticed by five events in a row, no single burst."""
    doors.prove(1000)
    times = [1000 + interval * number for number in range(1, late + 11)]
    ages = [doors.access(at, ahead=-HOUR) for at in times]
    assert ages[:late] == [None] * late
    assert ages[-1] == pytest.approx(0)


def test_clock_is_set_to_this_machines_time(right: Doors) -> None:
    """Test that accesses fire after a clock that was ahead is corrected."""
    right.offset = HOUR
    right.prove(1000)
    right.offset = 0
    for at in (1010, 1020):
        assert right.access(at) == 0
    assert right.access(1020, 30) == pytest.approx(30)


def test_two_controllers_with_different_clocks(doors: Doors) -> None:
    """Test that each controller's events are measured by its own clock."""
    for ahead in (-HOUR, HOUR):
        doors.clock = PanelClock()
        doors.prove(1000)
        # the first ones may be old
        for at in (1000, 1010, 1020, 1030):
            assert doors.access(at, door=1) == 0
            age = doors.access(at, door=2, ahead=ahead)
        assert age == 0
        assert doors.access(1100, 50, door=2, ahead=ahead) == pytest.approx(50)
        assert doors.access(1100, 100, door=2, ahead=ahead) is None


def test_first_event_of_a_controller_is_late(doors: Doors) -> None:
    """Test that a late first event of a controller is noticed by another known clock."""
    doors.report(1000, door=1)
    doors.report(1006, door=2)
    assert doors.access(1200, 200, door=3) is None
    assert doors.access(1210, door=3) == 0


def test_burst_after_an_outage(doors: Doors) -> None:
    """Test that late events which arrive at once, or among fresh ones, do not fire."""
    doors.prove(1000)
    for number in range(2 * MIN_SAMPLES):
        late = 75 - 0.4 * number
        assert doors.access(1080, late) is None
    for _ in range(3):
        for _ in range(MIN_SAMPLES - 1):
            assert doors.access(2000, 1000) is None
        assert doors.access(2000, 1) == pytest.approx(1)


def test_held_back_by_a_rejected_token(doors: Doors) -> None:
    """Test that an access that a rejected token held back fires within a minute."""
    for door in (1, 2, 3):
        assert doors.access(1003, 3, door=door, held_since=1000) is not None
    assert doors.access(1003, 2, door=1, held_since=1000) is not None
    # whatever was known of the clock before counts
    doors.prove(1020)
    assert doors.access(1025, 2, held_since=1022) == pytest.approx(2)
    assert doors.access(1025, 90, held_since=1022) is None
    # nothing is learned from it
    for number in range(10):
        doors.access(1090 + number, 65 + number, held_since=1020)
    assert doors.access(1110, 1) == pytest.approx(1)


def test_held_back_for_long(right: Doors) -> None:
    """Test that an access held back for over a minute fires only by a known clock."""
    assert right.access(1100, 10, held_since=1000) == pytest.approx(10)
    assert right.access(1100, 90, held_since=1000) is None
    right.offset = -7 * HOUR
    right.clock = PanelClock()
    assert right.access(1100, 10, held_since=1000) is None
    right.answer(1100)
    assert right.access(1100, 10, held_since=1000) == pytest.approx(10)
    assert right.access(1100, 90, held_since=1000) is None


def test_late_heap_while_a_token_is_rejected(wrong: Doors) -> None:
    """Test that one access of a heap fires while a token is rejected."""
    for hours in permutations((5, 4, 3)):
        wrong.clock = PanelClock()
        ages = [wrong.access(1002, h * HOUR, held_since=1000) for h in hours]
        assert len(ages) - ages.count(None) == 1


def test_after_a_stall(doors: Doors) -> None:
    """Test that after a stall only the door's own clock tells an access's age."""
    held = HELD_FOR_UNKNOWN_TIME
    assert doors.access(1000, held_since=held) is None
    doors.prove(1010)
    assert doors.access(1020, 1000, held_since=held) is None
    assert doors.access(1040, 30, held_since=held) == pytest.approx(30)
    assert doors.access(1040, 30, door=2, held_since=held) is None
    assert doors.access(1040, ahead=HOUR, held_since=held) is None
    for _ in range(2 * MIN_SAMPLES):
        assert doors.access(9000, 7000, held_since=held) is None
    assert doors.access(9001, 1) == pytest.approx(1)


def test_this_machines_clock_is_set(right: Doors) -> None:
    """Test that a change of this machine's clock changes no known offset."""
    assert right.access(1000) == 0
    right.machine_ahead = HOUR
    assert right.access(1010, 30) == pytest.approx(30)
    assert right.access(1010, 90) is None
    assert right.access(1020, door=2) == 0
    assert right.access(1020) == 0


def test_offset_for_diagnostics(wrong: Doors) -> None:
    """Test how far the panel's clock is behind this machine's."""
    wrong.prove(1000)
    assert wrong.clock.seconds_behind == pytest.approx(7 * HOUR)
