"""A server that sends what no honest panel does, and a clock for the event loop."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import hashlib
import json
import random
import threading
import time
from typing import Any, Self

import pytest

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
OPENING = b'0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
# What a text can consist of.
UNITS = {
    "letters": "a",
    "parts": "a.",
    "tokens": "eyJ",
    "parts of tokens": "eyJ.",
    "long parts": f"{'x' * 42}.",
    "digits": "9",
    "blanks": " ",
    "lines": "\n",
    "placeholders": "%s",
    "surrogates": "\\ud83d",
    "escapes": "\\u0000",
    "marks": "\u0301",
    "directions": "\u202e",
    "joiners": "\u200d",
    "wide letters": "\ufdfa",
}
# JSON of many values.
VALUES = {
    "lists": "[],",
    "objects": '{"a":1},',
    "deep lists": "[[[[[]]]]],",
    "numbers": "1,",
    "floats": "1e308,",
    "texts": '"a",',
}
# Where a text can be in an event: {} is replaced.
TEXT_PLACES = (
    '["serverError",{"message":"%"}]',
    '["%",{}]',
    '["door.input.relay.on",{"id":"%","body":{"doorId":1}}]',
    '["door.input.relay.on",{"body":{"doorId":"%"}}]',
    '["door.input.relay.on",{"body":{"doorId":7},"metadata":{"doorName":"%"}}]',
    '["door.request.allowed",{"body":{"doorId":1,"personId":"%"}}]',
    '["door.request.allowed",{"body":{"doorId":1,"requestFactor":"%"}}]',
    '["door.request.allowed",{"body":{"doorId":1},"metadata":{"personName":"%"}}]',
    '["door.request.allowed",{"body":{"doorId":1,"person":{"firstName":"%"}}}]',
    '["liveEvent",{"info":"%","topic":"%","placeholders":[{"text":"%","type":"door"}]}]',
    '["endpoint.discovered",{"body":{"ioLinkId":1,"address":"%"}}]',
    '["endpoint.discovered",{"body":{"ioLinkId":1,"address":"1","ioLinkName":"%"}}]',
    '["endpoint.signal",{"body":{"ioLinkId":1,"address":"%","dbGain":1}}]',
    '["migration.completed",{"systemId":"%"}]',
    '["command.result.succeed",{"body":{"commandId":"%"}}]',
    '["device.request.allowed",{"id":"%","body":{"deviceId":1,"holderId":"%"}}]',
    '["device.request.allowed",{"body":{"deviceId":1},"metadata":{"holderName":"%"}}]',
    '["device.alarm.circuitbreaker.on",{"body":{"deviceId":"%"}}]',
    '["device.input.relay.on",{"%":1,"body":{"deviceId":1}}]',
    '{"message":"%"}',
    "%",
)
VALUE_PLACES = (
    "[%]",
    '["serverError",{"message":[%]}]',
    '["door.input.relay.on",{"body":{"doorId":1},"rest":[%]}]',
    '["liveEvent",{"info":"%s","placeholders":[%]}]',
    '["endpoint.discovered",{"body":{"ioLinkId":1,"address":"1","doors":[%]}}]',
)
# Many small events, or frames: # is a number.
EVENTS = (
    '42["topic#",{}]',
    '42["a",{}]',
    '42["door.input.relay.on",{"id":"#","body":{"doorId":1}}]',
    '42["door.input.relay.on",{"body":{"doorId":#}}]',
    '42["door.request.allowed",{"id":"#","body":{"doorId":1,"personId":#}}]',
    '42["device.request.allowed",{"id":"#","body":{"deviceId":#}}]',
    '42["endpoint.discovered",{"body":{"ioLinkId":1,"address":"#"}}]',
    '42["liveEvent",{"info":"line #"}]',
    '42["serverError",{"message":"#"}]',
    '42["device.alarm.circuitbreaker.on",{"body":{"deviceId":"#"}}]',
    "2",
    "2probe",
    "3",
    "40",
    "42[",
    "42[1]",
)
# Up to beyond what a frame, and an answer, may have.
SIZES = (2_000, 60_000, 250_000, 500_000, 1_500_000, 6_000_000)


@dataclass(frozen=True, slots=True)
class Hostile:
    """A hostile input: bytes for the open websocket, a refusal, an opening, or an answer."""

    name: str
    place: str
    data: bytes


def frame(payload: bytes, opcode: int = TEXT, flags: int = 0x80) -> bytes:
    """Return a frame of a server."""
    size = len(payload)
    if size < 126:
        extended = bytes([size])
    elif size < 65_536:
        extended = bytes([126]) + size.to_bytes(2)
    else:
        extended = bytes([127]) + size.to_bytes(8)
    return bytes([flags | opcode]) + extended + payload


def answer(body: bytes, headers: str = "") -> bytes:
    """Return an HTTP response."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


