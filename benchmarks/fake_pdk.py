"""A pdk.io that costs next to nothing, and sends events that were built before."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from itertools import batched, cycle, islice
import json
import struct
import time

from aiohttp import WSMsgType, web

TOKEN = base64.urlsafe_b64encode(b'{"iat":0,"exp":3600}').decode()
OPENING = '0{"sid":"0","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
PER_PAGE = 100
# About a megabyte of frames: a pong can be sent between two batches.
BATCH = 4000
TEXT_FRAME = 0x81
# All packets here are longer than what fits into the first byte.
EXTENDED = 126

DPS = ("door.input.dps.opened", "door.input.dps.closed")
ALLOWED = "door.request.allowed"
TOPICS = (
    *(f"door.input.{name}" for name in ("relay.on", "relay.off", "rex.on", "rex.off")),
    *(*DPS, "door.alarm.propped.on", ALLOWED),
)
# Bodies as the panel's Streaming API page shows them; % is the door's number.
DOOR = (
    '"doorId":%,"door":{"id":%,"name":"Door %","connection":1,"port":%,'
    '"partitions":[0],"metadata":{}}'
)
PERSON = (
    ',"personId":1,"requestFactor":"PIN_ONLY","person":{"id":1,"firstName":"Postman",'
    '"lastName":"Test","enabled":true,"partition":0,"activeDate":null,'
    '"expireDate":null,"metadata":{}}'
)
SENT_AT = "1683165895729"
REQUEST = (
    ',"id":"0153463f-d9ba-435f-b099-@",'
    f'"metadata":{{"occurred":{SENT_AT},"doorName":"Door %"}}'
)
OCCURRED = ',"occurred":"2023-05-04 17:59:16"'
LIVE_EVENT = (
    '42["liveEvent",{"topic":"door.request.allowed","info":"Person \\"%s\\" has requested'
    ' access to the device \\"%s\\". Access allowed.","placeholders":['
    '{"text":"Postman Test","id":1,"type":"person"},'
    '{"text":"Door #","id":#,"type":"door"}],"occurred":"2023-05-04 17:59:16"}]'
)
DEVICE = (
    '{"id":%,"name":"Door %","connection":1,"port":%,'
    '"partition":[{"id":0,"name":"Default"}],"type":"primaryReader",'
    '"publicIcon":"swingingDoor","dps":true,"rex":true,"hardwareVersion":"red1cn.d",'
    '"serialNumber":"80%","firmwareVersion":"1.1.41"}'
)


def door_event(topic: str, door: int) -> str:
    """Return the Engine.IO packet of a door's event, some 270 bytes."""
    person, request = (PERSON, REQUEST) if topic == ALLOWED else ("", "")
    body = f'"body":{{{DOOR}{person}}}'
    packet = f'42["{topic}",{{"topic":"{topic}",{body}{request}{OCCURRED}}}]'
    return packet.replace("@", f"{door:012x}").replace("%", str(door))


