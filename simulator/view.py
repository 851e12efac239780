"""What a watcher sees: the world and its happenings as JSON. Without any secret."""

from typing import Any

from .audience import Happening
from .devices import SECOND_READERS
from .door import Door
from .host import Host
from .panel import Panel
from .world import World

_READERS = ("primaryReader", "elevatorReader", *SECOND_READERS)
_DOOR_ICONS = ("swingingDoor", "swingingGate", "rollUpDoor")

type Json = dict[str, Any]


def world(seen: World) -> Json:
    """Return all that the page shows of a world."""
    return {
        "life": seen.life.as_json() if seen.life else None,
        "panels": {key: _panel(host) for key, host in seen.hosts.items()},
    }


def difference(before: Json, after: Json) -> Json:
    """Return `after` as a message, with those doors only that are new or differ."""
    panels, known = after["panels"], before.get("panels", {})
    if _layout(panels) != _layout(known):
        return after | {"whole": True}
    return after | {
        "panels": {
            key: panel | {"doors": _changed(known[key]["doors"], panel["doors"])}
            for key, panel in panels.items()
            if panel != known[key]
        }
    }


def happening(seen: World, one: Happening) -> Json:
    """Return a line of the log."""
    host = seen.hosts.get(one.panel)
    body = one.body if isinstance(one.body, dict) else {}
    return {
        "at": int(one.at * 1000),
        "panel": one.panel,
        "kind": one.kind,
        "topic": one.topic,
        "door": _door_name(host.panel, body) if host else None,
        "detail": _detail(body),
    }


def _panel(host: Host) -> Json:
    panel = host.panel
    return {
        "name": panel.name,
        "online": panel.online,
        "clients": len(panel.listeners),
        "people": [
            {"id": each.id, "name": each.name} for each in panel.people.values()
        ],
        "doors": {key: _door(panel, door) for key, door in panel.doors.items()},
    }


def _door(panel: Panel, reader: Door) -> Json:
    device = reader.device
    strike = _strike(panel, reader)
    return {
        "name": device["name"],
        "kind": _kind(device),
        "icon": device["publicIcon"],
        "reader": device["type"] in _READERS,
        "dps": bool(device["dps"]),
        "rex": bool(device["rex"]),
        "of": None if strike is reader else strike.device["name"],
        "live": strike.state(),
    }


def _strike(panel: Panel, reader: Door) -> Door:
    """Return the door of a reader, or the reader if its door was taken away."""
    if reader.device["type"] not in SECOND_READERS:
        return reader
    return panel.doors.get(str(reader.device.get("primaryReader")), reader)


def _kind(device: Json) -> str:
    if device["type"] in SECOND_READERS:
        return "reader"
    if device["type"] in _READERS or device["publicIcon"] in _DOOR_ICONS:
        return "door"
    return "output"


def _layout(panels: Json) -> list[Any]:
    """Return what the page is built of, rather than shows."""
    return [
        (key, panel["people"], [_but_live(*each) for each in panel["doors"].items()])
        for key, panel in panels.items()
    ]


def _but_live(key: str, door: Json) -> Json:
    return door | {"live": key}


def _changed(before: Json, after: Json) -> Json:
    return {key: door for key, door in after.items() if door != before[key]}


def _door_name(panel: Panel, body: Json) -> str | None:
    if "placeholders" in body:
        return _placeholder(body, "door")
    inner = body.get("body")
    door_id = (inner if isinstance(inner, dict) else body).get("doorId")
    door = panel.doors.get(str(door_id))
    return door.device["name"] if door else None


def _detail(body: Json) -> str | None:
    """Return who it was or what was said; never a credential."""
    if "message" in body:
        return str(body["message"])
    if "placeholders" in body:
        return _placeholder(body, "person")
    metadata = body.get("metadata")
    person = metadata.get("personName") if isinstance(metadata, dict) else None
    return str(person) if person else None


def _placeholder(body: Json, kind: str) -> str | None:
    # Tests emit whatever they like, so nothing is taken for granted.
    given = body["placeholders"]
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and each.get("type") == kind:
            return str(each.get("text"))
    return None
