"""Events with the keys of the Streaming API page, in its order."""

from datetime import UTC, datetime, timedelta
from typing import Any
import uuid

from .scenario import Device, Endpoint, Person

type Json = dict[str, Any]

_ORDER = ("id", "name", "connection", "port", "partitions", "metadata")
_ORDER_IN_REQUESTS = ("id", "name", "port", "metadata", "connection", "partitions")

# The strings are local time of the panel, in Utah, without a time zone.
_PANEL_ZONE = timedelta(hours=-7)

_CREDENTIALS = {
    "PIN_ONLY": "PIN",
    "CARD_ONLY": "card",
    "CARD_AND_PIN": "card and PIN",
}


def command_result(command_id: str, ms: int) -> Json:
    """Return command.result.succeed."""
    return {
        "id": str(uuid.uuid4()),
        "topic": "command.result.succeed",
        "body": {"commandId": command_id},
        "occurred": local_time(ms),
        "metadata": {"occurred": ms},
    }


def door_event(topic: str, device: Device, ms: int) -> Json:
    """Return an event of relay, inputs, alarms, force close or the schedule."""
    return {
        "topic": topic,
        "body": {"doorId": device["id"], "door": _door(device, _ORDER)},
        "occurred": local_time(ms),
    }


def request(
    topic: str, device: Device, person: Person, factor: str, ms: int, **extra: Any
) -> Json:
    """Return door.request.allowed or .denied, the latter with `explicit`."""
    return {
        "id": str(uuid.uuid4()),
        "topic": topic,
        "body": {
            "doorId": device["id"],
            "personId": person.id,
            "requestFactor": factor,
            **extra,
            "person": _person(person),
            "door": _door(device, _ORDER_IN_REQUESTS),
        },
        "occurred": local_time(ms),
        "metadata": {
            "occurred": ms,
            "doorName": device["name"],
            "personName": person.name,
        },
    }


def request_unknown(device: Device, pin: str, ms: int) -> Json:
    """Return door.request.unknown; in the sample on the page `occurred` is last."""
    return {
        "id": str(uuid.uuid4()),
        "topic": "door.request.unknown",
        "body": {
            "doorId": device["id"],
            "pin": pin,
            "door": _door(device, _ORDER_IN_REQUESTS),
        },
        "metadata": {"occurred": ms, "doorName": device["name"]},
        "occurred": local_time(ms),
    }


def live_request(
    topic: str, device: Device, person: Person, factor: str, ms: int
) -> Json:
    """Return the live event of an allowed or denied request."""
    answer = topic.rpartition(".")[2]
    info = (
        'Person "%s" has requested access to the device "%s". '
        f"Access {answer}. Person used {_CREDENTIALS.get(factor, factor)} "
        "for requesting access."
    )
    person_placeholder = {"text": person.name, "id": person.id, "type": "person"}
    return _live(info, topic, [person_placeholder, _door_placeholder(device)], ms)


def live_unknown(device: Device, pin: str, ms: int) -> Json:
    """Return the live event of an unknown credential; a guess, as the page has no sample."""
    info = 'Unknown credential "%s" has requested access to the device "%s".'
    credential = {"text": pin, "id": None, "type": "credential"}
    return _live(
        info, "door.request.unknown", [credential, _door_placeholder(device)], ms
    )


def endpoint_discovered(endpoint: Endpoint, doors: list[Device]) -> Json:
    """Return endpoint.discovered, which has no `occurred`."""
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
    """Return endpoint.signal."""
    return {
        "topic": "endpoint.signal",
        "body": {
            "ioLinkId": endpoint.io_link_id,
            "address": endpoint.address,
            "dbGain": endpoint.db_gain,
        },
        "occurred": local_time(ms),
    }


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "enabled": person.enabled,
        "partition": 0,
        "activeDate": person.active_date,
        "expireDate": person.expire_date,
        "metadata": {},
    }


def _door(device: Device, order: tuple[str, ...]) -> Json:
    # REST has `partition`, a list of objects; the stream has `partitions`, of ids.
    fields = device | {"partitions": [each["id"] for each in device["partition"]]}
    return {key: fields[key] for key in order}


def _door_placeholder(device: Device) -> Json:
    return {"text": device["name"], "id": device["id"], "type": "door"}


def _live(info: str, topic: str, placeholders: list[Json], ms: int) -> Json:
    return {
        "info": info,
        "occurred": local_time(ms),
        "topic": topic,
        "placeholders": placeholders,
        "photo": None,
    }


def local_time(ms: int) -> str:
    """Return a time as the panel shows it."""
    there = datetime.fromtimestamp(ms / 1000, UTC) + _PANEL_ZONE
    return there.strftime("%Y-%m-%d %H:%M:%S")
