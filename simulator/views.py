"""The simulation as JSON: for the control API, and for the web page without secrets."""

from collections import Counter
from typing import Any

from .door import Door
from .host import PanelHost
from .observers import Record
from .panel import Panel
from .scenario import ADDITIONAL_READERS, DOOR_ICONS, READERS, device_id
from .world import World

type Json = dict[str, Any]

PANEL_REQUESTS = ("devices", "handshake", "connect", "renewed", "limited")
_SYSTEM_REQUESTS = (
    "organizations",
    "system_token",
    "cloud_nodes",
    "system_devices",
    "system_command",
    "system_stream",
)
_REQUESTS = (
    "token",
    "ous",
    "panel",
    "panel_token",
    *PANEL_REQUESTS,
    *_SYSTEM_REQUESTS,
)


def request_counts(counts: Counter[str]) -> Json:
    """Return the number of requests of each kind."""
    return {kind: counts[kind] for kind in _REQUESTS}


def control_state(world: World) -> Json:
    """Return everything, for the control API."""
    return {
        "panels": {key: control_panel(host) for key, host in world.hosts.items()},
        "tokens": {"id": world.id_tokens.issued},
        "faults": world.faults.as_json(),
    }


def control_panel(host: PanelHost) -> Json:
    """Return a panel, for the control API."""
    panel = host.panel
    return {
        "id": panel.id,
        "name": panel.name,
        "uri": host.uri,
        "online": panel.online,
        "generation": panel.generation,
        "cloud_node": panel.cloud_node,
        "system": host.system.as_json() if host.system else None,
        "sockets": _client_count(host),
        "tokens": panel.tokens.issued,
        "doors": {
            key: {
                "id": door.device["id"],
                "device_id": device_id(panel.id, door.device["id"]),
                "name": door.device["name"],
            }
            | door.as_json()
            | {"device": door.device}
            for key, door in panel.doors.items()
        },
        "people": [
            {
                "id": each.id,
                "firstName": each.first_name,
                "lastName": each.last_name,
                "pin": each.pin,
                "enabled": each.enabled,
                "activeDate": each.active_date,
                "expireDate": each.expire_date,
                "doors": None if each.doors is None else sorted(each.doors, key=str),
            }
            for each in panel.people.values()
        ],
        "faults": panel.faults.as_json(),
    }


def page_state(world: World) -> Json:
    """Return everything that the web page shows."""
    return {
        "time": world.people.as_json() if world.people else None,
        "panels": {key: _page_panel(host) for key, host in world.hosts.items()},
    }


def page_log_entry(world: World, record: Record) -> Json:
    """Return a line of the page's log."""
    host = world.hosts.get(record.panel)
    body = record.body if isinstance(record.body, dict) else {}
    return {
        "at": int(record.at * 1000),
        "panel": record.panel,
        "kind": record.kind,
        "topic": record.topic,
        "door": _door_name(host.panel, body) if host else None,
        "detail": _detail(body),
    }


def _client_count(host: PanelHost) -> int:
    """Return the clients that receive events."""
    if host.system:
        return sum(bool(each.topics) for each in host.system.clients.values())
    return len(host.panel.clients)


def _page_panel(host: PanelHost) -> Json:
    panel = host.panel
    return {
        "name": panel.name,
        "generation": panel.generation,
        "online": panel.online,
        "clients": _client_count(host),
        "migration": panel.migration,
        "people": [
            {"id": each.id, "name": each.label} for each in panel.people.values()
        ],
        "doors": {key: _page_door(panel, door) for key, door in panel.doors.items()},
    }


def _page_door(panel: Panel, reader: Door) -> Json:
    device = reader.device
    additional = device["type"] in ADDITIONAL_READERS
    # The door of a reader may have been removed.
    door = panel.doors.get(str(device.get("primaryReader"))) if additional else reader
    return {
        "name": device["name"],
        "kind": _kind(device),
        "icon": device["publicIcon"],
        "reader": device["type"] in READERS or additional,
        "dps": bool(device["dps"]),
        "rex": bool(device["rex"]),
        "reader_of": door.device["name"] if additional and door else None,
        "state": (door or reader).as_json(),
        "request": reader.last_request,
    }


def _kind(device: Json) -> str:
    if device["type"] in ADDITIONAL_READERS:
        return "reader"
    if device["type"] in READERS or device["publicIcon"] in DOOR_ICONS:
        return "door"
    return "output"


def _door_name(panel: Panel, body: Json) -> str | None:
    if "placeholders" in body:
        return _placeholder(body, "door")
    metadata = body.get("metadata")
    if isinstance(metadata, dict) and "deviceName" in metadata:
        return str(metadata["deviceName"])
    inner = body.get("body")
    fields = inner if isinstance(inner, dict) else body
    door = panel.find_door(fields.get("doorId", fields.get("deviceId")))
    return door.device["name"] if door else None


def _detail(body: Json) -> str | None:
    """Return the person or message of an event; never a credential."""
    if "message" in body:
        return str(body["message"])
    if "placeholders" in body:
        return _placeholder(body, "person")
    metadata = body.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    person = names.get("personName", names.get("holderName"))
    return str(person) if person else None


def _placeholder(body: Json, kind: str) -> str | None:
    # Tests emit events of any shape.
    placeholders = body["placeholders"]
    for each in placeholders if isinstance(placeholders, list) else ():
        if isinstance(each, dict) and each.get("type") == kind:
            return str(each.get("text"))
    return None
