"""Lockdown and evacuation: what is asked of all doors, and what they confirm."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from custom_components.prodatakey.pdk import doors
from custom_components.prodatakey.pdk.all_doors import AllDoors
from custom_components.prodatakey.pdk.clock import NOT_HELD
from custom_components.prodatakey.pdk.commands import Command, DoorCommand
from custom_components.prodatakey.pdk.errors import (
    CommandRejectedError,
    DoorsFailedError,
    ExcludedError,
    NotConnectedError,
    PdkError,
)
from custom_components.prodatakey.pdk.evacuation import Evacuation
from custom_components.prodatakey.pdk.events import DoorEvent
from custom_components.prodatakey.pdk.lockdown import Lockdown
from custom_components.prodatakey.pdk.models import Aspect, DoorId, DoorInfo, PanelInfo
from custom_components.prodatakey.pdk.panel import Panel
from tests.faults.virtual_time import skip_waiting

GUARDED, STUCK = 2, 3
FORCE_CLOSE, RELAY = Aspect.FORCE_CLOSE, Aspect.RELAY


class House:
    """A panel with doors that do what they are told, its client, and what is stored."""

    def __init__(self, doors: int = 4, aspect: Aspect = FORCE_CLOSE) -> None:
        """Initialize with doors whose aspect is off, and known to be."""
        self.aspect = aspect
        self.is_on: dict[DoorId, bool] = dict.fromkeys(range(1, doors + 1), False)
        self.errors: dict[DoorId, PdkError] = {}
        self.stuck: set[DoorId] = set()
        """The doors that take a command and do nothing."""
        self.delay: Callable[[DoorId], float] = lambda _: 0.5
        self.sent: list[DoorId] = []
        self.stored: list[tuple[bool, set[DoorId]]] = []
        self.start()
        for door_id in self.is_on:
            self.report(door_id)

    def start(self) -> None:
        """Start the client, with what is stored."""
        info = PanelInfo(id="1", name="Panel", uri="")
        self.panel = Panel(info, self._send, on_change=lambda: None, max_doors=99)
        self.panel.update_doors([DoorInfo(id=each, name=None) for each in self.is_on])
        self.lockdown = Lockdown(self.panel, self._save)
        self.evacuation = Evacuation(self.panel, self._save)
        self.lockdown.excludes = self.evacuation
        self.evacuation.excludes = self.lockdown
        self.all: AllDoors = (
            self.lockdown if self.aspect is FORCE_CLOSE else self.evacuation
        )
        if self.stored:
            requested, begun = self.stored[-1]
            self.all.restore(requested=requested, begun=begun)
        self.panel.notify_all_doors()

    async def turn(self, value: bool) -> list[DoorId]:
        """Turn it on or off; return the doors that the error names."""
        self.sent.clear()
        try:
            await (self.all.turn_on() if value else self.all.turn_off())
        except DoorsFailedError as err:
            return sorted(err.errors)
        return []

    @property
    def unconfirmed(self) -> list[DoorId]:
        """Return the doors that are not confirmed."""
        return [door.id for door in self.all.unconfirmed]

    def report(self, door_id: DoorId) -> None:
        """Report a door."""
        event = DoorEvent(
            topic="",
            door_id=door_id,
            door_name=None,
            occurred=None,
            event_id=None,
            aspect=self.aspect,
            value=self.is_on[door_id],
        )
        self.panel.handle_report(event, held_since=NOT_HELD)

    def turn_by_hand(self, door_id: DoorId, value: bool) -> None:
        """Let somebody else turn it on or off at a door."""
        self.is_on[door_id] = value
        self.report(door_id)

    async def _save(self) -> None:
        """Store what would be stored."""
        await asyncio.sleep(0.001)
        self.stored.append((self.all.requested, {*self.all.begun}))

    async def _send(self, command: Command) -> None:
        """Take a command, and execute it after some time."""
        assert isinstance(command, DoorCommand)
        # stored before anything is sent
        assert self.stored
        door_id = command.door_id
        self.sent.append(door_id)
        if err := self.errors.get(door_id):
            raise err
        if door_id in self.stuck:
            return
        value = not self.is_on[door_id] if command.value is None else command.value

        def execute() -> None:
            self.turn_by_hand(door_id, value)

        asyncio.get_running_loop().call_later(self.delay(door_id), execute)
        await asyncio.sleep(0.1)


def skips_waiting[**P](
    test: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, None]:
    """Run a test in a loop that skips what is waited for."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        skip_waiting(test(*args, **kwargs))

    return run


