"""What can happen at a door without a command."""

from collections.abc import Callable, Mapping
from typing import Any

from . import reader
from .door import Door, RejectedError
from .panel import Panel

type Body = Mapping[str, Any]

# Simulated seconds from the unlocking until the door is opened, and closed again.
_OPENS_AFTER = 1.0
_CLOSES_AFTER = 3.0


class UnknownActionError(Exception):
    """There is no action of that name."""


def perform(panel: Panel, door: Door, name: str, body: Body) -> None:
    """Perform an action at a door or reader."""
    if name in ("badge", "duress"):
        allowed = reader.present(panel, door, body, duress=name == "duress")
        if allowed and body.get("walk"):
            _walk_through(panel, panel.door_of(door))
    elif name in _ACTIONS:
        _ACTIONS[name](panel, panel.door_of(door), body)
    else:
        raise UnknownActionError(name)


def _request_exit(panel: Panel, door: Door, body: Body) -> None:
    door.request_exit(body.get("seconds"))
    if body.get("walk"):
        _walk_through(panel, door)


def _walk(panel: Panel, door: Door, _body: Body) -> None:
    if not (door.state.relay or door.state.dps):
        raise RejectedError(f"{door.device['name']} is locked.")
    _walk_through(panel, door)


def _walk_through(panel: Panel, door: Door) -> None:
    if door.device["dps"]:
        panel.clock.call_later(_OPENS_AFTER, door.open_dps)
        panel.clock.call_later(_CLOSES_AFTER, door.close_dps)


_ACTIONS: dict[str, Callable[[Panel, Door, Body], None]] = {
    "rex": _request_exit,
    "walk": _walk,
    "dwell": lambda _, door, body: door.open_for(body.get("tenths")),
    "open": lambda _, door, __: door.open_dps(),
    "close": lambda _, door, __: door.close_dps(),
    "hold": lambda _, door, __: door.set_relay(True),
    "lock": lambda _, door, __: door.lock(),
    "force": lambda _, door, __: door.force(),
    "clear": lambda _, door, __: door.clear_forced(),
    "schedule": lambda _, door, body: door.schedule(body.get("on")),
    "dnd": lambda _, door, __: door.toggle_dnd(),
    "relay": lambda _, door, body: door.set_relay(bool(body["on"])),
}
