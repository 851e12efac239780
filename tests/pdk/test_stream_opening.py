"""A stream is opened or refused, or meets something else than a panel."""

import asyncio
import gc
from itertools import product
import logging
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    PdkError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.http import abort
from custom_components.prodatakey.pdk.v1 import socketio2
from custom_components.prodatakey.pdk.v1.client import PanelClient
from custom_components.prodatakey.pdk.v2 import socketio4
from tests.simulator_process import PANEL, SimulatedPdk

from .common import OPENING, PDK, make_socket, set_constants, websocket_server
from .running_stream import CONNECTED, DOWN, RunningStream

# Frames with which no Engine.IO server opens.
NO_OPENINGS = (
    "",
    "hello",
    "b!!!",
    "4hello",
    "0[]",
    '0{"sid":"a","pingInterval":1e999,"pingTimeout":5000}',
)

type Socket = socketio2.Socket | socketio4.Socket


@pytest.fixture(params=["1.0", "2.0"])
async def socket(
    request: pytest.FixtureRequest, session: aiohttp.ClientSession
) -> Socket:
    """Return a socket of either generation that is not connected."""
    if request.param == "1.0":
        return make_socket(session)
    return socketio4.Socket(session, lambda *_: None)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"mode": "http", "status": 400}, StreamRefusedError),
        ({"mode": "http", "status": 403}, StreamRefusedError),
        ({"mode": "http", "status": 429}, CannotConnectError),
        ({"mode": "http", "status": 502}, CannotConnectError),
        ({"mode": "error44"}, StreamRefusedError),
        ({"mode": "abort"}, CannotConnectError),
        ({"mode": "hang"}, CannotConnectError),
        ({"mode": "no_connect"}, CannotConnectError),
    ],
    ids=str,
)
async def test_handshake_fails(
    client: PanelClient,
    simulator: SimulatedPdk,
    short_waits: None,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    error: type[PdkError],
) -> None:
    """Test the error of a connection that fails once."""
    if fault["mode"] in {"hang", "no_connect"}:
        set_constants(monkeypatch, connect_timeout=0.3)
    await simulator.faults(PANEL, handshake={"count": 1} | fault)
    async with RunningStream(client) as stream:
        assert stream.statuses == [DOWN, CONNECTED]
        assert [type(err) for err in stream.errors] == [error]


@pytest.mark.parametrize("status", [301, 307])
async def test_token_is_not_redirected(socket: Socket, status: int) -> None:
    """Test that a redirection is not followed: the token is in the address."""
    requests: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request.path_qs)
        location = f"{server.make_url('/elsewhere')}?{request.query_string}"
        return web.Response(status=status, headers={"Location": location})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        with pytest.raises(CannotConnectError, match=f"HTTP {status}"):
            await socket.open(f"ws://{server.host}:{server.port}/?token=secret")
        await socket.close()
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("socket", "frame"),
    [
        *product(("1.0", "2.0"), NO_OPENINGS),
        pytest.param("1.0", "0" + "[" * 100_000, id="1.0-deep"),
    ],
    indirect=["socket"],
)
async def test_no_engineio_server(socket: Socket, frame: str) -> None:
    """Test the error of a server whose first packet is not that of Engine.IO."""

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(frame)
        await websocket.receive()

    async with websocket_server(serve) as uri:
        with pytest.raises(CannotConnectError, match=r"Engine\.IO|not opened"):
            await socket.open(uri.replace("http", "ws"))
        await socket.close()


async def test_server_that_opens_nothing(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that a websocket on which nothing comes is given up, and closed."""
    set_constants(monkeypatch, connect_timeout=0.3)
    ended = asyncio.Event()

    async def serve(websocket: web.WebSocketResponse) -> None:
        try:
            await websocket.receive()
        finally:
            ended.set()

    async with websocket_server(serve) as uri:
        with pytest.raises(CannotConnectError):
            await socket.open(uri.replace("http", "ws"))
        await socket.close()
        await asyncio.wait_for(ended.wait(), 10)


@pytest.mark.parametrize("socket", ["1.0", "2.0"], indirect=True)
async def test_server_that_resets_after_opening(
    socket: Socket, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that the end is handled, whichever task notices it first."""

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(OPENING)
        assert websocket._req and websocket._req.transport
        abort(websocket._req.transport)

    loop = asyncio.get_running_loop()
    unhandled: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: unhandled.append(context))
    async with websocket_server(serve) as uri:
        with pytest.raises((CannotConnectError, StreamRefusedError)):
            await socket.open(uri.replace("http", "ws"))
        await socket.close()
    gc.collect()
    assert not unhandled
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]


async def test_slow_opening_is_no_stall(socket: Socket) -> None:
    """Test that a connection which took long to open delays nothing, and stays open."""

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(OPENING)
        await websocket.send_str('40{"sid":"s"}')
        async for _ in websocket:
            pass

    async with websocket_server(serve) as uri:
        # as if all of this had begun a minute ago
        socket.eio._last_tick -= 60
        socket.eio._last_now -= 60
        await socket.open(uri.replace("http", "ws"))
        assert not (await asyncio.wait({socket.ended}, timeout=0.1))[0]
        assert not socket.eio.delayed
        await socket.close()


async def test_server_that_ignores_the_close(
    socket: Socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that a connection is closed although the server goes on sending."""
    monkeypatch.setattr(f"{PDK}.websocket.CLOSE_TIMEOUT", 0.2)
    ended = asyncio.Event()

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(OPENING)
        await websocket.send_str('40{"sid":"s"}')
        try:
            while True:
                await websocket.send_str('42["liveEvent",{}]')
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with websocket_server(serve) as uri:
        await socket.open(uri.replace("http", "ws"))
        await asyncio.wait_for(socket.close(), 10)
        await asyncio.wait_for(ended.wait(), 10)


async def test_pings_of_the_websocket(
    socket: Socket, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that a websocket ping may come first, or while the connection ends."""
    received: list[str] = []

    def handle_event(topic: str, _: object) -> None:
        received.append(topic)
        socket.eio.abort()

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.ping()
        await websocket.send_str(OPENING)
        await websocket.send_str('40{"sid":"s"}')
        async for _ in websocket:
            # all at once, so that the client has received the rest as well
            frames = [(1, b'42["first"]'), (9, b""), (1, b'42["last"]')]
            assert websocket._req and websocket._req.transport
            websocket._req.transport.write(
                b"".join(
                    bytes((0x80 | code, len(data))) + data for code, data in frames
                )
            )

    socket.on_event = handle_event
    async with websocket_server(serve) as uri:
        await socket.open(uri.replace("http", "ws"))
        await socket.send_event("begin", {})
        await asyncio.wait_for(socket.ended, 10)
        await socket.close()
    assert received == ["first", "last"]
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