def badge(door: int, number: int) -> list[str]:
    """Return what a panel sends when the same person is let in, each time with a new id."""
    request = door_event(ALLOWED, door).replace(f"{door:012x}", f"{number:012x}")
    milliseconds = str(time.time_ns() // 10**6)
    return [
        request.replace(SENT_AT, milliseconds),
        LIVE_EVENT.replace("#", str(door)),
    ]


def walk_in(door: int) -> list[str]:
    """Return what a panel sends of the lock and the position when a person walks in."""
    topics = (TOPICS[0], *DPS, TOPICS[1])
    return [door_event(topic, door) for topic in topics]


def mixed_events(count: int) -> Iterator[str]:
    """Return events of all kinds, of a hundred doors."""
    packets = [door_event(topic, door) for door in range(1, 101) for topic in TOPICS]
    return islice(cycle(packets), count)


def websocket_frames(packets: Iterable[str]) -> bytes:
    """Return packets as a server's unmasked text frames; the longest has 64 kB."""
    payloads = [packet.encode() for packet in packets]
    return b"".join(
        part
        for payload in payloads
        for part in (struct.pack("!BBH", TEXT_FRAME, EXTENDED, len(payload)), payload)
    )


def doors_of(panel: str) -> int:
    """Return how many doors a panel has: 700 for `ours-700`."""
    return int(panel.rpartition("-")[2])


class FakePdk:
    """The accounts service, the REST API and the streams of any panels."""

    def __init__(self) -> None:
        """Initialize without a connection."""
        self.url = ""
        # When the last command was received, and when its result was sent.
        self.command = (0, 0)
        self._transports: dict[str, asyncio.WriteTransport] = {}
        self._sent: Counter[str] = Counter()

    def app(self) -> web.Application:
        """Return the application to serve."""
        app = web.Application()
        app.router.add_post("/oauth2/token", self._id_token)
        app.router.add_get("/api/panels/{panel}", self._panel)
        app.router.add_post("/api/panels/{panel}/token", self._panel_token)
        app.router.add_get("/{panel}/api/devices", self._devices)
        app.router.add_get("/socket.io/", self._stream)
        return app

    def next_events(self, panel: str, count: int) -> list[bytes]:
        """Return door position events, door after door; each changes a state."""
        doors, first = doors_of(panel), self._sent[panel]
        self._sent[panel] += count
        packets = (
            door_event(DPS[number // doors % 2], number % doors + 1)
            for number in range(first, first + count)
        )
        return [
            websocket_frames(batch) for batch in batched(packets, BATCH, strict=False)
        ]

    async def write(self, panel: str, frames: Iterable[bytes]) -> None:
        """Write frames to a panel's client as fast as it reads them."""
        transport = self._transports[panel]
        for batch in frames:
            transport.write(batch)
            while transport.get_write_buffer_size():
                await asyncio.sleep(0.0005)

    async def _id_token(self, _: web.Request) -> web.Response:
        return web.json_response({"id_token": "id", "expires_in": 3600})

    async def _panel(self, request: web.Request) -> web.Response:
        panel = request.match_info["panel"]
        uri = f"http://{request.host}/{panel}/"
        return web.json_response({"id": panel, "name": panel, "uri": uri})

    async def _panel_token(self, request: web.Request) -> web.Response:
        # The stream finds its panel by the signature of the token.
        panel = request.match_info["panel"]
        return web.json_response({"token": f"e30.{TOKEN}.{panel}"})

    async def _devices(self, request: web.Request) -> web.Response:
        count = doors_of(request.match_info["panel"])
        first = int(request.query["page"]) * PER_PAGE + 1
        numbers = range(first, min(first + PER_PAGE, count + 1))
        doors = ",".join(DEVICE.replace("%", str(number)) for number in numbers)
        headers = {"X-Total-Count": str(count)}
        return web.json_response(text=f"[{doors}]", headers=headers)

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        """Serve Socket.IO 2.x, and answer every command at once."""
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        assert request.transport
        panel = request.query["token"].rpartition(".")[2]
        self._transports[panel] = request.transport
        await stream.send_str(OPENING)
        await stream.send_str("40")
        async for message in stream:
            received = time.monotonic_ns()
            if message.type is not WSMsgType.TEXT:
                break
            if message.data.startswith("42"):
                result = _success(message.data)
                self.command = (received, time.monotonic_ns())
                await stream.send_str(result)
            elif message.data.startswith("2"):
                await stream.send_str("3")
        return stream


def _success(frame: str) -> str:
    """Return the packet that says a command has succeeded."""
    topic = "command.result.succeed"
    command = json.loads(frame[2:])[1]
    event = {"topic": topic, "body": {"commandId": command["id"]}}
    return f"42{json.dumps([topic, event], separators=(',', ':'))}"


@asynccontextmanager
async def fake_pdk() -> AsyncIterator[FakePdk]:
    """Serve a fake pdk.io on a free port."""
    pdk = FakePdk()
    runner = web.AppRunner(pdk.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    pdk.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield pdk
    finally:
        await runner.cleanup()
