"""The stream opens, or is refused, or meets something else than a panel."""

from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler
import pytest

from custom_components.prodatakey.pdk import socketio2
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    PdkError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import StreamStatus
from tests.simulator_process import SimulatedPdk

from .common import PANEL, listening

CONNECTED, DOWN = StreamStatus.CONNECTED, StreamStatus.DOWN


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"mode": "http", "status": 400}, StreamRefusedError),
        ({"mode": "http", "status": 403}, StreamRefusedError),
        ({"mode": "http", "status": 429}, CannotConnectError),
        ({"mode": "http", "status": 502}, CannotConnectError),
        ({"mode": "error44"}, StreamRefusedError),
        ({"mode": "abort", "count": 1}, CannotConnectError),
        ({"mode": "hang"}, CannotConnectError),
        ({"mode": "no_connect"}, CannotConnectError),
    ],
    ids=str,
)
async def test_handshake_fails(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    error: type[PdkError],
) -> None:
    """The panel does not let the stream in, once; the error says why."""
    if fault["mode"] in {"hang", "no_connect"}:
        monkeypatch.setattr(socketio2, "CONNECT_TIMEOUT", 1)
    await simulator.faults(PANEL, handshake={"count": 1} | fault)
    async with listening(access) as stream:
        assert stream.statuses == [DOWN, CONNECTED]
        assert type(stream.told[0][1]) is error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_the_token_goes_nowhere_else(
    access: PanelAccess, session: aiohttp.ClientSession, status: int
) -> None:
    """The panel, or who stands in its way, sends the stream to another address."""
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        return web.Response()

    async def away(request: web.Request) -> web.Response:
        location = str(other.make_url("/")) + "?" + request.query_string
        return web.Response(status=status, headers={"Location": location})

    async with (
        TestServer(_answering(elsewhere)) as other,
        TestServer(_answering(away)) as server,
    ):
        socket = socketio2.Socket(session, lambda _: None, lambda *_: None)
        with pytest.raises(CannotConnectError, match=f"HTTP {status}"):
            await socket.open(f"ws://{server.host}:{server.port}/?token=secret")
        await socket.close()
    assert asked == []


def _answering(answer: Handler) -> web.Application:
    """Return a server with one answer to everything."""
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    return app


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "hello",
        "b!!!",
        "4hello",
        "0[]",
        '0{"sid":"a","pingInterval":1e999,"pingTimeout":5000}',
        "0" + "[" * 100_000,
    ],
    ids=["empty", "text", "base64", "message", "list", "infinite", "deep"],
)
async def test_it_opens_with_something_else(
    session: aiohttp.ClientSession, frame: str
) -> None:
    """Whatever stands there instead of a panel, it is an error that is known."""

    async def greet(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        await response.send_str(frame)
        await response.receive()
        return response

    async with TestServer(_answering(greet)) as server:
        socket = socketio2.Socket(session, lambda _: None, lambda *_: None)
        with pytest.raises(CannotConnectError, match=r"no Engine\.IO server"):
            await socket.open(f"ws://{server.host}:{server.port}/")
        await socket.close()


async def test_a_fault_of_ours(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged without its words, and the attempts go on."""
    renewed, secrets = access.renewed_token, ["secret"]

    async def once() -> Any:
        return await renewed() if not secrets else secrets.pop()

    monkeypatch.setattr(access, "token", once)
    async with listening(access) as stream:
        assert stream.statuses == [DOWN, CONNECTED]
    assert "Fault in the stream: AttributeError" in caplog.text
    assert "_connect_and_stay" in caplog.text
    assert "secret" not in caplog.text
