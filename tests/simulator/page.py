"""A page without a browser."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp

from tests.simulator_process import Json, SimulatedPdk

from .wire import PANEL


class Page:
    """What a browser's page would hear."""

    def __init__(self, pdk: SimulatedPdk) -> None:
        """Look at a simulated pdk.io."""
        self._url = f"{pdk.accounts_url}/control/live"
        self._http = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        """Open it."""
        self._socket = await self._http.ws_connect(self._url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        await self._socket.close()
        await self._http.close()

    async def message(self) -> Json:
        """Return what it is told next."""
        async with asyncio.timeout(5):
            message: Json = await self._socket.receive_json()
            return message

    async def log(self, count: int) -> list[Json]:
        """Return the next lines of the log, however many messages they come in."""
        lines: list[Json] = []
        while len(lines) < count:
            lines += (await self.message())["log"]
        return lines

    async def door(self, door: int, **live: bool) -> Json:
        """Wait until a door is told to be so."""
        while True:
            panel = (await self.message())["panels"].get(PANEL, {"doors": {}})
            told: Json = panel["doors"].get(str(door), {"live": {}})
            if told["live"] | live == told["live"]:
                return told
