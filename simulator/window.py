"""The page at `/`, and the websocket that keeps it up to date."""

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from . import view
from .audience import Watcher
from .control import Answer
from .world import Simulation

_FOLDER = Path(__file__).with_name("page")
# Nothing but what is in the folder: the page works without any other network.
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'",
}

# Real seconds between two messages: a storm of events is told in few of them.
_PAUSE = 0.05


class Window:
    """What can be seen of the simulation."""

    def __init__(self, simulation: Simulation) -> None:
        """Look at a simulation."""
        self._simulation = simulation

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the page's files and its websocket."""
        files = [
            web.get(f"/page/{path.name}", partial(_file, path))
            for path in sorted(_FOLDER.iterdir())
        ]
        index = web.get("/", partial(_file, _FOLDER / "index.html"))
        return [index, *files, web.get("/control/live", self._live)]

    @web.middleware
    async def tell_changes(
        self, request: web.Request, handler: Answer
    ) -> web.StreamResponse:
        """Wake the watchers after whatever may have changed the world."""
        response = await handler(request)
        if request.method != "GET":
            self._simulation.audience.wake()
        return response

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        tasks = [asyncio.create_task(do(socket)) for do in (self._tell, _gone)]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
        return socket

    async def _tell(self, socket: web.WebSocketResponse) -> None:
        """Tell every change, as fast as it is listened to."""
        watcher, audience = Watcher(), self._simulation.audience
        before: dict[str, Any] = {}
        audience.join(watcher)
        try:
            with suppress(ConnectionError):
                while True:
                    happenings = await watcher.changed()
                    world = self._simulation.world
                    after = view.world(world)
                    log = [view.happening(world, each) for each in happenings]
                    message = view.difference(before, after) | {"log": log}
                    if log or message["panels"] or "whole" in message:
                        await socket.send_json(message)
                    before = after
                    await asyncio.sleep(_PAUSE)
        finally:
            audience.leave(watcher)


async def _gone(socket: web.WebSocketResponse) -> None:
    """Wait until nobody listens; the page acts by requests, so it says nothing."""
    async for _ in socket:
        pass


async def _file(path: Path, _request: web.Request) -> web.FileResponse:
    return web.FileResponse(path, headers=_HEADERS)
