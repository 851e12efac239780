"""A system of PDK 2.0: the panels that are its cloud nodes, its tokens and clients."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, dataclass, field, fields
from functools import partial
import logging
from typing import Any
from uuid import uuid4

from simulator.engine import How
from simulator.observers import Observers
from simulator.panel import Panel
from simulator.scenario import Application, Device, device_id, stable_id
from simulator.tokens import Tokens

_LOGGER = logging.getLogger(__name__)

# Those of a person, before which `device.request.found` is sent.
_RECOGNIZED = ("allowed", "denied", "duress")

type Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Switches:
    """What nobody knows of a real system, and what can go wrong."""

    envelope: str = "A"
    """A: body.deviceId; B: deviceId beside the body; C: body.device.id."""
    event_ids: bool = True
    organizations: str = "array"
    """array, or object; that of the first system counts for the account."""
    connection: str = "object"
    """object, or id."""
    paged: bool = True
    """Whether lists come in pages."""
    ack: bool = True
    """Whether `subscribeIsolated` is acknowledged to a client that asks for it."""
    subscription_delay: float = 0.0
    """Seconds until a subscription takes effect."""
    renewal: str = "none"
    """What an expired token does: event (invalidToken), cut (of connections opened from
    now on), or none, which only ends the events."""
    refuses_stream: bool = False
    permission: bool = True
    token_lifetime: float = 300.0
    status: int = 200
    """The HTTP status of a command; an error executes nothing."""
    answers: bool = True
    """Whether a command is answered; it is executed all the same."""

    def update(self, values: Json) -> None:
        """Set some of the switches. Raises ValueError for an unknown one."""
        if unknown := values.keys() - {each.name for each in fields(self)}:
            raise ValueError(f"There is no switch {sorted(unknown)}.")
        for name, value in values.items():
            setattr(self, name, value)


@dataclass(slots=True, kw_only=True)
class SystemClient:
    """A client of the stream, with the topics that it has subscribed."""

    token: str
    emit: Callable[..., None]
    close: Callable[[], Awaitable[None]]
    abort: Callable[[], None]
    topics: set[str] = field(default_factory=set)


class System:
    """A system; its cloud nodes are panels, by the ids that they have here."""

    def __init__(self, system_id: str, observers: Observers) -> None:
        """Initialize a system without cloud nodes."""
        self.id = system_id
        self.switches = Switches()
        self.tokens = Tokens()
        self.panels: dict[str, Panel] = {}
        self.clients: dict[str, SystemClient] = {}
        self.subscriptions: list[list[str]] = []
        self.most_clients = 0
        self.renewed = 0
        self._observers = observers

    def add(self, panel: Panel) -> None:
        """Serve a panel."""
        self.panels[panel.cloud_node] = panel
        panel.publish_on_system = partial(self.publish, panel)

    def add_client(self, sid: str, client: SystemClient) -> None:
        """Serve a client. PDK allows one connection a system, so they are counted."""
        self.clients[sid] = client
        self.most_clients = max(self.most_clients, len(self.clients))

    async def remove(self, panel: Panel) -> None:
        """Do not serve a panel any more; without one there is no system."""
        del self.panels[panel.cloud_node]
        panel.publish_on_system = None
        if not self.panels:
            self.tokens.revoke()
            await self.kick("close")

    async def kick(self, how: How) -> None:
        """Close the connections of all clients: close or abort."""
        for client in tuple(self.clients.values()):
            if how == "abort":
                client.abort()
            else:
                await client.close()

    def may_be_used_by(self, application: Application) -> bool:
        """Return whether an application has permission for one of the sites."""
        sites = self.panels.values()
        return self.switches.permission and any(
            application.may_use(panel.id) for panel in sites
        )

    def as_json(self) -> Json:
        """Return the switches, and what clients did."""
        return {
            "id": self.id,
            "switches": asdict(self.switches),
            "subscriptions": self.subscriptions,
            "most_clients": self.most_clients,
            "renewed": self.renewed,
            "tokens": self.tokens.issued,
        }

    # Events

    def publish(self, panel: Panel, topic: str, *args: Any) -> None:
        """Send an event of a site that is online; translate one of PDK 1.0."""
        if topic == "liveEvent" or not panel.online:
            return
        if topic.startswith("door."):
            topic = f"device.{topic.removeprefix('door.')}"
            content = _translate(panel.id, args[0] if args else {})
            if topic.removeprefix("device.request.") in _RECOGNIZED:
                found = "device.request.found"
                self.send(panel, found, self.event(panel, found, content))
            args = (self.event(panel, topic, content),)
        self.send(panel, topic, *args)

    def report_connection(self, panel: Panel) -> None:
        """Send that a site has gone offline or come online."""
        topic = f"cloudnode.{'connected' if panel.online else 'disconnected'}"
        self.send(panel, topic, self.event(panel, topic, {}))

    def send(self, panel: Panel, topic: str, *args: Any) -> None:
        """Send an event to each client that subscribed it; not with an expired token."""
        _LOGGER.info("%s: %s", panel.id, topic)
        self._observers.record(panel.id, "event", topic, args[0] if args else None)
        for client in tuple(self.clients.values()):
            if topic not in client.topics:
                continue
            if self.tokens.subject(client.token) == self.id:
                client.emit(topic, *args)
            elif self.switches.renewal == "event":
                client.emit("invalidToken")

    def event(self, panel: Panel, topic: str, content: Json) -> Json:
        """Return an event as the webhook has it, or as it might be.

        `doorId`, `holderName` and `occurred` of the content go where they belong.
        """
        body = dict(content)
        metadata: Json = {
            "occurred": body.pop("occurred", panel.now_ms()),
            "offset": -25200000,
            "systemId": self.id,
            "rules": [],
            "source": "board",
        }
        event: Json = {
            "topic": topic,
            "cloudNodeId": panel.cloud_node,
            "cloudNodeSN": panel.id,
            "body": body,
            "metadata": metadata,
        }
        if self.switches.event_ids:
            event["id"] = str(uuid4())
        if "holderName" in body:
            metadata["holderName"] = body.pop("holderName")
        if "doorId" in body:
            self._name_device(panel, event, body.pop("doorId"))
        return event

    def _name_device(self, panel: Panel, event: Json, door_id: Any) -> None:
        door = panel.find_door(door_id)
        device = door.device if door else {"id": door_id, "name": f"Door {door_id}"}
        device_uuid = device_id(panel.id, device["id"])
        event["metadata"]["deviceName"] = device["name"]
        match self.switches.envelope:
            case "A":
                event["body"]["deviceId"] = device_uuid
            case "B":
                event["deviceId"] = device_uuid
            case _:
                event["body"]["device"] = {"id": device_uuid, "name": device["name"]}

    # REST

    def devices(self, panel: Panel) -> list[Json]:
        """Return the devices of a site as its REST API shows them."""
        return [self._device(panel, door.device) for door in panel.doors.values()]

    def cloud_nodes(self) -> list[Json]:
        """Return the sites as the REST API shows them."""
        return [
            {
                "id": panel.cloud_node,
                "name": panel.name,
                "serialNumber": panel.id,
                "timezone": "US/Mountain",
                "connectionStatus": {"connected": panel.online, "details": {}},
            }
            for panel in self.panels.values()
        ]

    def _device(self, panel: Panel, device: Device) -> Json:
        connection: Any = stable_id(panel.id, "connection", device["connection"])
        if self.switches.connection == "object":
            connection = {"id": connection, "name": "Connection", "type": "usb"}
        partitions = [
            {"id": stable_id(panel.id, "partition", each["id"]), "name": each["name"]}
            for each in device["partition"]
        ]
        changed = {
            "id": device_id(panel.id, device["id"]),
            "connection": connection,
            "partition": partitions,
        }
        if "primaryReader" in device:
            changed["primaryReader"] = device_id(panel.id, device["primaryReader"])
        return {k: v for k, v in device.items() if k != "metadata"} | changed


def _translate(panel_id: str, event: Json) -> Json:
    """Return the content of an event of PDK 1.0; a presented PIN stays, as a trap."""
    body, metadata = event.get("body", {}), event.get("metadata", {})
    sources: Collection[tuple[Json, str, str]] = (
        (body, "doorId", "doorId"),
        (body, "requestFactor", "requestFactor"),
        (body, "pin", "pin"),
        (metadata, "personName", "holderName"),
        (metadata, "occurred", "occurred"),
    )
    content = {new: source[old] for source, old, new in sources if old in source}
    if "personId" in body:
        content["holderId"] = stable_id(panel_id, "holder", body["personId"])
    return content
