"""A panel on the network: its address, REST API and stream."""

import socket
from typing import Any

from aiohttp import web

from .engine import How
from .faults import RateLimit, fail
from .panel import Panel
from .stream import Stream
from .v2.system import System

LOOPBACK = "127.0.0.1"

_MAX_PAGE = 100


class PanelHost:
    """The server of a panel, which can go offline and online."""

    def __init__(self, panel: Panel) -> None:
        """Initialize the server."""
        self.panel = panel
        self.stream = Stream(panel)
        self.system: System | None = None
        """The system that serves the panel on PDK 2.0; None on PDK 1.0."""
        self._port = 0
        self._limit = RateLimit(requests=70, writes=20)
        app = web.Application()
        app.router.add_get("/api/devices", self._handle_devices)
        app.router.add_route("*", "/socket.io/", self.stream.handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1
        )
        self._site: web.SockSite | None = None
        self._reserved: socket.socket | None = None
        """Keeps the port of a panel that is offline: connections are refused there."""

    @property
    def uri(self) -> str:
        """Return the panel's address."""
        return f"http://{LOOPBACK}:{self._port}/"

    @property
    def reported_uri(self) -> str:
        """Return the address that the accounts service gives."""
        return self.panel.faults.get("uri") or self.uri

    async def start(self, port: int) -> None:
        """Start listening; a panel that is offline only reserves its port."""
        await self._runner.setup()
        self._port = port
        online = self.panel.online
        await self.go_online()
        if not online:
            await self.go_offline()

    async def go_online(self) -> None:
        """Listen."""
        self.panel.online = True
        if self._site is None:
            bound, self._reserved = self._reserved or _bind(self._port), None
            self._port = bound.getsockname()[1]
            self._site = web.SockSite(self._runner, bound)
            await self._site.start()

    async def go_offline(self) -> None:
        """Stop listening and abort every connection."""
        self.panel.online = False
        if self._site:
            await self._site.stop()
            self._site = None
            self._reserved = _bind(self._port)
        await self.kick("abort")
        server = self._runner.server
        for connection in server.connections if server else ():
            if connection.transport:
                connection.transport.abort()

    async def move(self) -> None:
        """Move to another free port; the former address does not answer any more."""
        await self.go_offline()
        self._release_port()
        self._port = 0
        await self.go_online()

    def join_system(self, system: System) -> None:
        """Move to PDK 2.0: a system serves the panel from now on."""
        self.system = system
        system.add(self.panel)

    async def leave_system(self) -> None:
        """Return to PDK 1.0, if the panel is on PDK 2.0."""
        if self.system:
            system, self.system = self.system, None
            await system.remove(self.panel)

    def _release_port(self) -> None:
        """Let others have the port."""
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    async def kick(self, how: How) -> None:
        """Close the connections of the stream."""
        await self.stream.kick(how)

    async def stop(self) -> None:
        """Stop the panel and its server."""
        await self.go_offline()
        self._release_port()
        self.panel.stop()
        self.stream.stop()
        await self._runner.cleanup()

    async def _handle_devices(self, request: web.Request) -> web.Response:
        panel = self.panel
        panel.requests["devices"] += 1
        fault = panel.faults.take("devices")
        if fault and (failed := await fail(fault, request)):
            return failed
        headers, exceeded = self._limit.count(request, panel.faults)
        if exceeded:
            panel.requests["limited"] += 1
            return _problem(429, "Too many requests.", headers)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or panel.tokens.subject(token) != panel.id:
            return _problem(401, "Unauthorized", headers)
        devices = [each.device for each in panel.doors.values()]
        try:
            response = page_of(request, devices)
        except ValueError:
            return _problem(400, "Bad request", headers)
        response.headers.update(headers)
        return response


def page_of(request: web.Request, items: list[Any]) -> web.Response:
    """Return the requested page of a list. Raises ValueError."""
    page = max(0, int(request.query.get("page", 0)))
    per_page = min(max(1, int(request.query.get("per_page", 10))), _MAX_PAGE)
    start = page * per_page
    headers = {
        "X-Total-Count": str(len(items)),
        "Link": _links(request, page, per_page, len(items)),
    }
    return web.json_response(items[start : start + per_page], headers=headers)


def _problem(status: int, message: str, headers: dict[str, str]) -> web.Response:
    return web.json_response({"message": message}, status=status, headers=headers)


def _links(request: web.Request, page: int, per_page: int, total: int) -> str:
    last = max(0, (total - 1) // per_page)
    pages = {"first": 0, "last": last}
    if page > 0:
        pages["prev"] = page - 1
    if page < last:
        pages["next"] = page + 1
    base = request.url.with_query(None)
    return ", ".join(
        f'<{base.with_query(page=number, per_page=per_page)}>; rel="{rel}"'
        for rel, number in pages.items()
    )


def _bind(port: int) -> socket.socket:
    """Return a socket that has a port, and does not listen yet."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((LOOPBACK, port))
    return bound
