"""Sites of PDK 2.0: REST, stream, and the migration from PDK 1.0 and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio
from socketio.exceptions import ConnectionError as StreamError, TimeoutError as NoAnswer

from simulator.scenario import device_id

from .wire import PANEL, Json, Wire

SYSTEM = "b7e83c7d-2ff0-4b94-9275-08b31ee04fc0"
SITE, OTHER_SITE = "2070XYZ", "2070ZZZ"
NODE, OTHER_NODE = "7d829ff4-53e8-4d76-8762-1022ccdeae39", "91c2a7b7-28e9"
LOBBY, INSIDE = device_id(SITE, 1), device_id(SITE, 2)
ALLOWED = "device.request.allowed"
RELAY_ON = "device.input.relay.on"
TOPICS = (
    "device.request.found",
    ALLOWED,
    "device.request.denied",
    "device.request.unknown",
    "device.request.duress",
    RELAY_ON,
    "device.input.relay.off",
    "cloudnode.connected",
    "cloudnode.disconnected",
    # of PDK 1.0, so it never comes
    "liveEvent",
)


class SystemWire:
    """REST of a system, and python-socketio's client on its stream."""

    def __init__(self, wire: Wire, system: str) -> None:
        """Initialize without a token and a connection."""
        self._wire = wire
        self._id = system
        self.token = ""
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self._client = socketio.AsyncClient(reconnection=False)
        self._client.on("*", self._handle_event)
        self._client.on("disconnect", self._handle_disconnect)

    async def _handle_event(self, topic: str, *args: Any) -> None:
        self._events.put_nowait((topic, args[0] if args else None))

    async def _handle_disconnect(self, *_: Any) -> None:
        self._events.put_nowait(("disconnect", None))

    async def get_token(self) -> int:
        """Request a token; return the status."""
        path = f"systems/{self._id}/token"
        status, _, body = await self._wire.accounts("POST", path)
        self.token = body["token"] if status == 200 else ""
        return status

    async def request(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Send a request to the system."""
        status, _, body = await self._wire.request(
            method,
            f"{self._wire.pdk.accounts_url}/{self._id}/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            **more,
        )
        return status, body

    async def command(
        self, action: str, device: str = LOBBY, node: str = NODE, **body: Any
    ) -> int:
        """Send a command; return the status of its answer."""
        path = f"cloud-nodes/{node}/devices/{device}/{action}"
        return (await self.request("POST", path, **({"json": body} if body else {})))[0]

    async def connect(self, *topics: str) -> None:
        """Connect to the stream and subscribe topics."""
        query = f"systemId={self._id}&token={self.token}"
        await self._client.connect(f"{self._wire.pdk.accounts_url}?{query}")
        await self.subscribe(*topics or TOPICS)

    async def subscribe(self, *topics: str) -> Any:
        """Subscribe topics, and wait for the acknowledgement."""
        subscription = {"topics": list(topics)}
        return await self._client.call("subscribeIsolated", subscription, timeout=1)

    async def renew(self) -> None:
        """Send a new token on the same connection."""
        await self.get_token()
        await self._client.emit("renewedToken", {"token": self.token})

    async def event(self) -> tuple[str, Any]:
        """Return the next event, or that the connection has ended."""
        return await asyncio.wait_for(self._events.get(), 5)

    async def topics(self, count: int) -> list[str]:
        """Return the topics of the next events."""
        return [(await self.event())[0] for _ in range(count)]

    @property
    def pings(self) -> tuple[float, float]:
        """Return interval and timeout of the pings."""
        return self._client.eio.ping_interval, self._client.eio.ping_timeout

    async def close(self) -> None:
        """Disconnect."""
        await self._client.disconnect()


@asynccontextmanager
async def system_of(wire: Wire, system: str = SYSTEM) -> AsyncIterator[SystemWire]:
    """Return a client of a system that has a token, and close it at the end."""
    client = SystemWire(wire, system)
    await client.get_token()
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def system(wire: Wire) -> AsyncIterator[SystemWire]:
    """Return a client of a system with two sites."""
    people = [{"id": 1, "firstName": "Amelia", "pin": "2468", "doors": [1]}]
    doors = [
        {"id": 1, "name": "Lobby", "dps": True},
        {"id": 2, "type": "additionalReader", "primaryReader": 1},
        {"id": 3, "name": "Stock"},
    ]
    nodes = {SITE: NODE, OTHER_SITE: OTHER_NODE}
    panels = [
        {
            "id": serial,
            "generation": 2,
            "system": {"id": SYSTEM, "cloud_node": node},
            "doors": doors,
            "people": people,
        }
        for serial, node in nodes.items()
    ]
    await wire.pdk.reset({"panels": panels})
    async with system_of(wire) as client:
        yield client


async def organizations(wire: Wire) -> Any:
    """Return the account in PDK 2.0."""
    return (await wire.accounts("GET", "organizations/mine"))[2]


async def test_the_system_is_found(wire: Wire, system: SystemWire) -> None:
    """The account lists it once, as an array or one object; not without permission."""
    (account,) = await organizations(wire)
    assert [each["systemId"] for each in account["children"]] == [SYSTEM]
    await wire.pdk.switches(SITE, organizations="object")
    assert (await organizations(wire))["children"] == account["children"]
    await wire.pdk.switches(SITE, permission=False)
    assert (await organizations(wire))[0]["children"] == []
    assert await system.get_token() == 403
    assert (await system.request("GET", "cloud-nodes"))[0] == 401


async def test_permission_for_one_panel(wire: Wire) -> None:
    """An application that may use none of the sites does not see the system."""
    application = {"client_id": "demo", "client_secret": "demo-secret", "panels": ["A"]}
    panels = [{"id": "A"}, {"id": "B", "generation": 2, "system": {"id": SYSTEM}}]
    await wire.pdk.reset({"applications": [application], "panels": panels})
    assert (await organizations(wire))[0]["children"] == []
    async with system_of(wire) as system:
        assert await system.get_token() == 403


async def test_sites_and_devices(wire: Wire, system: SystemWire) -> None:
    """All sites of the system; ids are UUIDs; in pages or not."""
    _, nodes = await system.request("GET", "cloud-nodes")
    assert [each["serialNumber"] for each in nodes] == [SITE, OTHER_SITE]
    path = f"cloud-nodes/{NODE}/devices"
    _, devices = await system.request("GET", path)
    assert [each["id"] for each in devices][:2] == [LOBBY, INSIDE]
    assert devices[1]["primaryReader"] == LOBBY
    assert devices[0]["connection"]["type"] == "usb"
    await wire.pdk.switches(SITE, connection="id")
    _, page = await system.request("GET", f"{path}?page=1&per_page=2")
    assert [each["name"] for each in page] == ["Stock"]
    assert page[0]["connection"] == devices[2]["connection"]["id"]
    await wire.pdk.switches(SITE, paged=False)
    assert len((await system.request("GET", f"{path}?page=1&per_page=2"))[1]) == 3
    await wire.pdk.revoke(SITE)
    assert (await system.request("GET", path))[0] == 401
    assert (await system.request("GET", "cloud-nodes/none/devices"))[0] == 401
    await system.get_token()
    assert (await system.request("GET", "cloud-nodes/none/devices"))[0] == 404


async def test_commands(wire: Wire, system: SystemWire) -> None:
    """They move the door of the panel, and are listed with those of PDK 1.0."""
    await system.connect()
    assert await system.command("open", INSIDE) == 200
    assert (await wire.pdk.door(SITE, 1))["relay"] is True
    await wire.pdk.switches(SITE, status=204)
    assert await system.command("close") == 204
    assert await system.command("try-open", dwell=1) == 204
    assert await system.topics(4) == [RELAY_ON, "device.input.relay.off"] * 2
    received = await wire.pdk.commands(SITE)
    assert [each["topic"] for each in received] == ["open", "close", "try-open"]
    assert received[2]["body"] == {"deviceId": LOBBY, "dwell": 1}


async def test_commands_that_fail(wire: Wire, system: SystemWire) -> None:
    """Nothing is moved by them."""
    assert await system.command("toggle") == 404
    assert await system.command("open", "none") == 404
    assert await system.command("try-open", dwell=0) == 409
    await wire.pdk.switches(SITE, status=403)
    assert await system.command("open") == 403
    await wire.pdk.switches(SITE, status=200)
    await wire.pdk.set_online(SITE, online=False)
    assert await system.command("open") == 504
    assert (await wire.pdk.door(SITE, 1))["relay"] is False


async def test_a_command_without_an_answer(wire: Wire, system: SystemWire) -> None:
    """It is executed all the same."""
    await wire.pdk.switches(SITE, answers=False)
    await system.connect()
    command = asyncio.create_task(system.command("open"))
    assert await system.topics(1) == [RELAY_ON]
    assert not command.done()
    command.cancel()


@pytest.mark.parametrize("envelope", ["A", "B", "C"])
async def test_a_badge(wire: Wire, system: SystemWire, envelope: str) -> None:
    """Recognized, then allowed; the device is named as the switch says."""
    await wire.pdk.switches(SITE, envelope=envelope, event_ids=envelope != "B")
    await system.connect()
    await wire.pdk.act(SITE, 1, "badge", person=1)
    events = [await system.event() for _ in range(3)]
    assert [topic for topic, _ in events] == ["device.request.found", ALLOWED, RELAY_ON]
    allowed, relay = events[1][1], events[2][1]
    body = {"requestFactor": "CARD_ONLY", "holderId": allowed["body"]["holderId"]}
    device: Json = {"deviceId": LOBBY}
    if envelope == "C":
        device = {"device": {"id": LOBBY, "name": "Lobby"}}
    assert allowed["body"] == body | ({} if envelope == "B" else device)
    assert allowed.get("deviceId") == (LOBBY if envelope == "B" else None)
    assert allowed["topic"] == ALLOWED
    assert (allowed["cloudNodeId"], allowed["cloudNodeSN"]) == (NODE, SITE)
    assert ("id" in allowed) == (envelope != "B")
    metadata = allowed["metadata"]
    assert (metadata["holderName"], metadata["deviceName"]) == ("Amelia", "Lobby")
    assert metadata["systemId"] == SYSTEM
    assert isinstance(metadata["occurred"], int)
    assert relay["body"] == ({} if envelope == "B" else device)


async def test_other_requests(wire: Wire, system: SystemWire) -> None:
    """Denied, unknown with the PIN, and the PIN for duress, which opens."""
    await system.connect()
    await wire.pdk.act(SITE, 3, "badge", person=1)
    await wire.pdk.act(SITE, 1, "badge", pin="998877")
    await wire.pdk.act(SITE, 1, "duress", pin="2468")
    assert await system.topics(2) == ["device.request.found", "device.request.denied"]
    topic, event = await system.event()
    assert topic == "device.request.unknown"
    assert event["body"] == {"pin": "998877", "deviceId": LOBBY}
    assert (await system.topics(3))[1:] == ["device.request.duress", RELAY_ON]


async def test_only_what_is_subscribed(wire: Wire, system: SystemWire) -> None:
    """Of all sites of the system; events of any shape can be emitted."""
    await system.connect(ALLOWED)
    await wire.pdk.sockets(OTHER_SITE, 1)
    await wire.pdk.act(SITE, 1, "badge", person=1)
    await wire.pdk.act(OTHER_SITE, 1, "badge", person=1)
    await wire.pdk.emit(SITE, ALLOWED, ["any"])
    await wire.pdk.report(SITE, ALLOWED, 9, holderName="X", occurred=5, more=1)
    events = [await system.event() for _ in range(4)]
    assert {topic for topic, _ in events} == {ALLOWED}
    assert [event["cloudNodeSN"] for _, event in events[:2]] == [SITE, OTHER_SITE]
    assert events[2][1] == ["any"]
    reported = events[3][1]
    assert reported["body"] == {"more": 1, "deviceId": device_id(SITE, 9)}
    assert reported["metadata"]["holderName"] == "X"
    assert reported["metadata"]["occurred"] == 5
    assert (await wire.pdk.system(SITE))["subscriptions"] == [[ALLOWED]]


async def test_a_subscription_is_not_acknowledged(
    wire: Wire, system: SystemWire
) -> None:
    """It counts all the same."""
    await system.connect(RELAY_ON)
    assert await system.subscribe(RELAY_ON) is None
    await wire.pdk.switches(SITE, ack=False)
    with pytest.raises(NoAnswer):
        await system.subscribe(ALLOWED)
    await wire.pdk.report(SITE, ALLOWED, 1)
    assert await system.topics(1) == [ALLOWED]


async def test_a_stream_is_refused(wire: Wire, system: SystemWire) -> None:
    """Without a valid token, by the switch, and by a fault of the request."""
    for switches, token in (({}, "bad"), ({"refuses_stream": True}, system.token)):
        await wire.pdk.switches(SITE, **switches)
        system.token = token
        with pytest.raises(StreamError):
            await system.connect()
    await wire.pdk.switches(SITE, refuses_stream=False)
    await wire.pdk.faults(system_stream={"status": 503, "count": 1})
    await system.get_token()
    with pytest.raises(StreamError):
        await system.connect()
    await system.connect()
    assert (await wire.pdk.requests())["system_stream"] == 4


@pytest.mark.parametrize("renewal", ["none", "event", "cut"])
async def test_an_expired_token(wire: Wire, system: SystemWire, renewal: str) -> None:
    """Events are lost, with or without a word, or the connection is cut."""
    await wire.pdk.switches(SITE, renewal=renewal, token_lifetime=0.3)
    await system.get_token()
    await system.connect()
    if renewal == "cut":
        assert await system.topics(1) == ["disconnect"]
        return
    await wire.pdk.revoke(SITE)
    await wire.pdk.act(SITE, 1, "hold")
    if renewal == "event":
        assert await system.event() == ("invalidToken", None)
    await wire.pdk.switches(SITE, token_lifetime=300)
    await system.renew()
    async with asyncio.timeout(5):
        while (await wire.pdk.system(SITE))["renewed"] < 1:
            pass
    await wire.pdk.act(SITE, 1, "lock")
    assert await system.topics(1) == ["device.input.relay.off"]


async def test_pings_are_set(wire: Wire, system: SystemWire) -> None:
    """As those of PDK 1.0, for connections opened from now on."""
    await wire.pdk.faults(ping_interval=3, ping_timeout=2)
    await system.connect()
    assert system.pings == (3, 2)


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_clients_are_kicked(wire: Wire, system: SystemWire, how: str) -> None:
    """After that no client is left."""
    await system.connect()
    await wire.pdk.kick(SITE, how)
    assert await system.topics(1) == ["disconnect"]
    await wire.pdk.sockets(SITE, 0)


async def test_a_site_goes_offline(wire: Wire, system: SystemWire) -> None:
    """With an event or silently; what happens there meanwhile is not told."""
    await system.connect()
    await wire.pdk.set_online(SITE, online=False)
    await wire.pdk.act(SITE, 1, "hold")
    _, nodes = await system.request("GET", "cloud-nodes")
    connected = [each["connectionStatus"]["connected"] for each in nodes]
    assert connected == [False, True]
    await wire.pdk.set_online(SITE, online=True)
    await wire.pdk.set_online(SITE, online=False, event=False)
    await wire.pdk.set_online(SITE, online=True, event=False)
    await wire.pdk.act(SITE, 1, "lock")
    assert await system.topics(3) == [
        "cloudnode.disconnected",
        "cloudnode.connected",
        "device.input.relay.off",
    ]


async def test_a_site_migrates(wire: Wire) -> None:
    """Clients of PDK 1.0 hear of it, then it is not there for them any more."""
    await wire.connect()
    before = await wire.panel_token()
    await wire.pdk.act(PANEL, 1, "hold")
    assert (await wire.event())[0] == "door.input.relay.on"
    await wire.pdk.migrate(PANEL, "started")
    await wire.command("door.actuate.close", doorId=1)
    assert await wire.topics(2) == ["migration.started", "serverError"]
    await wire.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    assert await wire.event() == ["migration.completed", {"systemId": SYSTEM}]
    await wire.expect(None)
    assert (await wire.accounts("GET", "ous/mine"))[2]["panels"] == []
    assert (await wire.accounts("GET", f"panels/{PANEL}"))[0] == 404
    assert (await wire.accounts("POST", f"panels/{PANEL}/token"))[0] == 404
    assert (await wire.devices(token=before))[0] == 401
    await wire.open(before)
    assert (await wire.frame())[:2] == "44"
    async with system_of(wire) as system:
        await system.connect()
        _, (node,) = await system.request("GET", "cloud-nodes")
        assert (node["name"], node["serialNumber"]) == ("Headquarters", PANEL)
        path = f"cloud-nodes/{node['id']}/devices"
        _, devices = await system.request("GET", path)
        assert devices[0]["name"] == "Front door"
        front = device_id(PANEL, 1)
        assert await system.command("close", front, node["id"]) == 200
        # it was held open before
        assert await system.topics(1) == ["device.input.relay.off"]


async def test_a_site_moves_back(wire: Wire) -> None:
    """Clients of PDK 2.0 are disconnected, and PDK 1.0 serves it as before."""
    await wire.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    async with system_of(wire) as system:
        await system.connect()
        _, (node,) = await system.request("GET", "cloud-nodes")
        await wire.pdk.migrate(PANEL, "started")
        status = await system.command("open", device_id(PANEL, 1), node["id"])
        assert status == 409
        await wire.pdk.migrate(PANEL, "rolledback")
        assert await system.topics(1) == ["disconnect"]
        assert (await system.request("GET", "cloud-nodes"))[0] == 404
        assert await system.get_token() == 404
    await wire.connect()
    await wire.command("door.actuate.open", doorId=1)
    assert await wire.topics(2) == ["command.result.succeed", "door.input.relay.on"]
    children = (await organizations(wire))[0]["children"]
    assert SYSTEM not in [each["systemId"] for each in children]


async def test_a_system_keeps_its_other_sites(wire: Wire, system: SystemWire) -> None:
    """When one site moves back, clients of the system stay connected."""
    await system.connect()
    await wire.pdk.migrate(SITE, "rolledback")
    await wire.pdk.act(OTHER_SITE, 1, "hold")
    assert await system.topics(1) == [RELAY_ON]
    _, nodes = await system.request("GET", "cloud-nodes")
    assert [each["serialNumber"] for each in nodes] == [OTHER_SITE]


async def test_a_migration_that_nobody_heard_of(wire: Wire) -> None:
    """The panel's stream ends without an event, and its token is refused."""
    await wire.connect()
    await wire.pdk.migrate(PANEL, "completed", event=False)
    message = await wire.message()
    assert message.type is not aiohttp.WSMsgType.TEXT
    assert (await wire.accounts("POST", f"panels/{PANEL}/token"))[0] == 404
    (account,) = await organizations(wire)
    names = [each["name"] for each in account["children"]]
    assert names == ["Workshop", "Headquarters"]


async def test_pdk_1_has_no_duress(wire: Wire) -> None:
    """The action is an error there."""
    with pytest.raises(AssertionError, match="no PIN for duress"):
        await wire.pdk.act(PANEL, 1, "duress", person=1)
