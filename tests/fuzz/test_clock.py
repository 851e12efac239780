"""Whatever the clocks show and in whatever order events come: no old access fires.

The model knows when each access happened. It leaves out what nobody can tell from times:
an old event which by another clock, or with another old event, looks just right.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.prodatakey.pdk.clock import (
    HELD_FOR_UNKNOWN_TIME,
    NOT_HELD,
    PanelClock,
)
from tests.pdk.common import PDK

from .strategies import BOUNDED

HOUR = 3600.0
BOOT = -1_700_000_000.0
BURST = 5.0
# So many events in a row are proof, also of a clock that was set back.
PROOF = 5

errors = st.sampled_from(
    [0.0, 0.3, -2.0, 40.0, -100.0, HOUR, -HOUR, 3 * HOUR, -7 * HOUR, 86_400.0]
)
doors = st.integers(1, 3)
old = st.lists(st.tuples(doors, st.floats(62, 8 * HOUR)), min_size=1, max_size=8)
steps = st.tuples(
    st.sampled_from([0.0, 0.02, 1.0, 6.0, 30.0, 100.0]),
    st.one_of(
        st.tuples(st.just("fresh"), st.lists(doors, min_size=1, max_size=4)),
        st.tuples(st.just("repeat"), doors),
        st.tuples(st.just("heap"), old),
        st.tuples(st.just("stall"), old),
        st.tuples(st.just("held"), st.tuples(doors, st.floats(0, 59))),
        st.tuples(st.just("answer"), st.floats(0, 9)),
        st.tuples(st.just("set"), st.tuples(doors, errors)),
        st.tuples(st.just("reconnect"), st.none()),
    ),
)


@dataclass
class Model:
    """A panel whose doors have clocks of their own, and what is true."""

    errors: dict[int, float]
    """By how much each clock is ahead; that of door 0 is the panel's own."""
    at: float = 1000.0
    clock: PanelClock = field(default_factory=PanelClock)
    old_fired_at: float = 0.0
    old_came_at: float = 0.0
    fresh: dict[int, list[float]] = field(default_factory=dict)
    """When the fresh events of each door came since its clock was set."""

    def __post_init__(self) -> None:
        """Collect what an old event must not look like."""
        self.offsets = {0.0, *(-error for error in self.errors.values())}
        self.old_differences: list[float] = []

    def receive(self, door: int, age: float, held_since: float = NOT_HELD) -> bool:
        """Receive an access that happened so long ago; return whether it fires."""
        occurred = round((self.at - age - BOOT + self.errors[door]) * 1000)
        shown = self.clock.age(occurred, door=door, held_since=held_since)
        return shown is not None and shown <= 60

    def receive_fresh(self, door: int) -> None:
        """Receive one that has just happened: with proof it fires."""
        came = self.fresh.setdefault(door, [])
        is_proven = len(came) >= PROOF and came[-1] - came[0] >= BURST
        fires = self.receive(door, 0)
        assert fires or not is_proven
        came.append(self.at)

    def receive_old(self, door: int, age: float, held_since: float = NOT_HELD) -> None:
        """Receive one that is old: it fires alone, or not at all."""
        difference = age - self.errors[door]
        others = self.offsets - {-self.errors[door]}
        if any(-6 <= difference - offset <= 61 for offset in others):
            return
        if any(abs(difference - other) <= 6 for other in self.old_differences):
            return
        self.old_differences.append(difference)
        came = self.fresh.get(door, [])
        if len(came) < PROOF or came[-1] - came[0] < BURST:
            # proof must not be interrupted
            came.clear()
        is_heap = self.at - self.old_came_at <= BURST
        self.old_came_at = self.at
        if not self.receive(door, age, held_since):
            return
        assert held_since == NOT_HELD
        assert not is_heap or self.at - self.old_fired_at > BURST
        self.old_fired_at = self.at

    def step(self, what: str, value: Any) -> None:
        """Let something happen."""
        match what, value:
            case "fresh", [*numbers]:
                for door in numbers:
                    self.receive_fresh(door)
            case "repeat", int(door):
                for _ in range(PROOF + 1):
                    self.receive_fresh(door)
                    self.at += 2
            case (("heap" | "stall"), [*events]):
                held = HELD_FOR_UNKNOWN_TIME if what == "stall" else NOT_HELD
                for door, age in events:
                    self.receive_old(door, age, held)
                    self.at += 0.001
            case "held", (int(door), float(age)):
                self.receive(door, age, self.at - age)
            case "answer", float(took):
                occurred = self.at - took / 2 - BOOT + self.errors[0]
                self.clock.learn_from_answer(round(occurred * 1000), self.at - took)
            case "set", (int(door), float(error)):
                self.errors[door] = error
                self.offsets.add(-error)
                self.fresh.pop(door, None)
            case "reconnect", None:
                self.clock = PanelClock()
                self.fresh.clear()
                self.old_fired_at = self.old_came_at = 0.0


@BOUNDED
@given(st.lists(errors, min_size=4, max_size=4), st.lists(steps, max_size=30))
def test_no_old_access_fires(
    clocks: list[float], happens: list[tuple[float, tuple[str, object]]]
) -> None:
    """Test that one old access of a heap fires at most, and a fresh one with proof."""
    model = Model(dict(enumerate(clocks)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{PDK}.clock.now", lambda: model.at)
        machine = SimpleNamespace(time=lambda: model.at - BOOT)
        patch.setattr(f"{PDK}.clock.time", machine)
        for seconds, (what, value) in happens:
            model.at += seconds
            model.step(what, value)
