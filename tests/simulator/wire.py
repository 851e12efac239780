"""A client that shows frames as they are."""

import asyncio
import json
from typing import Any

import aiohttp

from tests.common import PANEL, Json
from tests.simulator_process import SimulatedPdk


class Wire:
    """HTTP requests and one websocket."""

    _socket: aiohttp.ClientWebSocketResponse | None = None

    def __init__(self, pdk: SimulatedPdk, http: aiohttp.ClientSession) -> None:
        """Initialize without a connection."""
        self.pdk = pdk
        self._http = http

    async def close(self) -> None:
        """Close the websocket."""
        if self._socket:
            await self._socket.close()

    async def request(
        self, method: str, url: str, **options: Any
    ) -> tuple[int, Any, Any]:
        """Return status, headers and body of a response."""
        async with self._http.request(method, url, **options) as response:
            body: Any = await response.text()
            if response.content_type == "application/json" and body:
                body = json.loads(body)
            return response.status, response.headers, body

    async def log_in(self, authorization: str | None = None) -> tuple[int, Any, Any]:
        """Request an ID token."""
        basic = authorization or aiohttp.encode_basic_auth("demo", "demo-secret")
        return await self.request(
            "POST",
            f"{self.pdk.accounts_url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": basic},
        )

    async def accounts(self, method: str, path: str) -> tuple[int, Any, Any]:
        """Send a request to the accounts service with a new ID token."""
        token = (await self.log_in())[2]["id_token"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.pdk.accounts_url}/api/{path}"
        return await self.request(method, url, headers=headers)

    async def panel_token(self) -> str:
        """Return a new panel token."""
        _, _, body = await self.accounts("POST", f"panels/{PANEL}/token")
        return str(body["token"])

    async def devices(
        self, query: str = "", token: str | None = None
    ) -> tuple[int, Any, Any]:
        """Request the list of devices."""
        token = await self.panel_token() if token is None else token
        url = f"{self.pdk.panel_url(PANEL)}api/devices{query}"
        headers = {"Authorization": f"Bearer {token}"}
        return await self.request("GET", url, headers=headers)

    async def connect(self) -> Json:
        """Open a websocket with a new token, wait for `40`; return the open packet."""
        url = f"{self.pdk.panel_url(PANEL)}socket.io/?EIO=3&transport=websocket"
        token = await self.panel_token()
        self._socket = await self._http.ws_connect(f"{url}&token={token}")
        opened = await self.frame()
        assert opened[0] == "0"
        assert await self.frame() == "40"
        settings: Json = json.loads(opened[1:])
        return settings

    async def message(self) -> aiohttp.WSMessage:
        """Return the websocket's next message."""
        assert self._socket
        async with asyncio.timeout(5):
            return await self._socket.receive()

    async def frame(self) -> str:
        """Return the next text frame."""
        message = await self.message()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def event(self) -> list[Any]:
        """Return the next event's topic and arguments."""
        frame = await self.frame()
        assert frame[:2] == "42", frame
        event: list[Any] = json.loads(frame[2:])
        return event

    async def topics(self, count: int) -> list[str]:
        """Return the topics of the next events."""
        return [(await self.event())[0] for _ in range(count)]

    async def send(self, frame: str) -> None:
        """Send a frame."""
        assert self._socket
        await self._socket.send_str(frame)

    async def command(self, topic: str, **body: Any) -> None:
        """Send a command."""
        command = {"id": "c-1", "topic": topic, "body": body}
        await self.send(f"42{json.dumps(['command', command])}")

    async def renew(self, token: str) -> None:
        """Send a new token."""
        await self.send(f"42{json.dumps(['renewedToken', {'token': token}])}")

    async def is_silent(self) -> bool:
        """Return whether nothing but the answer to a ping arrives."""
        await self.send("2")
        return await self.frame() == "3"
