"""Shared by the tests of pdk/: clients of the simulator, and pdk's private names."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
import json
from pathlib import Path
import time
from typing import Any, override
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import pytest

from custom_components.prodatakey.pdk.account import AccountClient
from custom_components.prodatakey.pdk.generations import (
    Client,
    create_client,
    get_sites,
)
from custom_components.prodatakey.pdk.http import Token
from custom_components.prodatakey.pdk.listing import read_tree
from custom_components.prodatakey.pdk.models import CloudNodeInfo, DoorId, PanelInfo
from custom_components.prodatakey.pdk.service import Service
from custom_components.prodatakey.pdk.v1 import socketio2 as v1_socket
from custom_components.prodatakey.pdk.v1.client import (
    PanelClient,
    find_panels,
    get_panel,
)
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient, get_cloud_node
from simulator.scenario import device_id
from tests.network import Proxy
from tests.simulator_process import (
    CREDENTIALS,
    PANEL,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    SimulatedPdk,
)

CLIENT_ID, CLIENT_SECRET = CREDENTIALS.values()
SAMPLES: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("samples.json").read_text(encoding="utf-8")
)
PDK = "custom_components.prodatakey.pdk"
# The first packet of a server of either generation.
OPENING = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
# The constants that tests change.
CONSTANTS = {
    "answer_timeout": "commands.ANSWER_TIMEOUT",
    "backoff_delays": "reconnect.BACKOFF_DELAYS",
    "confirmation_timeout": "do_not_disturb.CONFIRMATION_TIMEOUT",
    "close_timeout": "websocket.CLOSE_TIMEOUT",
    "connect_timeout": "connection.CONNECT_TIMEOUT",
    "jwt_lifetime": "account.jwt_lifetime",
    "max_wait": "account.MAX_WAIT",
    "max_backoff": "reconnect.MAX_BACKOFF",
    "min_retry_after": "http.MIN_RETRY_AFTER",
    "min_token_life": "reconnect.MIN_TOKEN_LIFETIME",
    "overlap": "v2.stream.OVERLAP",
    "renew_at": "http.RENEW_AT",
    "renewal_grace": "reconnect.RENEWAL_GRACE",
    "request_timeout": "http.TIMEOUT",
    "settling": "v2.status.SETTLING",
    "silent_after": "reconnect.SILENT_AFTER",
    "stable_after": "reconnect.STABLE_AFTER",
    "tick": "transport.TICK",
    "validation_time": "v2.node.VALIDATION_TIME",
    "writes_per_second": "account.WRITES_PER_SECOND",
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


def shorten_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts to connect, and requests for tokens, follow each other quickly."""
    set_constants(
        monkeypatch,
        backoff_delays=(0.1,),
        confirmation_timeout=0.15,
        max_backoff=0.1,
        validation_time=0.2,
        writes_per_second=100,
    )


def account_client(
    session: aiohttp.ClientSession,
    url: str,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
) -> AccountClient:
    """Return a client of an account of a simulated pdk.io."""
    service = simulated_service(url)
    return AccountClient(session, client_id, client_secret, service)


def simulated_service(url: str) -> Service:
    """Return what the integration takes for pdk.io if its environment says so."""
    url = url.rstrip("/")
    host = str(urlsplit(url).hostname)
    return Service(
        accounts_url=url,
        systems_url=url,
        hosts=(host,),
        schemes=("http", "https"),
    )


async def get_panels(accounts: AccountClient) -> list[PanelInfo]:
    """Return the panels of an account, as PDK 1.0 lists them."""
    tree = await read_tree(accounts, "/api/ous")
    return find_panels(accounts, tree.found)


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


async def simulated_node_client(
    session: aiohttp.ClientSession, accounts: AccountClient
) -> CloudNodeClient:
    """Return a client of the simulated cloud node that has read its devices."""
    info = await get_cloud_node(accounts, WORKSHOP_SYSTEM, WORKSHOP)
    client = CloudNodeClient(session, accounts, info)
    await client.get_doors()
    return client


def node_client(
    session: aiohttp.ClientSession, accounts: AccountClient, uri: str
) -> CloudNodeClient:
    """Return a client of a cloud node whose system is at this address."""
    info = CloudNodeInfo(
        id=WORKSHOP,
        name="Workshop",
        uri=f"{uri}{WORKSHOP_SYSTEM}/",
        system_id=WORKSHOP_SYSTEM,
        cloud_node_id="node",
    )
    return CloudNodeClient(session, accounts, info)


async def proxied_client(
    session: aiohttp.ClientSession, accounts_url: str, site: str, proxy: Proxy
) -> Client:
    """Return a client of a site that is behind a proxy."""
    account = account_client(session, accounts_url)
    sites = {info.id: info for info in (await get_sites(account)).found}
    address = urlsplit(sites[site].uri)
    proxy.target = address.port or 0
    uri = f"http://127.0.0.1:{proxy.port}{address.path}"
    return create_client(session, account, replace(sites[site], uri=uri))


@dataclass(frozen=True, slots=True)
class SimulatedSite:
    """A simulated site of either generation, and a client of it."""

    pdk: SimulatedPdk
    client: Client

    @property
    def id(self) -> str:
        """Return the id of its panel."""
        return self.client.info.id

    @property
    def is_pdk1(self) -> bool:
        """Return whether it is on PDK 1.0."""
        return isinstance(self.client, PanelClient)

    def topic(self, name: str) -> str:
        """Return the topic of an event about a door."""
        return f"door.{name}" if self.is_pdk1 else f"device.{name}"

    def door(self, number: int) -> DoorId:
        """Return the id of a door, in events and commands."""
        return number if self.is_pdk1 else device_id(self.id, number)

    async def doors_opened(self, wait: float = 0) -> list[Any]:
        """Return the doors of the commands that it has received."""
        key = "doorId" if self.is_pdk1 else "deviceId"
        received = await self.pdk.commands(self.id, wait=wait)
        return [command["body"][key] for command in received]

    async def subscribed(self, times: int = 1) -> None:
        """Wait until clients have subscribed so often, where they have to."""
        if not self.is_pdk1:
            await self.pdk.subscriptions(self.id, times)


def known_secrets(client: Client) -> set[str]:
    """Return the secrets and tokens that a client has had so far."""
    basic = client.account._basic.removeprefix("Basic ").rstrip("=")
    return {basic, *client.account.secrets, *client._tokens}


class LocalTokens(AccountClient):
    """An account that makes tokens itself: token-1, token-2 and so on."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Initialize without an accounts service."""
        super().__init__(session, "", "")
        self.made = 0

    @override
    async def get_token(self, path: str) -> Token:
        self.made += 1
        return Token(
            value=f"token-{self.made}", received=time.monotonic(), lifetime=300
        )


def make_socket(
    session: aiohttp.ClientSession,
    on_event: Callable[[str, object], None] = lambda *_: None,
) -> v1_socket.Socket:
    """Return a socket of PDK 1.0 that is not connected."""
    return v1_socket.Socket(session, lambda _: None, on_event)


async def send_frame(pdk: SimulatedPdk, frame: str) -> None:
    """Let the panel send a frame."""
    await pdk.control("POST", f"panels/{PANEL}/raw", {"frame": frame})


async def wait_for_requests(
    pdk: SimulatedPdk, kind: str, count: int = 1, seconds: float = 10
) -> None:
    """Wait until pdk.io has received so many requests of a kind."""
    async with asyncio.timeout(seconds):
        # each round is a request, so it is the simulator that paces this
        while (await pdk.requests())[kind] < count:
            pass


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
