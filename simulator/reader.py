"""A credential at a reader: the access request and its events."""

from collections.abc import Mapping
from typing import Any

from . import events
from .door import Door, RejectedError
from .panel import Panel
from .scenario import Person


def present(
    panel: Panel, reader: Door, credential: Mapping[str, Any], *, duress: bool = False
) -> bool:
    """Present a credential: a person, a PIN or a card; return whether access is allowed.

    The PIN for duress opens the door as any other; only PDK 2.0 reports it.
    """
    if duress and panel.generation < 2:
        raise RejectedError("PDK 1.0 has no PIN for duress.")
    person, factor = _find_person(panel, credential)
    if person is None:
        _report_unknown(panel, reader, credential)
        return False
    factor = credential.get("factor", factor)
    door = panel.door_of(reader)
    ms, device = panel.now_ms(), reader.device
    today = events.local_time(ms)[:10]
    may_open = person.is_valid(today) and person.may_open(device["id"])
    allowed = may_open and not door.denies_access
    answer = "duress" if allowed and duress else "allowed" if allowed else "denied"
    topic = f"door.request.{answer}"
    extra = {} if allowed else {"explicit": door.denies_access}
    _remember(reader, topic, person.label)
    event = events.request(topic, device, person, factor, ms, **extra)
    panel.publish(topic, event)
    live = events.live_request(topic, device, person, factor, ms)
    panel.publish("liveEvent", live)
    if allowed:
        door.open_for()
    return allowed


def _find_person(
    panel: Panel, credential: Mapping[str, Any]
) -> tuple[Person | None, str]:
    if "pin" in credential:
        pin = str(credential["pin"])
        holders = (each for each in panel.people.values() if each.pin == pin)
        return next(holders, None), "PIN_ONLY"
    return panel.people.get(credential.get("person", 0)), "CARD_ONLY"


def _report_unknown(panel: Panel, reader: Door, credential: Mapping[str, Any]) -> None:
    ms, device = panel.now_ms(), reader.device
    presented = (credential.get(key) for key in ("pin", "card", "person"))
    pin = str(next((each for each in presented if each is not None), ""))
    _remember(reader, "door.request.unknown", None)
    event = events.request_unknown(device, pin, ms)
    panel.publish(event["topic"], event)
    panel.publish("liveEvent", events.live_unknown(device, pin, ms))


def _remember(reader: Door, topic: str, person: str | None) -> None:
    count = 1 + (reader.last_request["count"] if reader.last_request else 0)
    result = topic.rpartition(".")[2]
    reader.last_request = {"result": result, "person": person, "count": count}
