"""A simulated pdk.io that costs next to nothing, in a process of its own.

A panel's id says how many doors it has: `p3x900`. Events are built before they are
sent, and every one of a panel's row of events changes the state of one entity.
"""

import asyncio
import base64
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import batched, cycle, islice
import json
import time

from aiohttp import WSMsgType, web
import orjson

from .wire import dps_event, websocket_frame, websocket_frames

LIFETIME = 3600
PER_PAGE = 100
BATCH = 4000
OPENING = {"sid": "0", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000}


def panel_id(number: int, doors: int) -> str:
    """Return the id of a panel with so many doors."""
    return f"p{number}x{doors}"


def doors_of(panel: str) -> int:
    """Return how many doors a panel has."""
    return int(panel.partition("x")[2])


class Feeder:
    """Accounts, REST and streams on one port, and what benchmarks ask for."""

    def __init__(self) -> None:
        """Start with nobody connected."""
        self._transports: dict[str, asyncio.WriteTransport] = {}
        self._sent: defaultdict[str, int] = defaultdict(int)
        self._received: Counter[str] = Counter()
        self._command = (0, 0)

    def app(self) -> web.Application:
        """Return what to serve."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/oauth2/token", self._id_token),
                web.get("/api/panels/{panel}", self._panel),
                web.post("/api/panels/{panel}/token", self._panel_token),
                web.get("/{panel}/api/devices", self._devices),
                web.get("/socket.io/", self._stream),
                web.post("/control/send", self._send),
                web.post("/control/pace", self._pace),
                web.get("/control/received", self._get_received),
                web.get("/control/command", self._get_command),
            ]
        )
        return app

    async def _id_token(self, _: web.Request) -> web.Response:
        return web.json_response({"id_token": "id", "expires_in": LIFETIME})

    async def _panel(self, request: web.Request) -> web.Response:
        panel = request.match_info["panel"]
        uri = f"http://{request.host}/{panel}/"
        return web.json_response({"id": panel, "name": panel, "uri": uri})

    async def _panel_token(self, request: web.Request) -> web.Response:
        claims = {"iat": 0, "exp": LIFETIME, "panel": request.match_info["panel"]}
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
        return web.json_response({"token": f"e30.{payload}.e30"})

    async def _devices(self, request: web.Request) -> web.Response:
        count = doors_of(request.match_info["panel"])
        first = int(request.query["page"]) * PER_PAGE + 1
        numbers = range(first, min(first + PER_PAGE, count + 1))
        headers = {"X-Total-Count": str(count)}
        return web.json_response([_device(n) for n in numbers], headers=headers)

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        """Serve Socket.IO 2.x, and answer every command at once."""
        payload = request.query["token"].split(".")[1]
        panel = json.loads(base64.urlsafe_b64decode(payload))["panel"]
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        assert request.transport
        self._transports[panel] = request.transport
        await stream.send_str(f"0{json.dumps(OPENING)}")
        await stream.send_str("40")
        async for message in stream:
            received = time.monotonic_ns()
            if message.type is not WSMsgType.TEXT:
                break
            self._received[message.data[:2]] += 1
            if message.data.startswith("42"):
                result = _success(message.data)
                self._command = (received, time.monotonic_ns())
                await stream.send_str(result)
            elif message.data.startswith("2"):
                await stream.send_str("3")
        return stream

    async def _send(self, request: web.Request) -> web.Response:
        """Send events as fast as they are taken, in turn through all these panels."""
        order = await request.json()
        panels, count = order["panels"], order["count"]
        built = {
            panel: _batches(islice(self._row(panel), count // len(panels)))
            for panel in panels
        }
        await asyncio.gather(
            *(self._write(self._transports[panel], built[panel]) for panel in panels)
        )
        return web.json_response({})

    async def _write(
        self, transport: asyncio.WriteTransport, frames: list[bytes]
    ) -> None:
        """Write as much at a time as the client lets through."""
        for batch in frames:
            while transport.get_write_buffer_size():
                await asyncio.sleep(0.0005)
            transport.write(batch)
        while transport.get_write_buffer_size():
            await asyncio.sleep(0.0005)

    async def _pace(self, request: web.Request) -> web.Response:
        """Send so many events a second, in turn to each panel; tell when each went."""
        order = await request.json()
        panels, count, rate = order["panels"], order["count"], order["rate"]
        rows = {panel: self._row(panel) for panel in panels}
        turns = cycle(panels)
        built = [
            (panel, websocket_frame(next(rows[panel])))
            for panel in islice(turns, count)
        ]
        sent: dict[str, list[int]] = {panel: [] for panel in panels}
        started = time.monotonic()
        for number, (panel, frame) in enumerate(built):
            if (early := started + number / rate - time.monotonic()) > 0:
                await asyncio.sleep(early)
            sent[panel].append(time.monotonic_ns())
            self._transports[panel].write(frame)
        return web.Response(body=orjson.dumps(sent))

    async def _get_received(self, _: web.Request) -> web.Response:
        """Tell how many frames of each kind came since this was last asked."""
        received, self._received = self._received, Counter()
        return web.json_response(received)

    async def _get_command(self, _: web.Request) -> web.Response:
        """Tell when the last command came, and when its result went."""
        return web.json_response(self._command)

    def _row(self, panel: str) -> Iterator[str]:
        """Go on with a panel's row of events."""
        doors = doors_of(panel)
        while True:
            number = self._sent[panel]
            self._sent[panel] += 1
            yield dps_event(number, doors)


def _device(number: int) -> dict[str, object]:
    return {
        "id": number,
        "name": f"Door {number}",
        "connection": 1,
        "port": number,
        "partition": [{"id": 0, "name": "Default"}],
        "type": "primaryReader",
        "publicIcon": "swingingDoor",
        "dps": True,
        "rex": True,
        "hardwareVersion": "red1cn.d",
        "serialNumber": f"80{number}",
        "firmwareVersion": "1.1.41",
    }


def _batches(packets: Iterable[str]) -> list[bytes]:
    """Return whole frames, a megabyte or so at a time: a pong may come in between."""
    return [websocket_frames(batch) for batch in batched(packets, BATCH, strict=False)]


def _success(frame: str) -> str:
    topic = "command.result.succeed"
    command = json.loads(frame[2:])[1]
    event = {"topic": topic, "body": {"commandId": command["id"]}}
    return f"42{json.dumps([topic, event], separators=(',', ':'))}"


async def _main() -> None:
    runner = web.AppRunner(Feeder().app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, input_ends)
    await runner.cleanup()


def input_ends() -> None:
    """Wait for the end of whoever started this."""
    while True:
        try:
            input()
        except EOFError:
            return


if __name__ == "__main__":
    asyncio.run(_main())
