"""Do not disturb is set by a command that only toggles, while others toggle it too."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, product

import pytest

from custom_components.prodatakey.pdk.clock import HELD_FOR_UNKNOWN_TIME, NOT_HELD
from custom_components.prodatakey.pdk.commands import ActuateDoNotDisturb, Command
from custom_components.prodatakey.pdk.do_not_disturb import set_do_not_disturb
from custom_components.prodatakey.pdk.errors import NotConfirmedError
from custom_components.prodatakey.pdk.events import DoorEvent
from custom_components.prodatakey.pdk.models import Aspect, DoorInfo, PanelInfo
from custom_components.prodatakey.pdk.panel import Panel
from tests.faults.virtual_time import skip_waiting

ON, OFF = True, False
NEVER = 60.0


@dataclass
class Case:
    """A row of the table: the known state, the wanted one, and what happens then.

    The controller acts `delays` seconds after each toggle of ours, and a guard toggles
    `guard` seconds after the first. Times are odd, so that no two things coincide.
    """

    known: bool | None
    is_on: bool
    wanted: bool
    delays: tuple[float, ...] = (0.0, 0.0)
    guard: tuple[float, ...] = ()
    times_reported: int = 1
    maybe_delayed: float = NEVER
    """A report after this time may have been held back."""
    gap: float = NEVER
    before_answer: bool = False


class Controller:
    """A door's controller, its panel, and a client that knows what was reported."""

    def __init__(self, case: Case) -> None:
        """Initialize with what is known of the state."""
        self.case = case
        self.is_on = case.is_on
        self.toggles = 0
        info = PanelInfo(id="1", name="Panel", uri="")
        self.panel = Panel(info, self._send, on_change=lambda: None, max_doors=1)
        self.panel.update_doors([DoorInfo(id=1, name="Front door")])
        self.door = self.panel.doors[1]
        if case.known is not None:
            self.door.update(Aspect.FORCE_CLOSE, case.known)

    async def set(self) -> bool:
        """Set do not disturb; return whether that is confirmed."""
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        for at in self.case.guard:
            loop.call_later(at, self._toggle)
        loop.call_later(self.case.gap, self.panel.mark_all_assumed)
        try:
            await set_do_not_disturb(self.panel, self.door, self.case.wanted)
        except NotConfirmedError:
            return False
        return True

    async def _send(self, command: Command) -> None:
        """Answer at once, and act later."""
        assert isinstance(command, ActuateDoNotDisturb)
        delay = self.case.delays[self.toggles]
        self.toggles += 1
        if self.case.before_answer:
            self._toggle()
            await asyncio.sleep(1)
        else:
            asyncio.get_running_loop().call_later(delay, self._toggle)

    def _toggle(self) -> None:
        """Toggle and report it."""
        self.is_on = not self.is_on
        elapsed = asyncio.get_running_loop().time() - self._began
        event = DoorEvent(
            topic=f"door.forceclose.{'on' if self.is_on else 'off'}",
            door_id=1,
            door_name=None,
            occurred=None,
            event_id=None,
            aspect=Aspect.FORCE_CLOSE,
            value=self.is_on,
        )
        for _ in range(self.case.times_reported):
            is_delayed = elapsed > self.case.maybe_delayed
            held_since = HELD_FOR_UNKNOWN_TIME if is_delayed else NOT_HELD
            self.panel.handle_report(event, held_since=held_since)


