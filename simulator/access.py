"""People in front of readers."""

from collections.abc import Mapping
from typing import Any

from . import events
from .door import Door, RefusedError
from .panel import Panel
from .scenario import Person

# Simulated seconds from the reader's green light to the hand on the door, and to
# the door falling shut behind the person.
_OPENS_AFTER = 1.0
_CLOSES_AFTER = 3.0


def badge(panel: Panel, reader: Door, credential: Mapping[str, Any]) -> None:
    """Present a credential at a reader."""
    person, default_factor = _holder(panel, credential)
    if person is None:
        _unknown(panel, reader, credential)
        return
    factor = credential.get("factor", default_factor)
    door = panel.strike(reader)
    if door.refuses_access or not person.may_open(reader.device["id"]):
        _denied(panel, reader, person, factor, door.refuses_access)
        return
    _allowed(panel, reader, person, factor)
    door.open_for()
    if credential.get("walk"):
        walk_through(panel, door)


def leave(panel: Panel, door: Door, press: Mapping[str, Any]) -> None:
    """Press the exit button."""
    door.request_exit(press.get("seconds"))
    if press.get("walk"):
        walk_through(panel, door)


def walk(panel: Panel, door: Door, _body: Mapping[str, Any]) -> None:
    """Walk through, unless the door is locked and shut."""
    if not (door.live.relay or door.live.dps):
        raise RefusedError(f"{door.device['name']} is locked.")
    walk_through(panel, door)


def walk_through(panel: Panel, door: Door) -> None:
    """Open the door, go through, and let it fall shut."""
    if door.device["dps"]:
        panel.clock.after(_OPENS_AFTER, door.open_dps)
        panel.clock.after(_CLOSES_AFTER, door.close_dps)


def _holder(panel: Panel, credential: Mapping[str, Any]) -> tuple[Person | None, str]:
    if "pin" in credential:
        pin = str(credential["pin"])
        holders = (each for each in panel.people.values() if each.pin == pin)
        return next(holders, None), "PIN_ONLY"
    return panel.people.get(credential.get("person", 0)), "CARD_ONLY"


def _allowed(panel: Panel, reader: Door, person: Person, factor: str) -> None:
    ms, device = panel.now_ms(), reader.device
    event = events.request_allowed(device, person, factor, ms)
    panel.publish(event["topic"], event)
    live = events.live_request(event["topic"], device, person, factor, ms)
    panel.publish("liveEvent", live)


def _denied(
    panel: Panel, reader: Door, person: Person, factor: str, explicit: bool
) -> None:
    ms, device = panel.now_ms(), reader.device
    event = events.request_denied(device, person, factor, explicit, ms)
    panel.publish(event["topic"], event)
    live = events.live_request(event["topic"], device, person, factor, ms)
    panel.publish("liveEvent", live)


def _unknown(panel: Panel, reader: Door, credential: Mapping[str, Any]) -> None:
    ms, device = panel.now_ms(), reader.device
    presented = (credential.get(key) for key in ("pin", "card", "person"))
    pin = str(next((each for each in presented if each is not None), ""))
    event = events.request_unknown(device, pin, ms)
    panel.publish(event["topic"], event)
    panel.publish("liveEvent", events.live_unknown(device, pin, ms))
