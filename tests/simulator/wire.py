"""A client that shows frames as they are."""

import asyncio
import json
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.simulator_process import SimulatedPdk

PANEL = "1070ABC"

type Json = dict[str, Any]


class Wire:
    """HTTP requests and one websocket."""

    def __init__(self, pdk: SimulatedPdk) -> None:
        """Talk to a simulated pdk.io."""
        self.pdk = pdk
        self._http = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        if self._socket:
            await self._socket.close()
        await self._http.close()

    async def request(
        self, method: str, url: str, **options: Any
    ) -> tuple[int, Any, Any]:
        """Return status, headers and body of an answer."""
        async with self._http.request(method, url, **options) as response:
            body: Any = await response.text()
            if response.content_type == "application/json" and body:
                body = json.loads(body)
            return response.status, response.headers, body

    async def id_token(self, secret: str = "demo-secret") -> str:
        """Log in."""
        _, _, body = await self.request(
            "POST",
            f"{self.pdk.accounts_url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": aiohttp.encode_basic_auth("demo", secret)},
        )
        return str(body["id_token"])

    async def accounts(self, method: str, path: str) -> tuple[int, Any, Any]:
        """Ask the accounts service with a fresh ID token."""
        headers = {"Authorization": f"Bearer {await self.id_token()}"}
        url = f"{self.pdk.accounts_url}/api/{path}"
        return await self.request(method, url, headers=headers)

    async def panel_token(self, panel: str = PANEL) -> str:
        """Return a fresh panel token."""
        _, _, body = await self.accounts("POST", f"panels/{panel}/token")
        return str(body["token"])

    async def connect(self, token: str | None = None, panel: str = PANEL) -> Json:
        """Open a websocket; return the open packet."""
        token = token or await self.panel_token(panel)
        url = f"{self.pdk.panel_url(panel)}socket.io/?EIO=3&transport=websocket"
        self._socket = await self._http.ws_connect(f"{url}&token={token}")
        frame = await self.frame()
        assert frame[0] == "0"
        opened: Json = json.loads(frame[1:])
        return opened

    async def connected(self, token: str | None = None, panel: str = PANEL) -> Json:
        """Connect as far as `40`."""
        opened = await self.connect(token, panel)
        assert await self.frame() == "40"
        return opened

    async def message(self, wait: float = 5) -> aiohttp.WSMessage:
        """Return the websocket's next message."""
        assert self._socket
        async with asyncio.timeout(wait):
            return await self._socket.receive()

    async def frame(self, wait: float = 5) -> str:
        """Return the next text frame."""
        message = await self.message(wait)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return str(message.data)

    async def event(self, wait: float = 5) -> list[Any]:
        """Return the next event's topic and arguments."""
        frame = await self.frame(wait)
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

    async def emit(self, topic: str, payload: Any) -> None:
        """Send an event."""
        await self.send(f"42{json.dumps([topic, payload])}")

    async def command(self, topic: str, **body: Any) -> None:
        """Send a command."""
        await self.emit("command", {"id": "c-1", "topic": topic, "body": body})

    async def silence(self) -> bool:
        """Tell whether nothing but the answer to a ping arrives."""
        await self.send("2")
        return await self.frame() == "3"
