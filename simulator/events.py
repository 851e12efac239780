"""Events in the shapes of the Streaming API page: same keys, same order."""

from datetime import UTC, datetime, timedelta
import time
from typing import Any
import uuid

from .devices import Device, on_the_stream
from .scenario import Endpoint, Person

type Json = dict[str, Any]

_ORDER = ("id", "name", "connection", "port", "partitions", "metadata")
_ORDER_IN_REQUESTS = ("id", "name", "port", "metadata", "connection", "partitions")

# The panel stands in Utah and its strings name no zone: a trap for clients.
_PANEL_ZONE = timedelta(hours=-7)

_CREDENTIALS = {
    "PIN_ONLY": "PIN",
    "CARD_ONLY": "card",
    "CARD_AND_PIN": "card and PIN",
}


def now_ms(clock_offset: float) -> int:
    """Return the panel's idea of the present, in epoch milliseconds."""
    return int((time.time() + clock_offset) * 1000)


def local(ms: int) -> str:
    """Return a moment as the panel's local time."""
    there = datetime.fromtimestamp(ms / 1000, UTC) + _PANEL_ZONE
    return there.strftime("%Y-%m-%d %H:%M:%S")


def command_result(command_id: str, ms: int) -> Json:
    """Build command.result.succeed."""
    return {
        "id": str(uuid.uuid4()),
        "topic": "command.result.succeed",
        "body": {"commandId": command_id},
        "occurred": local(ms),
        "metadata": {"occurred": ms},
    }


def door_event(topic: str, device: Device, ms: int) -> Json:
    """Build an event of relay, inputs, alarms or force close."""
    return {
        "topic": topic,
        "body": {"doorId": device["id"], "door": on_the_stream(device, _ORDER)},
        "occurred": local(ms),
    }


def request_allowed(device: Device, person: Person, factor: str, ms: int) -> Json:
    """Build door.request.allowed."""
    return _request("door.request.allowed", device, person, factor, ms)


def request_denied(
    device: Device, person: Person, factor: str, explicit: bool, ms: int
) -> Json:
    """Build door.request.denied."""
    topic = "door.request.denied"
    return _request(topic, device, person, factor, ms, explicit=explicit)


def request_unknown(device: Device, pin: str, ms: int) -> Json:
    """Build door.request.unknown, in which the page has `occurred` last."""
    return {
        "id": str(uuid.uuid4()),
        "topic": "door.request.unknown",
        "body": {
            "doorId": device["id"],
            "pin": pin,
            "door": on_the_stream(device, _ORDER_IN_REQUESTS),
        },
        "metadata": {"occurred": ms, "doorName": device["name"]},
        "occurred": local(ms),
    }


def live_request(
    topic: str, device: Device, person: Person, factor: str, ms: int
) -> Json:
    """Build the live event of an allowed or denied request."""
    answer = topic.rpartition(".")[2]
    info = (
        'Person "%s" has requested access to the device "%s". '
        f"Access {answer}. Person used {_CREDENTIALS.get(factor, factor)} "
        "for requesting access."
    )
    whom = {"text": person.name, "id": person.id, "type": "person"}
    return _live(info, topic, [whom, _place(device)], ms)


def live_unknown(device: Device, pin: str, ms: int) -> Json:
    """Build the live event of an unknown credential; not on the page, so a guess."""
    info = 'Unknown credential "%s" has requested access to the device "%s".'
    credential = {"text": pin, "id": None, "type": "credential"}
    return _live(info, "door.request.unknown", [credential, _place(device)], ms)


def endpoint_discovered(endpoint: Endpoint, doors: list[Device]) -> Json:
    """Build endpoint.discovered, which has no `occurred`."""
    return {
        "topic": "endpoint.discovered",
        "body": {
            "ioLinkId": endpoint.io_link_id,
            "address": endpoint.address,
            "ioLinkType": endpoint.io_link_type,
            "ioLinkName": endpoint.io_link_name,
            "doors": [
                {"id": each["id"], "port": each["port"], "name": each["name"]}
                for each in doors
            ],
        },
    }


def endpoint_signal(endpoint: Endpoint, ms: int) -> Json:
    """Build endpoint.signal."""
    return {
        "topic": "endpoint.signal",
        "body": {
            "ioLinkId": endpoint.io_link_id,
            "address": endpoint.address,
            "dbGain": endpoint.db_gain,
        },
        "occurred": local(ms),
    }


def _request(
    topic: str, device: Device, person: Person, factor: str, ms: int, **extra: Any
) -> Json:
    return {
        "id": str(uuid.uuid4()),
        "topic": topic,
        "body": {
            "doorId": device["id"],
            "personId": person.id,
            "requestFactor": factor,
            **extra,
            "person": _person(person),
            "door": on_the_stream(device, _ORDER_IN_REQUESTS),
        },
        "occurred": local(ms),
        "metadata": {
            "occurred": ms,
            "doorName": device["name"],
            "personName": person.name,
        },
    }


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "enabled": True,
        "partition": 0,
        "activeDate": None,
        "expireDate": None,
        "metadata": {},
    }


def _place(device: Device) -> Json:
    return {"text": device["name"], "id": device["id"], "type": "door"}


def _live(info: str, topic: str, placeholders: list[Json], ms: int) -> Json:
    return {
        "info": info,
        "occurred": local(ms),
        "topic": topic,
        "placeholders": placeholders,
        "photo": None,
    }