@pytest.fixture(autouse=True)
def loop_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the doors' clock be the loop's."""
    monkeypatch.setattr(doors, "now", lambda: asyncio.get_running_loop().time())


@skips_waiting
async def test_lockdown_of_fifty_doors() -> None:
    """It is confirmed as soon as the last door confirms it, with one command a door."""
    loop = asyncio.get_running_loop()
    house = House(50)
    house.delay = lambda door_id: int(door_id) / 20
    began = loop.time()
    assert await house.turn(True) == []
    assert loop.time() - began == pytest.approx(2.5, abs=0.2)
    assert house.all.is_on
    assert sorted(house.sent) == [*range(1, 51)]
    await asyncio.sleep(10)
    assert await house.turn(False) == []
    assert sorted(house.sent) == [*range(1, 51)]
    assert not any(house.is_on.values())
    await asyncio.sleep(10)
    assert (house.all.requested, house.all.begun) == (False, set())


@skips_waiting
async def test_failed_lockdown() -> None:
    """What was done stays, only what is missing is sent again, and only that ends."""
    house = House()
    house.turn_by_hand(GUARDED, True)
    house.stuck = {STUCK}
    assert await house.turn(True) == [STUCK]
    assert (house.all.is_on, house.unconfirmed) == (False, [STUCK])
    assert sorted(house.sent) == [1, 3, 4]
    assert house.is_on == {1: True, 2: True, 3: False, 4: True}
    house.stuck = set()
    assert await house.turn(True) == []
    assert house.sent == [STUCK]
    assert (house.all.is_on, house.unconfirmed) == (True, [])
    assert await house.turn(False) == []
    assert house.is_on == {1: False, 2: True, 3: False, 4: False}
    assert [door.id for door in house.lockdown.others] == [GUARDED]
    assert house.unconfirmed == []


@skips_waiting
async def test_second_hand() -> None:
    """Somebody who ends it at one door turns it off; what is theirs stays theirs."""
    house = House()
    await house.turn(True)
    await asyncio.sleep(6)
    house.turn_by_hand(1, False)
    assert (house.all.is_on, house.unconfirmed) == (False, [1])
    house.turn_by_hand(1, True)
    assert (house.all.is_on, house.unconfirmed) == (True, [])
    await house.turn(False)
    assert house.is_on == {1: True, 2: False, 3: False, 4: False}


@skips_waiting
async def test_doors_that_come_and_go() -> None:
    """A new door is named, and locked down on request; one that is gone is not missed."""
    house = House()
    await house.turn(True)
    await asyncio.sleep(6)
    house.is_on[5] = False
    infos = [DoorInfo(id=each, name=None) for each in house.is_on if each != 1]
    house.panel.update_doors(infos)
    house.panel.update_doors(infos)
    assert (house.all.is_on, house.unconfirmed) == (False, [5])
    assert await house.turn(True) == []
    assert house.sent == [5]
    assert house.all.is_on
    await asyncio.sleep(6)
    assert await house.turn(False) == []
    assert house.is_on == {1: True, 2: False, 3: False, 4: False, 5: False}


@skips_waiting
async def test_gap() -> None:
    """After a gap it is on as last known, and no door has confirmed it."""
    house = House()
    await house.turn(True)
    await asyncio.sleep(6)
    house.panel.mark_all_assumed()
    assert (house.all.is_on, house.unconfirmed) == (True, [1, 2, 3, 4])
    house.report(1)
    assert house.unconfirmed == [2, 3, 4]


@pytest.mark.parametrize("known", [True, False])
@skips_waiting
async def test_crash(known: bool) -> None:
    """What it has begun is stored so soon that a crash leaves nothing behind."""
    house = House()
    house.turn_by_hand(GUARDED, True)
    if not known:
        house.panel.mark_all_assumed()
    turning = asyncio.create_task(house.turn(True))
    while not all(house.is_on.values()):
        await asyncio.sleep(0.01)
    # a door that was unknown has confirmed it by now, or it is left as it is
    await asyncio.sleep(0 if known else 6)
    await asyncio.sleep(0.01)
    house.start()
    turning.cancel()
    assert house.all.requested
    for door_id in house.is_on:
        house.report(door_id)
    assert house.all.is_on
    assert await house.turn(False) == []
    assert house.is_on == {1: False, 2: True, 3: False, 4: False}


@skips_waiting
async def test_nothing_was_sent() -> None:
    """Without a connection nothing was asked for."""
    house = House()
    house.errors = dict.fromkeys(house.is_on, NotConnectedError())
    with pytest.raises(NotConnectedError):
        await house.all.turn_on()
    assert (house.all.requested, house.all.begun) == (False, set())
    assert house.stored[-1] == (False, set())
    house.errors = {1: NotConnectedError(), 2: CommandRejectedError()}
    assert await house.turn(True) == [1, 2]
    assert house.all.begun == {3, 4}
    house.errors = dict.fromkeys(house.is_on, NotConnectedError())
    with pytest.raises(NotConnectedError):
        await house.all.turn_off()
    assert house.all.requested


@skips_waiting
async def test_tried_again_in_vain() -> None:
    """What was begun before ends also if trying again sent nothing to that door."""
    house = House()
    await house.turn(True)
    await asyncio.sleep(6)
    house.panel.mark_all_assumed()
    house.errors = {1: CommandRejectedError()}
    assert await house.turn(True) == [1]
    house.errors = {}
    await asyncio.sleep(12)
    assert await house.turn(False) == []
    await asyncio.sleep(12)
    assert not any(house.is_on.values())


@skips_waiting
async def test_cancelled_caller() -> None:
    """A script that is stopped does not stop the lockdown."""
    house = House()
    turning = asyncio.create_task(house.turn(True))
    await asyncio.sleep(0.0001)
    turning.cancel()
    await asyncio.sleep(6)
    assert house.all.is_on


@skips_waiting
async def test_evacuation() -> None:
    """It opens all doors, names one that refuses, and locks those that it opened."""
    house = House(aspect=RELAY)
    house.delay = lambda _: 0.05
    house.turn_by_hand(GUARDED, True)
    await asyncio.sleep(60)
    house.turn_by_hand(4, True)
    house.errors = {STUCK: CommandRejectedError("do not disturb")}
    assert await house.turn(True) == [STUCK]
    assert (house.all.is_on, house.unconfirmed) == (False, [STUCK])
    assert house.all.begun == {1, 4}
    with pytest.raises(ExcludedError):
        await house.lockdown.turn_on()
    house.errors = {}
    assert await house.turn(True) == []
    assert sorted(house.sent) == [GUARDED, STUCK]
    assert house.all.is_on
    assert await house.turn(False) == []
    await asyncio.sleep(1)
    assert house.is_on == {1: False, 2: True, 3: False, 4: False}
