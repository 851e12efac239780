"""Nothing that comes over the websocket makes more happen than an end of the connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.prodatakey.pdk.accounts import Panel
from custom_components.prodatakey.pdk.events import PdkEvent
from custom_components.prodatakey.pdk.socketio2 import Socket
from custom_components.prodatakey.pdk.stream import PanelStream, StreamStatus
from custom_components.prodatakey.pdk.tokens import Token
from tests.common import wait_until

from .test_parse import BOUNDED

HELLO = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
EVENT = '42["door.input.relay.on",{"body":{"doorId":1}}]'

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
def use_custom_integrations(socket_enabled: None) -> None:
    """Leave Home Assistant out; let the library reach 127.0.0.1."""


async def test_socket_io_packets() -> None:
    """Any text after the `4` is an event with a name, or nothing, or the end."""
    named: list[object] = []
    async with aiohttp.ClientSession() as session:
        loop = asyncio.get_running_loop()

        @settings(BOUNDED)
        @given(packets)
        def take(text: str) -> None:
            socket = Socket(session, lambda _: None, lambda name, _: named.append(name))
            step = socket._handle_eio_message(text)
            try:
                while True:
                    step.send(None)
            except StopIteration:
                pass

        assert loop.is_running()
        take()
    assert all(isinstance(name, str) for name in named)


class _Access:
    """A panel of a test's own."""

    def __init__(self, session: aiohttp.ClientSession, uri: str) -> None:
        """Take its address."""
        self.session = session
        self.panel = Panel(id="P", name="P", uri=uri)

    async def token(self) -> Token:
        """Return a token that lives long."""
        return Token(
            value="token", received=asyncio.get_running_loop().time(), lifetime=3600
        )

    renewed_token = token

    def forget_token(self) -> None:
        """Keep it."""


type Say = Callable[[web.WebSocketResponse], object]


@asynccontextmanager
async def panel(say: Say) -> AsyncIterator[str]:
    """Run a panel that says something strange on its first connection."""
    connections = 0

    async def serve(request: web.Request) -> web.WebSocketResponse:
        nonlocal connections
        connections += 1
        response = web.WebSocketResponse()
        await response.prepare(request)
        await response.send_str(HELLO)
        await response.send_str("40")
        if connections == 1:
            answer = say(response)
            if asyncio.iscoroutine(answer):
                await answer
        await response.send_str(EVENT)
        async for _ in response:
            pass
        return response

    app = web.Application()
    app.router.add_get("/socket.io/", serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


def _raw(payload: bytes, opcode: int = 1) -> Say:
    """Return a way to send a frame as no library would."""

    def say(response: web.WebSocketResponse) -> object:
        assert response._writer
        assert response._writer.transport
        size = len(payload)
        head = bytes([0x80 | opcode])
        head += bytes([size]) if size < 126 else bytes([126]) + size.to_bytes(2)
        response._writer.transport.write(head + payload)
        return None

    return say


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(_raw(b"42\xff\xfe\x00"), id="text that is not UTF-8"),
        pytest.param(_raw(b'42["liveEvent",{"info":"\xed\xa0\x80"}]'), id="surrogates"),
        pytest.param(_raw(b"", 1), id="empty text"),
        pytest.param(_raw(b"\x04\xff\xff", 2), id="binary"),
        pytest.param(_raw(b"", 2), id="empty binary"),
        pytest.param(_raw(b"x" * 126, 9), id="a ping that is too long"),
        pytest.param(_raw(b"", 3), id="an opcode that there is not"),
        pytest.param(_raw(b"\x00", 8), id="a close that is cut short"),
        pytest.param(lambda ws: ws.send_str(HELLO), id="opened twice"),
        pytest.param(lambda ws: ws.send_str("40"), id="accepted twice"),
        pytest.param(lambda ws: ws.send_str("2probe"), id="a ping from the server"),
        pytest.param(lambda ws: ws.send_str("3"), id="a pong for nothing"),
        pytest.param(lambda ws: ws.send_str("5"), id="an upgrade"),
        pytest.param(lambda ws: ws.send_str("9"), id="a packet that there is not"),
        pytest.param(lambda ws: ws.send_str("451-[]"), id="a binary event"),
        pytest.param(lambda ws: ws.send_str("42[]"), id="an event without a name"),
        pytest.param(lambda ws: ws.send_str("42[NaN]"), id="NaN"),
        pytest.param(lambda ws: ws.send_str("42" + "[" * 9000), id="deep"),
    ],
)
async def test_frames(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream goes on, or comes back, and events pass."""
    back_off = "custom_components.prodatakey.pdk.back_off"
    monkeypatch.setattr(f"{back_off}.BACK_OFF", (0.05,))
    monkeypatch.setattr(f"{back_off}.LONGEST_BACK_OFF", 0.05)
    events: list[PdkEvent] = []
    statuses: list[StreamStatus] = []
    async with panel(say) as uri, aiohttp.ClientSession() as session:
        stream = PanelStream(
            _Access(session, uri),  # type: ignore[arg-type]
            on_event=events.append,
            on_status=lambda status, _: statuses.append(status),
        )
        running = asyncio.create_task(stream.run())
        await wait_until(lambda: events and statuses[-1] is StreamStatus.CONNECTED, 5)
        assert StreamStatus.DOWN not in statuses
        running.cancel()
        await asyncio.wait({running})
