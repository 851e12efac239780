"""The nine commands of the Streaming API page, and how they are answered."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging
from typing import Any

from . import events
from .door import Door, RefusedError
from .panel import Command, Listener, NotFoundError, Panel
from .scenario import Endpoint

_LOGGER = logging.getLogger(__name__)

# The one text that the page gives; PDK's others are not known.
_NOT_SUPPORTED = "Command is not supported."

_LONGEST_DWELL = 5400

type Json = dict[str, Any]


def receive(panel: Panel, sender: Listener, command: Command) -> None:
    """Answer a command, as far as the faults allow."""
    _LOGGER.info("%s: command %s %s", panel.id, command.topic, command.body)
    fault = panel.faults.get("commands")
    if fault == "ignored":
        return
    refusal = _refusal(panel, command) if isinstance(fault, dict) else None
    answer = partial(_answer, panel, sender, command, refusal, fault == "silent")
    if delay := panel.faults.get("command_delay"):
        asyncio.get_running_loop().call_later(delay, answer)
    else:
        answer()


def _refusal(panel: Panel, command: Command) -> str | None:
    fault = panel.faults.get("commands")
    topics = fault.get("topics", [command.topic])
    doors = [str(each) for each in fault.get("doors", ())]
    if command.topic not in topics:
        return None
    if doors and str(command.body.get("doorId")) not in doors:
        return None
    taken = panel.faults.take("commands") or fault
    return str(taken["refuse"])


def _answer(
    panel: Panel, sender: Listener, command: Command, refusal: str | None, silent: bool
) -> None:
    with panel.collecting() as caused:
        refusal = refusal or _execute(panel, command)
    if refusal:
        sender.deliver("serverError", {"message": refusal})
        said = command.body | {"message": refusal}
        panel.audience.note(panel.id, "answer", "serverError", said)
        return
    result_first = panel.faults.get("result_first")
    if result_first and not silent:
        _succeed(panel, sender, command)
    for topic, args in caused:
        panel.publish(topic, *args)
    if not result_first and not silent:
        _succeed(panel, sender, command)


def _execute(panel: Panel, command: Command) -> str | None:
    """Execute a command; return why not if it is refused."""
    try:
        if on_door := _ON_DOORS.get(command.topic or ""):
            reader = panel.door(command.body.get("doorId"))
            on_door(panel.strike(reader), command.body)
        elif on_panel := _ON_PANELS.get(command.topic or ""):
            on_panel(panel, command.body)
        else:
            return _NOT_SUPPORTED
    except (NotFoundError, RefusedError) as err:
        return str(err)
    return None


def _succeed(panel: Panel, sender: Listener, command: Command) -> None:
    result = events.command_result(command.id or "", panel.now_ms())
    sender.deliver("command.result.succeed", result)
    panel.audience.note(panel.id, "answer", "command.result.succeed", command.body)


def _dwell_open(door: Door, body: Json) -> None:
    dwell = body.get("dwell")
    if not isinstance(dwell, int) or not 1 <= dwell <= _LONGEST_DWELL:
        raise RefusedError("The dwell is not valid.")
    door.open_for(dwell)


def _discover(panel: Panel, _body: Json) -> None:
    for endpoint in panel.endpoints:
        devices = [each.device for each in _doors_of(panel, endpoint)]
        event = events.endpoint_discovered(endpoint, devices)
        panel.publish(event["topic"], event)


def _query_signal(panel: Panel, body: Json) -> None:
    for endpoint in panel.endpoints:
        if (endpoint.io_link_id, endpoint.address) != (
            body.get("ioLinkId"),
            body.get("address"),
        ):
            continue
        if body.get("actuateRelay"):
            for door in _doors_of(panel, endpoint):
                _blink(panel, door, body.get("relayDwell", 5))
        # A radio out of reach stays silent; so does one that nobody knows.
        if endpoint.db_gain is not None:
            event = events.endpoint_signal(endpoint, panel.now_ms())
            panel.publish(event["topic"], event)


def _doors_of(panel: Panel, endpoint: Endpoint) -> list[Door]:
    return [panel.doors[str(i)] for i in endpoint.doors if str(i) in panel.doors]


def _blink(panel: Panel, door: Door, seconds: float) -> None:
    before = door.live.relay
    door.set_relay(not before)
    panel.clock.after(seconds, lambda: door.set_relay(before))


_ON_DOORS: dict[str, Callable[[Door, Json], None]] = {
    "door.actuate.close": lambda door, _: door.lock(),
    "door.actuate.dnd": lambda door, _: door.toggle_dnd(),
    "door.actuate.forcetoggle": lambda door, _: door.force_toggle(),
    "door.actuate.open": lambda door, _: door.hold(),
    "door.alarm.forced.clear": lambda door, _: door.clear_forced(),
    "door.try.dwellopen": _dwell_open,
    "door.try.open": lambda door, _: door.open_for(),
}

_ON_PANELS: dict[str, Callable[[Panel, Json], None]] = {
    "endpoint.discover": _discover,
    "endpoint.querysignal": _query_signal,
}