def generate(seed: int, count: int) -> Iterator[Hostile]:
    """Yield random inputs; the same seed gives the same."""
    rng = random.Random(seed)
    for _ in range(count):
        yield rng.choice((_text, _text, _values, _events, _frames, _keys))(rng)


def _as_input(rng: random.Random, name: str, text: str) -> Hostile:
    """Return JSON at one of the places that read JSON."""
    data = text.encode()
    place = rng.choice(
        ("event", "event", "event", "packet", "refusal", "opening", "rest")
    )
    prefix = {"event": b"42", "packet": b"4", "refusal": b"44", "opening": b"0"}
    if place == "rest":
        return Hostile(name, place, answer(data))
    sent = frame(prefix[place] + data)
    return Hostile(name, "event" if place == "packet" else place, sent)


def _text(rng: random.Random) -> Hostile:
    """Return a long text somewhere in an event."""
    unit, size = rng.choice(list(UNITS)), rng.choice(SIZES)
    place = rng.choice(TEXT_PLACES)
    text = UNITS[unit] * (size // len(UNITS[unit].encode()) // place.count("%"))
    text = text if text.startswith("\\") else json.dumps(text, ensure_ascii=False)[1:-1]
    end = rng.choice(("", "", "\\ud83d", '"'))
    return _as_input(
        rng, f"{size} of {unit} in {place}", place.replace("%", text + end)
    )


def _values(rng: random.Random) -> Hostile:
    """Return many values somewhere in an event."""
    kind, size = rng.choice(list(VALUES)), rng.choice(SIZES)
    place = rng.choice(VALUE_PLACES)
    values = VALUES[kind] * (size // len(VALUES[kind])) + "1"
    if rng.random() < 0.2:
        values = "[" * size
    text = place.replace("[%]", f"[{values}]")
    return _as_input(rng, f"{size} of {kind} in {place}", text)


def _keys(rng: random.Random) -> Hostile:
    """Return an object of many fields."""
    size = rng.choice(SIZES)
    keys = ",".join(f'"k{number}":1' for number in range(size // 12))
    place = rng.choice(
        ('["device.input.relay.on",{"body":{"deviceId":1,%}}]', "[{%}]", "{%}")
    )
    return _as_input(rng, f"{size} of keys in {place}", place.replace("%", keys))


def _events(rng: random.Random) -> Hostile:
    """Return many events at once."""
    event, size = rng.choice(EVENTS), rng.choice(SIZES[:-2])
    count = size // (len(event) + 4)
    data = b"".join(frame(event.replace("#", str(n)).encode()) for n in range(count))
    return Hostile(f"{count} of {event}", "event", data)


def _frames(rng: random.Random) -> Hostile:
    """Return frames that no library sends."""
    size = rng.choice(SIZES[:-2])
    kinds = {
        "empty texts": frame(b"") * (size // 2),
        "fragments": frame(b"4", flags=0) + frame(b"2", 0, 0) * (size // 3),
        "pings": frame(b"", PING) * (size // 2),
        "long pings": frame(b"x" * 125, PING) * (size // 127),
        "binary": frame(b"\x04" * size, BINARY),
        "compressed": frame(b"\xaa" * size, flags=0xC0),
        "not UTF-8": frame(b"42" + b"\xff" * size),
        "close": frame(b"\x03\xe8" + b"eyJ" * 40, CLOSE),
        "garbage": b"\xff" * size,
        "header of a large frame": frame(b"")[:1] + bytes([127]) + (2**40).to_bytes(8),
    }
    name = rng.choice(list(kinds))
    return Hostile(f"{size} of {name}", "event", kinds[name])


class Server:
    """A server of panels in a thread of its own, whose time does not count.

    After each input it sends `marker`, over the next connection if that one has ended.
    """

    def __init__(self, *, namespaces: bool) -> None:
        """Initialize; with `namespaces` the client asks for its namespace."""
        self._namespaces = namespaces
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._input: Hostile | None = None
        self._marker = b""
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._thread.start()
        starting = asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._server = await self._call(starting)
        port = self._server.sockets[0].getsockname()[1]
        self.uri = f"http://127.0.0.1:{port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""

        async def stop() -> None:
            self._server.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        await self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._loop.close()

    async def send(self, each: Hostile | None, marker: str) -> None:
        """Send an input, and the marker after it."""

        async def change() -> None:
            self._input, self._marker = each, frame(marker.encode())
            if each is not None and each.place in ("refusal", "opening"):
                for writer in self._writers:
                    writer.transport.abort()
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()

        await self._call(change())

    async def _write(self, writer: asyncio.StreamWriter) -> None:
        """Write the input, and the marker."""
        if (data := self._take("event")) is not None:
            writer.write(data)
        writer.write(self._marker)
        await writer.drain()

    async def _call(self, coroutine: Any) -> Any:
        """Run a coroutine in the thread."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return await asyncio.wrap_future(future)

    def _take(self, *places: str) -> bytes | None:
        """Return the input if it belongs here and was not sent yet."""
        if (each := self._input) is None or each.place not in places:
            return None
        self._input = None
        return each.data

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one connection until it ends."""
        self._writers.add(writer)
        try:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            if "Sec-WebSocket-Key" in request:
                await self._serve_websocket(request, reader, writer)
            elif (data := self._take("rest")) is not None:
                writer.write(data)
                await writer.drain()
        except OSError, EOFError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _serve_websocket(
        self, request: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Open a websocket, and send what is to be sent."""
        key = request.partition("Sec-WebSocket-Key: ")[2].partition("\r\n")[0]
        digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode())  # noqa: S324
        accept = base64.b64encode(digest.digest()).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        writer.write(self._take("opening") or frame(OPENING))
        if self._namespaces:
            await reader.read(65_536)
        refusal = self._take("refusal")
        writer.write(refusal or frame(b"40"))
        if self._namespaces:
            # the client subscribes once it is accepted
            await reader.read(65_536)
        reading = asyncio.create_task(reader.read(-1))
        try:
            served = None
            while not reading.done():
                changed = self._changed
                waiting = asyncio.create_task(
                    changed.wait() if changed is served else self._write(writer)
                )
                served = changed
                await asyncio.wait(
                    {reading, waiting}, return_when=asyncio.FIRST_COMPLETED
                )
                waiting.cancel()
        finally:
            reading.cancel()


@dataclass(slots=True)
class Longest:
    """The longest time, in seconds, for which one callback held the event loop."""

    seconds: float = 0.0


@contextmanager
def measured_loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Longest]:
    """Measure this thread's event loop in CPU time: another process does not count."""
    longest, thread = Longest(), threading.get_ident()
    run = asyncio.Handle._run

    def measured_run(handle: asyncio.Handle) -> None:
        if threading.get_ident() != thread:
            run(handle)
            return
        began = time.thread_time()
        run(handle)
        longest.seconds = max(longest.seconds, time.thread_time() - began)

    with monkeypatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", measured_run)
        yield longest
