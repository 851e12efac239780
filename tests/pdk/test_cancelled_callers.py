"""A caller is cancelled, for example as a script is stopped, after a command was sent."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from custom_components.prodatakey.pdk.clock import NOT_HELD
from custom_components.prodatakey.pdk.commands import (
    ActuateDoNotDisturb,
    ActuateOpen,
    Command,
    DiscoverEndpoints,
    QuerySignal,
)
from custom_components.prodatakey.pdk.do_not_disturb import set_do_not_disturb
from custom_components.prodatakey.pdk.events import DoorEvent
from custom_components.prodatakey.pdk.models import Aspect, DoorInfo, PanelInfo
from custom_components.prodatakey.pdk.panel import Panel
from tests.waiting import wait_until

from .common import set_constants

QUERY = QuerySignal(io_link_id=1, address="0013a200400a393b")


class SlowPanel(Panel):
    """A panel that answers each command when `answer` is set."""

    def __init__(self) -> None:
        """Initialize with one door, without a connection."""
        self.answer = asyncio.Event()
        self.sent: list[Command] = []
        self.answered: list[Command] = []
        self.during: list[str] = []
        info = PanelInfo(id="1", name="Panel", uri="")
        super().__init__(info, self._answer_later, on_change=lambda: None, max_doors=1)
        self.update_doors([DoorInfo(id=1, name="Front door")])
        self.door = self.doors[1]

    @contextmanager
    def context(self) -> Iterator[None]:
        """Note when this is entered and left."""
        self.during.append("entered")
        try:
            yield
        finally:
            self.during.append("left")

    async def _answer_later(self, command: Command) -> None:
        self.sent.append(command)
        await self.answer.wait()
        self.answered.append(command)


type Call = Callable[[SlowPanel], Coroutine[Any, Any, object]]


@pytest.mark.parametrize(
    ("call", "command", "has_context"),
    [
        (lambda p: p.send(ActuateOpen(1), p.context()), ActuateOpen(1), True),
        (
            lambda p: set_do_not_disturb(p, p.door, True, p.context()),
            ActuateDoNotDisturb(1),
            True,
        ),
        (lambda p: p.endpoints.discover(0), DiscoverEndpoints(), False),
        (lambda p: p.endpoints.query_signal(QUERY), QUERY, False),
    ],
    ids=["door", "do not disturb", "discovery", "signal"],
)
async def test_command_of_a_cancelled_caller(
    monkeypatch: pytest.MonkeyPatch, call: Call, command: Command, has_context: bool
) -> None:
    """Test that nobody can take down a command by leaving: its answer is handled."""
    set_constants(monkeypatch, confirmation_timeout=0.05)
    panel = SlowPanel()
    caller = asyncio.create_task(call(panel))
    await wait_until(lambda: panel.sent == [command])
    caller.cancel()
    await asyncio.wait({caller})
    assert caller.cancelled()
    assert panel.during == ["entered"] * has_context
    panel.answer.set()
    await wait_until(lambda: panel.answered == [command])
    await wait_until(lambda: panel.during == ["entered", "left"] * has_context)
    if isinstance(command, ActuateOpen):
        assert panel.door.state.get(Aspect.RELAY) is True


async def test_toggle_of_a_cancelled_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Test that do not disturb is toggled back, although the caller has left."""
    set_constants(monkeypatch, confirmation_timeout=0.05)
    panel = SlowPanel()
    caller = asyncio.create_task(
        set_do_not_disturb(panel, panel.door, False, panel.context())
    )
    await wait_until(lambda: len(panel.sent) == 1)
    caller.cancel()
    await asyncio.wait({caller})
    panel.answer.set()
    event = DoorEvent(
        topic="door.forceclose.on",
        door_id=1,
        door_name=None,
        occurred=None,
        event_id=None,
        aspect=Aspect.FORCE_CLOSE,
        value=True,
    )
    panel.handle_report(event, held_since=NOT_HELD)
    await wait_until(lambda: len(panel.answered) == 2)
    assert panel.during == ["entered"]
    await wait_until(lambda: panel.during == ["entered", "left"])
