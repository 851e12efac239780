"""The nine commands of the Streaming API page and their answers."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging
from typing import Any

from . import events
from .door import Door, RejectedError
from .faults import with_token
from .panel import Command, NotFoundError, Panel, StreamClient
from .scenario import Endpoint

_LOGGER = logging.getLogger(__name__)

# The only text on the page.
_NOT_SUPPORTED = "Command is not supported."
_READ_ONLY = "The panel is being migrated to PDK 2.0."

_MAX_DWELL = 5400

type Json = dict[str, Any]


def receive(panel: Panel, client: StreamClient, command: Command) -> None:
    """Execute and answer a command, as the faults allow."""
    _LOGGER.info("%s: command %s %s", panel.id, command.topic, command.body)
    fault = panel.faults.get("commands")
    is_meant = isinstance(fault, dict) and _is_meant(fault, command)
    if fault == "ignored" or (is_meant and fault["refuse"] is None):
        return
    rejection = _rejection(panel, fault) if is_meant else None
    answer = partial(_answer, panel, client, command, rejection, fault == "silent")
    delay = panel.faults.get("command_delay")
    if isinstance(delay, dict):
        delay = delay.get(command.topic, 0)
    if delay:
        asyncio.get_running_loop().call_later(delay, answer)
    else:
        answer()


def _is_meant(fault: Json, command: Command) -> bool:
    """Return whether a fault is about a command."""
    doors = [str(each) for each in fault.get("doors", ())]
    is_topic = command.topic in fault.get("topics", [command.topic])
    return is_topic and (not doors or str(command.body.get("doorId")) in doors)


def _rejection(panel: Panel, fault: Json) -> str:
    """Return the message of the fault, which applies once less then."""
    return str((panel.faults.take("commands") or fault)["refuse"])


def _answer(
    panel: Panel,
    client: StreamClient,
    command: Command,
    rejection: str | None,
    silent: bool,
) -> None:
    with panel.collect_events() as caused:
        rejection = rejection or execute(panel, command.topic or "", command.body)
    if rejection:
        body = {"message": with_token(rejection, client.token)}
        client.send("serverError", body)
        panel.observers.record(
            panel.id, "answer", "serverError", command.body | {"message": rejection}
        )
        return
    result_first = panel.faults.get("result_first")
    if result_first and not silent:
        _send_result(panel, client, command)
    for topic, args in caused:
        panel.publish(topic, *args)
    if not result_first and not silent:
        _send_result(panel, client, command)


def execute(panel: Panel, topic: str, body: Json) -> str | None:
    """Execute a command; return why it is rejected, if it is."""
    if panel.is_read_only:
        return _READ_ONLY
    try:
        if topic in _DOOR_COMMANDS:
            door = panel.door_of(panel.door(body.get("doorId")))
            _DOOR_COMMANDS[topic](door, body)
        elif topic in _PANEL_COMMANDS:
            _PANEL_COMMANDS[topic](panel, body)
        else:
            return _NOT_SUPPORTED
    except (NotFoundError, RejectedError) as err:
        return str(err)
    return None


def _send_result(panel: Panel, client: StreamClient, command: Command) -> None:
    topic = "command.result.succeed"
    client.send(topic, events.command_result(command.id or "", panel.now_ms()))
    panel.observers.record(panel.id, "answer", topic, command.body)


def _open_for_dwell(door: Door, body: Json) -> None:
    dwell = body.get("dwell")
    if not isinstance(dwell, int) or not 1 <= dwell <= _MAX_DWELL:
        raise RejectedError("The dwell is not valid.")
    door.open_for(dwell)


def _discover(panel: Panel, _body: Json) -> None:
    for endpoint in panel.endpoints:
        devices = [each.device for each in _doors_of(panel, endpoint)]
        event = events.endpoint_discovered(endpoint, devices)
        panel.publish(event["topic"], event)


def _query_signal(panel: Panel, body: Json) -> None:
    queried = (body.get("ioLinkId"), body.get("address"))
    for endpoint in panel.endpoints:
        if (endpoint.io_link_id, endpoint.address) != queried:
            continue
        if body.get("actuateRelay"):
            for door in _doors_of(panel, endpoint):
                _pulse(panel, door, body.get("relayDwell", 5))
        # An endpoint that is out of reach does not answer.
        if endpoint.db_gain is not None:
            event = events.endpoint_signal(endpoint, panel.now_ms())
            panel.publish(event["topic"], event)


def _doors_of(panel: Panel, endpoint: Endpoint) -> list[Door]:
    return [panel.doors[str(i)] for i in endpoint.doors if str(i) in panel.doors]


def _pulse(panel: Panel, door: Door, seconds: float) -> None:
    before = door.state.relay
    door.set_relay(not before)
    panel.clock.call_later(seconds, lambda: door.set_relay(before))


_DOOR_COMMANDS: dict[str, Callable[[Door, Json], None]] = {
    "door.actuate.close": lambda door, _: door.lock(),
    "door.actuate.dnd": lambda door, _: door.toggle_dnd(),
    "door.actuate.forcetoggle": lambda door, _: door.force_toggle(),
    "door.actuate.open": lambda door, _: door.hold(),
    "door.alarm.forced.clear": lambda door, _: door.clear_forced(),
    "door.try.dwellopen": _open_for_dwell,
    "door.try.open": lambda door, _: door.open_for(),
}

_PANEL_COMMANDS: dict[str, Callable[[Panel, Json], None]] = {
    "endpoint.discover": _discover,
    "endpoint.querysignal": _query_signal,
}
