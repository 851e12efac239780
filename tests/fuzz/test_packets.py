"""Nothing that comes over the websocket does more than end the connection."""

from collections.abc import Callable

import aiohttp
from aiohttp import web
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.prodatakey.pdk.generations import Client
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from tests.common import wait_until
from tests.pdk.common import (
    OPENING,
    LocalTokens,
    make_socket,
    node_client,
    panel_client,
    websocket_server,
)
from tests.pdk.running_stream import CONNECTED, DOWN, RunningStream

from .strategies import BOUNDED

EVENTS = (
    '42["door.input.relay.on",{"body":{"doorId":1}}]',
    '42["device.input.relay.on",{"body":{"deviceId":1}}]',
)

pieces = st.sampled_from(
    [
        *"0123456789",
        *("[", "]", "{", "}", '"', ",", "-", "/", "/x,", "²", "٣", "\x00", "\ud800"),
        '["liveEvent"',
        '{"_placeholder":true,"num":0}',
        "NaN",
        "1e999",
        "[" * 2000,
        '"' + "x" * 70_000 + '"',
        "9" * 5000,
    ]
)
packets = st.lists(pieces | st.text(max_size=8), max_size=12).map("".join)


@pytest.fixture(autouse=True)
def use_sockets(socket_enabled: None) -> None:
    """Let the library reach 127.0.0.1."""


async def test_socketio_packets() -> None:
    """Test that a packet is an event with a name, or nothing, or the end."""
    names: list[object] = []
    async with aiohttp.ClientSession() as session:

        @settings(BOUNDED)
        @given(packets)
        def receive(packet: str) -> None:
            socket = make_socket(session, lambda name, _: names.append(name))
            step = socket._handle_eio_message(packet)
            try:
                while True:
                    step.send(None)
            except StopIteration:
                pass

        receive()
    assert all(isinstance(name, str) for name in names)


TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
FRAMES = {
    "text that is not UTF-8": (TEXT, b"42\xff\xfe\x00"),
    "surrogates": (TEXT, b'42["liveEvent",{"info":"\xed\xa0\x80"}]'),
    "empty text": (TEXT, b""),
    "binary": (BINARY, b"\x04\xff\xff"),
    "empty binary": (BINARY, b""),
    "a ping that is too long": (PING, b"x" * 126),
    "an unknown opcode": (3, b""),
    "a close that is cut short": (CLOSE, b"\x00"),
    "opened twice": (TEXT, OPENING.encode()),
    "accepted twice": (TEXT, b"40"),
    "a ping from the server": (TEXT, b"2probe"),
    "a pong for nothing": (TEXT, b"3"),
    "an upgrade": (TEXT, b"5"),
    "an unknown packet": (TEXT, b"9"),
    "a binary event": (TEXT, b"451-[]"),
    "an event without a name": (TEXT, b"42[]"),
    "NaN": (TEXT, b"42[NaN]"),
    "deep": (TEXT, b"42" + b"[" * 60_000),
    "a deep message": (TEXT, b"4" + b"[" * 60_000),
    **{
        frame: (TEXT, frame.encode())
        for frame in ("4", "42", "42[", "42{}", "42[1]", '42[""]', "42/other,[1]", "43")
    },
}


@pytest.mark.parametrize("make_client", [panel_client, node_client], ids=["1", "2"])
@pytest.mark.parametrize("name", FRAMES)
async def test_frames(
    short_waits: None, make_client: Callable[..., Client], name: str
) -> None:
    """Test that the stream goes on, or reconnects, and events arrive."""
    opcode, payload = FRAMES[name]
    frames = [_frame(opcode, payload)]

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(OPENING)
        if make_client is node_client:
            # the client asks for the namespace, then it subscribes
            await websocket.receive()
            await websocket.send_str('40{"sid":"s"}')
            await websocket.receive()
        else:
            await websocket.send_str("40")
        if frames:
            assert websocket._writer
            assert websocket._writer.transport
            websocket._writer.transport.write(frames.pop())
        for event in EVENTS:
            await websocket.send_str(event)
        async for _ in websocket:
            pass

    async with websocket_server(serve) as uri, aiohttp.ClientSession() as session:
        client = make_client(session, LocalTokens(session), uri)
        if isinstance(client, CloudNodeClient):
            client.device_ids = {1}
        async with RunningStream(client) as stream:
            await wait_until(lambda: stream.events and stream.statuses[-1] is CONNECTED)
            assert DOWN not in stream.statuses


def _frame(opcode: int, payload: bytes) -> bytes:
    """Return a frame, also one that no library would send."""
    size = len(payload)
    extended = bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2)
    return bytes([0x80 | opcode]) + extended + payload
