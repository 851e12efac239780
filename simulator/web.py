"""The web page at `/`, and the websocket that keeps it up to date."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from . import views
from .control import Handler
from .observers import Observer
from .world import Simulation

_FOLDER = Path(__file__).with_name("page")
# The page loads nothing from other hosts.
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'",
}

# Real seconds between two messages, so that many events make few messages.
_MIN_INTERVAL = 0.05


class WebPage:
    """The page with a card for every door."""

    def __init__(self, simulation: Simulation, home_assistant: str | None) -> None:
        """Initialize the page; it links to a Home Assistant, if there is one."""
        self._simulation = simulation
        self._home_assistant = home_assistant

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the page's files and its websocket."""
        files = [
            web.get(f"/page/{path.name}", partial(_file, path))
            for path in sorted(_FOLDER.iterdir())
        ]
        index = web.get("/", partial(_file, _FOLDER / "index.html"))
        return [index, *files, web.get("/control/live", self._handle_websocket)]

    @web.middleware
    async def notify_observers(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Notify the open pages after each request that may have changed something."""
        response = await handler(request)
        if request.method != "GET":
            self._simulation.observers.notify()
        return response

    async def _handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        tasks = [
            asyncio.create_task(self._send_updates(socket)),
            asyncio.create_task(_wait_for_close(socket)),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
        return socket

    async def _send_updates(self, socket: web.WebSocketResponse) -> None:
        observer, observers = Observer(), self._simulation.observers
        before: dict[str, Any] = {}
        observers.add(observer)
        try:
            with suppress(ConnectionError):
                while True:
                    records = await observer.wait()
                    world = self._simulation.world
                    log = [views.page_log_entry(world, each) for each in records]
                    state = views.page_state(world)
                    if log or state["panels"] != before.get("panels"):
                        link = {"home_assistant": self._home_assistant}
                        await socket.send_json(state | {"log": log} | link)
                    before = state
                    await asyncio.sleep(_MIN_INTERVAL)
        finally:
            observers.discard(observer)


async def _wait_for_close(socket: web.WebSocketResponse) -> None:
    """Wait for the end; the page sends nothing, as it acts by requests."""
    async for _ in socket:
        pass


async def _file(path: Path, _request: web.Request) -> web.FileResponse:
    return web.FileResponse(path, headers=_HEADERS)