CASES = {
    "already so": (Case(ON, ON, ON), True, 0),
    "at once": (Case(OFF, OFF, ON), True, 1),
    "before the answer": (Case(OFF, OFF, ON, before_answer=True), True, 1),
    "late": (Case(ON, ON, OFF, (4.9,)), True, 1),
    "too late": (Case(OFF, OFF, ON, (7,)), False, 1),
    "never": (Case(OFF, OFF, ON, (NEVER,)), False, 1),
    "unknown, the right way": (Case(None, OFF, ON, (3,)), True, 1),
    "unknown, the wrong way": (Case(None, ON, ON, (3, 3)), True, 2),
    "unknown, back is never": (Case(None, ON, ON, (3, NEVER)), False, 2),
    "guard, then ours": (Case(OFF, OFF, ON, (1,), (0.5,)), False, 1),
    "guard, then ours late": (Case(OFF, OFF, ON, (3,), (0.5,)), False, 1),
    "ours, then guard": (Case(OFF, OFF, ON, (1,), (3,)), False, 1),
    "guard twice": (Case(OFF, OFF, ON, (1,), (0.5, 3)), True, 1),
    "guard, ours never": (Case(OFF, OFF, ON, (NEVER,), (0.5,)), True, 1),
    "unknown, guard and ours": (Case(None, OFF, ON, (1,), (0.5,)), False, 1),
    "unknown, ours and guard": (Case(None, ON, ON, (1,), (3,)), True, 1),
    "guard while it goes back": (Case(None, ON, ON, (1, 1), (6.5,)), False, 2),
    "known wrongly": (Case(OFF, ON, ON), False, 1),
    "reported twice": (Case(OFF, OFF, ON, times_reported=2), True, 1),
    "wrong way, reported twice": (Case(None, ON, ON, times_reported=2), True, 2),
    "report may be old": (Case(OFF, OFF, ON, (1,), maybe_delayed=0), False, 1),
    "guard's may be old": (
        Case(None, OFF, OFF, (1,), (3,), maybe_delayed=2),
        False,
        1,
    ),
    "gap before the report": (Case(OFF, OFF, ON, (3,), gap=1), False, 1),
    "gap after the report": (Case(OFF, OFF, ON, (1,), gap=3), False, 1),
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    """Test each row of the table in docs/reliability.md."""
    case, is_confirmed, toggles = CASES[name]

    async def test() -> None:
        controller = Controller(case)
        door = controller.door
        assert await controller.set() is is_confirmed
        assert controller.toggles == toggles
        if is_confirmed:
            assert controller.is_on is case.wanted
            assert door.state.get(Aspect.FORCE_CLOSE) is case.wanted
        elif door.state.get(Aspect.FORCE_CLOSE) is not None:
            assert Aspect.FORCE_CLOSE in door.state.assumed
        if case.delays[0] == 7:
            await asyncio.sleep(3)
            assert door.state.is_known(Aspect.FORCE_CLOSE)
            assert door.state.get(Aspect.FORCE_CLOSE) is controller.is_on

    skip_waiting(test())


def test_success_is_never_false() -> None:
    """Test that success is true, in each order of our toggles and a guard's."""
    guards: Iterable[tuple[float, ...]] = (
        times
        for count in range(3)
        for times in combinations((0.5, 2.5, 4.5, 6.5, 9.5), count)
    )
    cases = [
        Case(known and is_on, is_on, wanted, delays, guard)
        for known, is_on, wanted, guard in product(
            (None, True), (ON, OFF), (ON, OFF), guards
        )
        for delays in product((0.1, 1.1, 3.1, 4.9), repeat=2)
    ]

    async def run(case: Case) -> bool:
        controller = Controller(case)
        is_confirmed = await controller.set()
        assert controller.toggles <= 2
        if is_confirmed:
            assert controller.is_on is case.wanted, case
        return is_confirmed

    async def test() -> None:
        confirmed = await asyncio.gather(*map(run, cases))
        assert 0.2 < sum(confirmed) / len(cases) < 0.9

    skip_waiting(test())


def test_two_callers() -> None:
    """Test that a second caller waits for the first, and sends nothing if cancelled."""

    async def test() -> None:
        controller = Controller(Case(OFF, OFF, ON))
        first, second = (asyncio.create_task(controller.set()) for _ in range(2))
        cancelled = asyncio.create_task(controller.set())
        await asyncio.sleep(1)
        cancelled.cancel()
        assert await first and await second
        await asyncio.sleep(20)
        assert cancelled.cancelled()
        assert controller.toggles == 1
        assert not controller.door.toggling.locked()

    skip_waiting(test())
