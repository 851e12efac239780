"""What happens to doors, and to panels, without a command."""

from collections.abc import Callable, Mapping
from typing import Any

from . import access
from .door import Door
from .panel import Panel

type Body = Mapping[str, Any]


class UnknownActError(Exception):
    """Doors cannot do that."""


def perform(panel: Panel, door: Door, act: str, body: Body) -> None:
    """Do something to a door."""
    if act == "badge":
        access.badge(panel, door, body)
        return
    if act in _OF_PEOPLE:
        _OF_PEOPLE[act](panel, panel.strike(door), body)
    elif act in _ON_DOORS:
        _ON_DOORS[act](panel.strike(door), body)
    else:
        raise UnknownActError(act)


def migrate(panel: Panel, body: Body) -> None:
    """Tell of a stage of a migration to PDK 2.0."""
    known = {key: body[key] for key in ("systemId", "task") if key in body}
    # `migration.started` comes without a body, so without an argument.
    panel.publish(f"migration.{body['stage']}", *([known] if known else []))


_OF_PEOPLE: dict[str, Callable[[Panel, Door, Body], None]] = {
    "rex": access.leave,
    "walk": access.walk,
}

_ON_DOORS: dict[str, Callable[[Door, Body], None]] = {
    "dwell": lambda door, body: door.open_for(body.get("tenths")),
    "open": lambda door, _: door.open_dps(),
    "close": lambda door, _: door.close_dps(),
    "hold": lambda door, _: door.set_relay(True),
    "lock": lambda door, _: door.lock(),
    "force": lambda door, _: door.force(),
    "clear": lambda door, _: door.clear_forced(),
    "dnd": lambda door, _: door.toggle_dnd(),
    "relay": lambda door, body: door.set_relay(bool(body["on"])),
}
