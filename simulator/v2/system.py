"""A system of PDK 2.0: its cloud nodes, devices, tokens and received commands."""

# ruff: noqa: TID252 - a part of the simulator, beside what both generations share

from collections.abc import Callable
from dataclasses import dataclass, field, fields
import time
from typing import Any, Self
from uuid import uuid4

from ..clock import Clock
from ..door import Door
from ..scenario import Device, device
from ..tokens import Tokens

type Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Switches:
    """What nobody knows of a real system, and what can go wrong."""

    envelope: str = "A"
    """A: body.deviceId; B: deviceId beside the body; C: body.device.id."""
    event_ids: bool = True
    organizations: str = "array"
    connection: str = "object"
    paged: bool = True
    renewal: str = "none"
    """What an expired token does: event (invalidToken), cut, or none."""
    refuses_stream: bool = False
    permission: bool = True
    token_lifetime: float = 300.0
    status: int = 200
    """The HTTP status of a command."""
    answers: bool = True

    def update(self, values: Json) -> None:
        """Set some of the switches. Raises ValueError for an unknown one."""
        if unknown := values.keys() - {each.name for each in fields(self)}:
            raise ValueError(f"There is no switch {sorted(unknown)}.")
        for name, value in values.items():
            setattr(self, name, value)


@dataclass(slots=True, kw_only=True)
class CloudNode:
    """A site with its devices, by their ids."""

    id: str
    name: str
    serial: str
    connected: bool = True
    doors: dict[str, Door] = field(default_factory=dict)


class System:
    """A system; `emit` sends an event to all clients."""

    def __init__(
        self, system_id: str, clock: Clock, emit: Callable[[str, Any], None]
    ) -> None:
        """Initialize a system without cloud nodes."""
        self.id = system_id
        self.switches = Switches()
        self.tokens = Tokens()
        self.nodes: dict[str, CloudNode] = {}
        self.commands: list[Json] = []
        self.subscriptions: list[list[str]] = []
        self.renewed: list[str] = []
        self._clock = clock
        self._emit = emit

    @classmethod
    def from_json(
        cls,
        system_id: str,
        source: Json,
        clock: Clock,
        emit: Callable[[str, Any], None],
    ) -> Self:
        """Return a system with the cloud nodes of its description."""
        system = cls(system_id, clock, emit)
        system.switches.update(source.get("switches", {}))
        for node in source["cloud_nodes"]:
            system.add_node(node)
        return system

    def add_node(self, source: Json) -> None:
        """Add a cloud node with its devices."""
        node = CloudNode(id=source["id"], name=source["name"], serial=source["serial"])
        self.nodes[node.id] = node
        for each in source["devices"]:
            spec = device(each)

            def emit(topic: str, spec: Device = spec) -> None:
                self.emit_device_event(node, spec, topic.replace("door.", "device.", 1))

            node.doors[spec["id"]] = Door(spec, self._clock, emit)

    def emit_device_event(
        self, node: CloudNode, spec: Device, topic: str, body: Json | None = None
    ) -> None:
        """Send an event of a device, in one of the possible envelopes."""
        self._emit(topic, self.event(node, topic, spec, body))

    def event(
        self, node: CloudNode, topic: str, spec: Device | None, body: Json | None = None
    ) -> Json:
        """Return an event as the webhook has it, or as it might be."""
        content = dict(body or {})
        holder_name = content.pop("holderName", None)
        occurred = content.pop("occurred", int(time.time() * 1000))
        event: Json = {
            "topic": topic,
            "cloudNodeId": node.id,
            "cloudNodeSN": node.serial,
            "body": content,
            "metadata": {
                "occurred": occurred,
                "offset": -14400000,
                "systemId": self.id,
                "rules": [],
                "source": "board",
            },
        }
        if self.switches.event_ids:
            event["id"] = str(uuid4())
        if holder_name is not None:
            event["metadata"]["holderName"] = holder_name
        if spec is not None:
            event["metadata"]["deviceName"] = spec["name"]
            match self.switches.envelope:
                case "A":
                    content["deviceId"] = spec["id"]
                case "B":
                    event["deviceId"] = spec["id"]
                case _:
                    content["device"] = {"id": spec["id"], "name": spec["name"]}
        return event

    def devices(self, node: CloudNode) -> list[Json]:
        """Return the devices of a cloud node as its REST API shows them."""
        connection: Any = "767a1e35-bd34-4858-9130-a0a1900438ed"
        if self.switches.connection == "object":
            connection = {"id": connection, "name": "Connection", "type": "usb"}
        return [
            {**door.device, "connection": connection} for door in node.doors.values()
        ]

    def nodes_as_json(self) -> list[Json]:
        """Return the cloud nodes as the REST API shows them."""
        return [
            {
                "id": node.id,
                "name": node.name,
                "serialNumber": node.serial,
                "timezone": "US/Pacific",
                "connectionStatus": {"connected": node.connected, "details": {}},
            }
            for node in self.nodes.values()
        ]

    def execute(self, door: Door, action: str, body: Json) -> None:
        """Execute a command."""
        match action:
            case "try-open":
                door.open_for(body.get("dwell"))
            case "open":
                door.hold()
            case "close":
                door.lock()

    def stop(self) -> None:
        """Stop all doors."""
        for node in self.nodes.values():
            for door in node.doors.values():
                door.stop()
