"""Events as the panel's Streaming API page shows them, ready to be sent."""

from collections.abc import Iterable, Iterator
import json
import struct

TEXT_FRAME = 0x81
SHORTEST_EXTENDED = 126

# One aspect whose event changes one entity, and the pair of its topics.
DPS = ("door.input.dps.opened", "door.input.dps.closed")
TOPICS = (
    *DPS,
    "door.input.relay.on",
    "door.input.relay.off",
    "door.input.rex.on",
    "door.input.rex.off",
    "door.alarm.propped.on",
    "door.request.allowed",
)


def door_event(topic: str, door: int) -> str:
    """Return the Engine.IO packet of a door's event, some 270 bytes."""
    body: dict[str, object] = {"doorId": door, "door": _door(door)}
    event: dict[str, object] = {"topic": topic, "body": body}
    if topic == "door.request.allowed":
        event["id"] = f"0153463f-d9ba-435f-b099-{door:012x}"
        body |= {"personId": 1, "requestFactor": "PIN_ONLY", "person": _PERSON}
        event["metadata"] = {"occurred": 1683165895729, "doorName": f"Door {door}"}
    event["occurred"] = "2023-05-04 17:59:16"
    return f"42{json.dumps([topic, event], separators=(',', ':'))}"


def _door(door: int) -> dict[str, object]:
    """Return the door as events embed it."""
    return {
        "id": door,
        "name": f"Door {door}",
        "connection": 1,
        "port": door,
        "partitions": [0],
        "metadata": {},
    }


_PERSON = {
    "id": 1,
    "firstName": "Postman",
    "lastName": "Test",
    "enabled": True,
    "partition": 0,
    "activeDate": None,
    "expireDate": None,
    "metadata": {},
}


def mixed_events(count: int) -> Iterator[str]:
    """Yield events of all kinds, of many doors."""
    cycle = [door_event(topic, door) for door in range(1, 101) for topic in TOPICS]
    for number in range(count):
        yield cycle[number % len(cycle)]


def dps_event(number: int, doors: int) -> str:
    """Return one of a row of events, each of which changes a state."""
    return door_event(DPS[number // doors % 2], number % doors + 1)


def websocket_frames(packets: Iterable[str]) -> bytes:
    """Return what a server puts on the wire for these packets."""
    return b"".join(map(websocket_frame, packets))


def websocket_frame(packet: str) -> bytes:
    """Return one packet as a server's unmasked text frame."""
    payload = packet.encode()
    if len(payload) < SHORTEST_EXTENDED:
        return struct.pack("!BB", TEXT_FRAME, len(payload)) + payload
    return struct.pack("!BBH", TEXT_FRAME, SHORTEST_EXTENDED, len(payload)) + payload
