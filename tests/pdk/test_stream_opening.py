"""A stream is opened or refused, or meets something else than a panel."""

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
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.common import PANEL
from tests.simulator_process import SimulatedPdk

from .common import make_socket, set_constants, websocket_server
from .running_stream import CONNECTED, DOWN, RunningStream


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
    short_backoff: None,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    error: type[PdkError],
) -> None:
    """Test the error of a connection that fails once."""
    if fault["mode"] in {"hang", "no_connect"}:
        set_constants(monkeypatch, connect_timeout=1)
    await simulator.faults(PANEL, handshake={"count": 1} | fault)
    async with RunningStream(client) as stream:
        assert stream.statuses == [DOWN, CONNECTED]
        assert [type(err) for err in stream.errors] == [error]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_token_is_not_redirected(
    session: aiohttp.ClientSession, status: int
) -> None:
    """Test that a redirection gets no request: the token is in the address."""
    requests: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        requests.append(request.path_qs)
        location = f"{server.make_url('/elsewhere')}?{request.query_string}"
        return web.Response(status=status, headers={"Location": location})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        socket = make_socket(session)
        with pytest.raises(CannotConnectError, match=f"HTTP {status}"):
            await socket.open(f"ws://{server.host}:{server.port}/?token=secret")
        await socket.close()
    assert len(requests) == 1


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
async def test_no_engineio_server(session: aiohttp.ClientSession, frame: str) -> None:
    """Test a server that opens with something else."""

    async def serve(websocket: web.WebSocketResponse) -> None:
        await websocket.send_str(frame)
        await websocket.receive()

    async with websocket_server(serve) as uri:
        socket = make_socket(session)
        with pytest.raises(CannotConnectError, match=r"no Engine\.IO server"):
            await socket.open(uri.replace("http", "ws"))
        await socket.close()


async def test_unexpected_error(
    client: PanelClient,
    simulator: SimulatedPdk,
    short_backoff: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Test that it is logged without its message, and that attempts go on."""
    get_token, failures = client.get_token, [RuntimeError("secret")]

    async def fail_once() -> Any:
        if failures:
            raise failures.pop()
        return await get_token()

    monkeypatch.setattr(client, "get_token", fail_once)
    async with RunningStream(client) as stream:
        assert stream.statuses == [DOWN, CONNECTED]
    assert "Unexpected error: RuntimeError" in caplog.text
    assert "fail_once" in caplog.text
    assert "secret" not in caplog.text
