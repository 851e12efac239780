"""The parts of an event of PDK 2.0, whose envelope is not documented for the stream."""

from collections.abc import Mapping
from itertools import islice

from ..parser import Json

# The fields of an event that are known, by the object they are in.
_KNOWN_KEYS: Mapping[str, frozenset[str]] = {
    "": frozenset(
        ("topic", "id", "cloudNodeId", "cloudNodeSN", "deviceId", "body", "metadata")
    ),
    "body": frozenset(
        (
            "deviceId",
            "device",
            "holderId",
            "holder",
            "requestFactor",
            "facilityCode",
            "explicit",
            "pin",
            "controllerId",
        )
    ),
    "metadata": frozenset(
        (
            "occurred",
            "offset",
            "deviceName",
            "holderName",
            "systemId",
            "rules",
            "source",
        )
    ),
}

# So many fields of an object are looked at.
MAX_KEYS = 100


class Envelope:
    """The parts of an event, of any shape, read in one pass."""

    __slots__ = (
        "body",
        "device",
        "event",
        "metadata",
        "node_id",
        "serial",
        "unknown_keys",
    )

    def __init__(self, payload: object) -> None:
        """Find the parts, and the id and serial number of the cloud node."""
        event: Json = payload if isinstance(payload, dict) else {}
        body, metadata = event.get("body"), event.get("metadata")
        self.event = event
        self.body: Json = body if isinstance(body, dict) else {}
        self.metadata: Json = metadata if isinstance(metadata, dict) else {}
        device = self.body.get("device")
        self.device: Json = device if isinstance(device, dict) else {}
        self.node_id = self.serial = None
        for part in (event, self.body):
            node_id, serial = part.get("cloudNodeId"), part.get("cloudNodeSN")
            if self.node_id is None and isinstance(node_id, str):
                self.node_id = node_id or None
            if self.serial is None and isinstance(serial, str):
                self.serial = serial or None
        self.unknown_keys: frozenset[str] | set[str] = frozenset()
        """The names of fields that nobody reads yet, never values."""
        if not (
            _KNOWN_KEYS[""].issuperset(event)
            and _KNOWN_KEYS["body"].issuperset(self.body)
            and _KNOWN_KEYS["metadata"].issuperset(self.metadata)
        ):
            self.unknown_keys = self._find_unknown_keys()

    def _find_unknown_keys(self) -> set[str]:
        """Return the names of fields that nobody reads yet."""
        parts = {"": self.event, "body": self.body, "metadata": self.metadata}
        return {
            f"{name}.{key}" if name else key
            for name, part in parts.items()
            for key in islice(part, MAX_KEYS)
            if key not in _KNOWN_KEYS[name]
        }
