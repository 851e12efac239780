"""Sites of PDK 2.0: REST, stream, and the migration from PDK 1.0 and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio
from socketio.exceptions import ConnectionError as StreamError

from simulator.scenario import device_id
from tests.common import PANEL, WORKSHOP, WORKSHOP_SYSTEM, Json

from .wire import Wire

OTHER_SITE = "4000XYZ"
DOOR = device_id(WORKSHOP, 1)
ALLOWED = "device.request.allowed"
RELAY_ON, RELAY_OFF = "device.input.relay.on", "device.input.relay.off"
TOPICS = (
    *(f"device.request.{name}" for name in ("found", "denied", "unknown", "duress")),
    *(ALLOWED, RELAY_ON, RELAY_OFF),
    # of PDK 1.0, so it never comes
    "liveEvent",
)


class SystemWire:
    """REST of a system, and python-socketio's client on its stream."""

    def __init__(self, wire: Wire) -> None:
        """Initialize without a token and a connection."""
        self._wire = wire
        self._url = wire.pdk.accounts_url
        self.token = ""
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._handle_event)
        self.client.on("disconnect", lambda *_: self._handle_event("disconnect"))

    def _handle_event(self, topic: str, *args: Any) -> None:
        self._events.put_nowait((topic, args[0] if args else None))

    async def get_token(self) -> int:
        """Request a token; return the status."""
        path = f"systems/{WORKSHOP_SYSTEM}/token"
        status, _, body = await self._wire.accounts("POST", path)
        self.token = body["token"] if status == 200 else ""
        return status

    async def request(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Send a request to the system."""
        url = f"{self._url}/{WORKSHOP_SYSTEM}/cloud-nodes{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        status, _, body = await self._wire.request(method, url, headers=headers, **more)
        return status, body

    async def nodes(self) -> dict[str, Json]:
        """Return the sites by their serial numbers."""
        _, nodes = await self.request("GET", "")
        return {node["serialNumber"]: node for node in nodes}

    async def command(self, action: str, site: str = WORKSHOP, **body: Any) -> int:
        """Send a command to the first door of a site; return the status."""
        node = (await self.nodes())[site]["id"]
        path = f"/{node}/devices/{device_id(site, 1)}/{action}"
        return (await self.request("POST", path, **({"json": body} if body else {})))[0]

    async def connect(self, *topics: str) -> None:
        """Connect to the stream and subscribe topics."""
        query = f"systemId={WORKSHOP_SYSTEM}&token={self.token}"
        await self.client.connect(f"{self._url}?{query}")
        subscription = {"topics": list(topics or TOPICS)}
        await self.client.call("subscribeIsolated", subscription)

    async def event(self) -> tuple[str, Any]:
        """Return the next event, or that the connection has ended."""
        return await asyncio.wait_for(self._events.get(), 5)

    async def topics(self, count: int) -> list[str]:
        """Return the topics of the next events."""
        return [(await self.event())[0] for _ in range(count)]


@asynccontextmanager
async def system_of(wire: Wire) -> AsyncIterator[SystemWire]:
    """Return a client of the system that has a token, and close it at the end."""
    system = SystemWire(wire)
    await system.get_token()
    try:
        yield system
    finally:
        await system.client.disconnect()


@pytest.fixture
async def system(wire: Wire) -> AsyncIterator[SystemWire]:
    """Return a client of the built-in system, which gets another site."""
    spec = {"id": WORKSHOP_SYSTEM, "cloud_node": "91c2a7b7-28e9"}
    other = {"id": OTHER_SITE, "generation": 2, "system": spec, "doors": [{"id": 1}]}
    await wire.pdk.control("POST", "panels", other)
    async with system_of(wire) as system:
        yield system


async def _systems(wire: Wire) -> list[str]:
    """Return the systems that the account lists."""
    _, _, (account,) = await wire.accounts("GET", "organizations/mine")
    return [each["systemId"] for each in account["children"]]


async def test_sites_and_devices(wire: Wire, system: SystemWire) -> None:
    """The account lists the system, the system its sites; ids are UUIDs."""
    assert await _systems(wire) == [WORKSHOP_SYSTEM]
    nodes = await system.nodes()
    assert list(nodes) == [WORKSHOP, OTHER_SITE]
    path = f"/{nodes[WORKSHOP]['id']}/devices"
    _, devices = await system.request("GET", path)
    assert (devices[0]["id"], devices[0]["name"]) == (DOOR, "Side entrance")
    assert devices[0]["connection"]["type"] == "usb"
    _, page = await system.request("GET", f"{path}?page=1&per_page=3")
    assert [each["name"] for each in page] == ["Tool cage"]
    await wire.pdk.revoke(WORKSHOP)
    assert (await system.request("GET", path))[0] == 401
    await wire.pdk.switches(WORKSHOP, permission=False)
    assert await _systems(wire) == []
    assert await system.get_token() == 403


async def test_commands(wire: Wire, system: SystemWire) -> None:
    """Commands move the door of the panel, or are rejected and move nothing."""
    await system.connect()
    assert await system.command("open") == 200
    assert await system.command("close") == 200
    assert await system.command("try-open", dwell=1) == 200
    assert await system.topics(4) == [RELAY_ON, RELAY_OFF] * 2
    received = await wire.pdk.commands(WORKSHOP)
    assert [each["topic"] for each in received] == ["open", "close", "try-open"]
    assert received[2]["body"] == {"deviceId": DOOR, "dwell": 1}
    assert await system.command("toggle") == 404
    assert await system.command("try-open", dwell=0) == 409
    await wire.pdk.set_online(WORKSHOP, online=False)
    assert await system.command("open") == 504
    assert (await wire.pdk.door(WORKSHOP, 1))["relay"] is False


@pytest.mark.parametrize("envelope", ["A", "B", "C"])
async def test_badge(wire: Wire, system: SystemWire, envelope: str) -> None:
    """A person is recognized, then allowed; a switch says where the device is named."""
    await wire.pdk.switches(WORKSHOP, envelope=envelope, event_ids=envelope != "B")
    await system.connect()
    await wire.pdk.act(WORKSHOP, 1, "badge", person=1)
    events = [await system.event() for _ in range(3)]
    assert [topic for topic, _ in events] == ["device.request.found", ALLOWED, RELAY_ON]
    allowed, relay = events[1][1], events[2][1]
    device: Json = {"deviceId": DOOR}
    if envelope == "C":
        device = {"device": {"id": DOOR, "name": "Side entrance"}}
    assert relay["body"] == ({} if envelope == "B" else device)
    assert allowed["body"].items() >= relay["body"].items()
    assert allowed.get("deviceId") == (DOOR if envelope == "B" else None)
    assert (allowed["topic"], allowed["cloudNodeSN"]) == (ALLOWED, WORKSHOP)
    assert ("id" in allowed) == (envelope != "B")
    metadata = allowed["metadata"]
    assert (metadata["holderName"], metadata["deviceName"]) == (
        "Amelia Hartmann",
        "Side entrance",
    )
    assert isinstance(metadata["occurred"], int)


async def test_other_requests(wire: Wire, system: SystemWire) -> None:
    """Requests are denied or unknown; the PIN for duress opens."""
    await system.connect()
    await wire.pdk.act(WORKSHOP, 4, "badge", person=3)
    await wire.pdk.act(WORKSHOP, 1, "badge", pin="998877")
    await wire.pdk.act(WORKSHOP, 1, "duress", pin="2468")
    assert await system.topics(2) == ["device.request.found", "device.request.denied"]
    topic, event = await system.event()
    assert topic == "device.request.unknown"
    assert event["body"] == {"pin": "998877", "deviceId": DOOR}
    assert (await system.topics(3))[1:] == ["device.request.duress", RELAY_ON]


async def test_only_what_is_subscribed(wire: Wire, system: SystemWire) -> None:
    """A client gets what it subscribed, of all sites, while its token is valid."""
    system.token = "bad"
    with pytest.raises(StreamError):
        await system.connect()
    await system.get_token()
    await system.connect(RELAY_ON)
    for site in (WORKSHOP, OTHER_SITE):
        await wire.pdk.act(site, 1, "open")
        await wire.pdk.act(site, 1, "hold")
    events = [await system.event() for _ in range(2)]
    assert {topic for topic, _ in events} == {RELAY_ON}
    assert [event["cloudNodeSN"] for _, event in events] == [WORKSHOP, OTHER_SITE]


@pytest.mark.parametrize("renewal", ["none", "event", "cut"])
async def test_expired_token(wire: Wire, system: SystemWire, renewal: str) -> None:
    """An expired token loses events, with or without a message, or its connection."""
    lifetime = 0.3 if renewal == "cut" else 300
    await wire.pdk.switches(WORKSHOP, renewal=renewal, token_lifetime=lifetime)
    await system.get_token()
    await system.connect()
    if renewal == "cut":
        assert await system.topics(1) == ["disconnect"]
        return
    await wire.pdk.revoke(WORKSHOP)
    await wire.pdk.act(WORKSHOP, 1, "hold")
    if renewal == "event":
        assert await system.event() == ("invalidToken", None)
    await system.get_token()
    await system.client.emit("renewedToken", {"token": system.token})
    async with asyncio.timeout(5):
        while (await wire.pdk.system(WORKSHOP))["renewed"] < 1:
            pass
    await wire.pdk.act(WORKSHOP, 1, "lock")
    assert await system.topics(1) == [RELAY_OFF]


async def test_site_migrates(wire: Wire, system: SystemWire) -> None:
    """Clients of PDK 1.0 hear of it; then the panel is a site of the system."""
    await wire.connect()
    before = await wire.panel_token()
    await wire.pdk.act(PANEL, 1, "hold")
    await wire.pdk.migrate(PANEL, "started")
    await wire.command("door.actuate.close", doorId=1)
    assert await wire.topics(3) == [
        "door.input.relay.on",
        "migration.started",
        "serverError",
    ]
    await wire.pdk.migrate(PANEL, "completed", systemId=WORKSHOP_SYSTEM)
    assert await wire.event() == ["migration.completed", {"systemId": WORKSHOP_SYSTEM}]
    assert (await wire.message()).type is not aiohttp.WSMsgType.TEXT
    assert (await wire.accounts("GET", f"panels/{PANEL}"))[0] == 404
    assert (await wire.accounts("POST", f"panels/{PANEL}/token"))[0] == 404
    assert (await wire.devices(token=before))[0] == 401
    await system.connect()
    assert await system.command("close", PANEL) == 200
    # it was held open before
    assert await system.topics(1) == [RELAY_OFF]
