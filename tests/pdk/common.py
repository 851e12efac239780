"""What the tests of pdk.io share. What they know of the integration's inside is here."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
import json
from pathlib import Path
import time
from typing import Any, override

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.prodatakey.pdk.client import AccountClient
from custom_components.prodatakey.pdk.http import Token
from custom_components.prodatakey.pdk.models import PanelInfo
from custom_components.prodatakey.pdk.v1.client import PanelClient, get_panel
from custom_components.prodatakey.pdk.v1.socketio2 import Socket
from tests.common import CREDENTIALS, PANEL
from tests.simulator_process import SimulatedPdk

CLIENT_ID, CLIENT_SECRET = CREDENTIALS.values()
SAMPLES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("samples.json").read_text(encoding="utf-8")
)
PDK = "custom_components.prodatakey.pdk"
STREAM_LOGGER = f"{PDK}.stream"
# The constants that tests change.
CONSTANTS = {
    "answer_timeout": "commands.ANSWER_TIMEOUT",
    "backoff_delays": "reconnect.BACKOFF_DELAYS",
    "connect_timeout": "connection.CONNECT_TIMEOUT",
    "jwt_lifetime": "client.jwt_lifetime",
    "max_backoff": "reconnect.MAX_BACKOFF",
    "min_retry_after": "http.MIN_RETRY_AFTER",
    "min_token_life": "reconnect.MIN_TOKEN_LIFETIME",
    "overlap": "v2.stream.OVERLAP",
    "rejection_grace": "v1.pending.REJECTION_GRACE",
    "renew_at": "http.RENEW_AT",
    "renewal_grace": "reconnect.RENEWAL_GRACE",
    "request_timeout": "http.TIMEOUT",
    "stable_after": "reconnect.STABLE_AFTER",
}

SHORT_TIMEOUTS: dict[str, Any] = {
    "answer_timeout": 0.6,
    "backoff_delays": (0.1,),
    "connect_timeout": 0.6,
    "max_backoff": 0.1,
    "min_retry_after": 0.1,
    "min_token_life": 0.2,
    "request_timeout": 0.6,
}


def set_constants(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Set constants for the rest of a test."""
    for name, value in values.items():
        if name == "request_timeout":
            value = aiohttp.ClientTimeout(total=value)
        monkeypatch.setattr(f"{PDK}.{CONSTANTS[name]}", value)


def account_client(
    session: aiohttp.ClientSession,
    url: str,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
) -> AccountClient:
    """Return a client of an account."""
    return AccountClient(session, client_id, client_secret, url)


def panel_client(
    session: aiohttp.ClientSession, accounts: AccountClient, uri: str
) -> PanelClient:
    """Return a client of the panel at this address."""
    return PanelClient(session, accounts, PanelInfo(id=PANEL, name="Panel", uri=uri))


async def simulated_panel_client(
    session: aiohttp.ClientSession, pdk: SimulatedPdk
) -> PanelClient:
    """Return a client of the simulated panel, found through its account."""
    accounts = account_client(session, pdk.accounts_url)
    return PanelClient(session, accounts, await get_panel(accounts, PANEL))


class LocalTokens(AccountClient):
    """An account that makes tokens itself: token-1, token-2 and so on."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Initialize without an accounts service."""
        super().__init__(session, "", "")
        self.made = 0
        self.lifetime = 300.0

    @override
    async def get_token(self, path: str) -> Token:
        self.made += 1
        return make_token(f"token-{self.made}", self.lifetime)


def make_token(value: str, lifetime: float = 300) -> Token:
    """Return a new token."""
    return Token(value=value, received=time.monotonic(), lifetime=lifetime)


def set_token(client: PanelClient, value: str) -> None:
    """Let a panel's client have a token that looks fresh."""
    client._token = make_token(value)


def known_secrets(client: PanelClient) -> set[str]:
    """Return the secrets and tokens that a panel's client has now."""
    tokens = (client._token, client.account._id_token)
    basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    return {
        CLIENT_SECRET,
        basic.rstrip("="),
        *(token.value for token in tokens if token),
    }


def make_socket(
    session: aiohttp.ClientSession,
    on_event: Callable[[str, object], None] = lambda *_: None,
) -> Socket:
    """Return a socket that is not connected."""
    return Socket(session, lambda _: None, on_event)


async def receive_packet(socket: Socket, packet: str) -> None:
    """Handle a Socket.IO packet as if it had come over a connection."""
    await socket._handle_eio_message(packet)


async def kick(pdk: SimulatedPdk, how: str = "close") -> None:
    """Let the panel end all connections."""
    await pdk.control("POST", f"panels/{PANEL}/kick", {"how": how})


async def send_frame(pdk: SimulatedPdk, frame: str) -> None:
    """Let the panel send a frame."""
    await pdk.control("POST", f"panels/{PANEL}/raw", {"frame": frame})


async def emit(pdk: SimulatedPdk, *events: dict[str, Any]) -> None:
    """Let the panel emit events at once."""
    await pdk.control("POST", f"panels/{PANEL}/emit", {"events": list(events)})


async def wait_for_requests(
    pdk: SimulatedPdk, kind: str, count: int = 1, seconds: float = 10
) -> None:
    """Wait until pdk.io has received so many requests of a kind."""
    async with asyncio.timeout(seconds):
        # each round is a request, so it is the simulator that paces this
        while (await pdk.requests())[kind] < count:
            pass


async def doors_opened(pdk: SimulatedPdk, wait: float = 0) -> list[Any]:
    """Return the doors of the commands that the panel has received."""
    received = await pdk.commands(PANEL, wait=wait)
    return [command["body"]["doorId"] for command in received]


@asynccontextmanager
async def websocket_server(
    serve: Callable[[web.WebSocketResponse], Any],
) -> AsyncIterator[str]:
    """Run a server of websockets, and give its address."""

    async def accept(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await serve(socket)
        return socket

    app = web.Application()
    app.router.add_get("/{path:.*}", accept)
    async with TestServer(app) as server:
        yield f"http://{server.host}:{server.port}/"
