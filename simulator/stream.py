"""The panel's stream: a genuine Socket.IO 2.x server in Python."""

import asyncio
from collections.abc import Mapping
import logging
import time
from typing import Any, cast

from aiohttp import web
from socketio_v4 import AsyncServer

from . import commands
from .connection import Connection
from .engine import How, PanelEngine, PanelSocket
from .faults import abort
from .panel import Panel

_LOGGER = logging.getLogger(__name__)
_LOGGER.setLevel(logging.ERROR)

_VERDICT = "verdict"


class _Server(AsyncServer):  # type: ignore[misc]  # the library has no types
    """The library's server, which on request never gets as far as `40`."""

    async def _handle_eio_connect(self, sid: str, environ: Mapping[str, Any]) -> None:
        socket = self.eio.sockets[sid]
        verdict = environ["aiohttp.request"][_VERDICT]
        if verdict == "error44":
            socket.send_message('4"Authorization has failed."')
        if verdict in ("error44", "no_connect"):
            return
        await super()._handle_eio_connect(sid, environ)
        if verdict == "disconnect":
            socket.send_message("1")
        if verdict == "kick":
            socket.send_raw(None)

    def _engineio_v3_server_class(self) -> type[PanelEngine]:
        return PanelEngine


class Stream:
    """Who is connected to a panel, and what they say."""

    def __init__(self, panel: Panel) -> None:
        """Prepare the server."""
        self._panel = panel
        self._server = _Server(
            async_mode="aiohttp",
            async_handlers=False,
            cookie=None,
            cors_allowed_origins="*",
            logger=_LOGGER,
            engineio_v3_logger=_LOGGER,
        )
        self._engine: PanelEngine = self._server.eio
        self._engine.faults = panel.faults
        self._server.on("connect", self._connected)
        self._server.on("disconnect", self._disconnected)
        self._server.on("command", self._command)
        self._server.on("renewedToken", self._renewed)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve a request to /socket.io/."""
        if request.method == "GET" and "sid" not in request.query:
            self._panel.requests["handshake"] += 1
            if refused := await self._refuse(request):
                return refused
        response = await self._engine.handle_request(request)
        return cast("web.StreamResponse", response)

    def send_raw(self, frame: str) -> None:
        """Send a frame to every websocket."""
        for socket in self._sockets():
            socket.send_raw(frame)

    async def kick(self, how: How) -> None:
        """End every connection."""
        for socket in self._sockets():
            await socket.cut(how)

    def stop(self) -> None:
        """End the library's own task."""
        if self._engine.monitor:
            self._engine.monitor.cancel()

    def _sockets(self) -> list[PanelSocket]:
        return list(self._engine.sockets.values())

    async def _refuse(self, request: web.Request) -> web.Response | None:
        """Decide about a handshake; None if it may go on."""
        fault = self._panel.faults.take("handshake") or {}
        mode = fault.get("mode") or self._verdict(request)
        # Polling has nothing to hang up.
        if mode == "kick" and request.query.get("transport") != "websocket":
            mode = "http"
        request[_VERDICT] = mode
        if mode == "hang":
            await asyncio.Event().wait()
        if mode == "abort":
            abort(request)
        if mode not in ("http", "abort"):
            return None
        status = fault.get("status", 403)
        return web.Response(status=status, text=fault.get("body", "Forbidden"))

    def _verdict(self, request: web.Request) -> str:
        if self._expiry(request.query.get("token")) > time.monotonic():
            return "accept"
        return str(self._panel.faults.get("stale_token"))

    def _expiry(self, token: Any) -> float:
        """Return when a token ends; one that is not ours ended long ago."""
        return self._panel.tokens.expiry(str(token), self._panel.id) or 0.0

    def _connected(self, sid: str, environ: Mapping[str, Any]) -> None:
        self._panel.requests["connect"] += 1
        # A client that sends `40` itself comes here twice.
        if sid not in self._panel.listeners:
            token = environ["aiohttp.request"].query.get("token")
            connection = Connection(self._engine.sockets[sid], self._expiry(token))
            self._panel.listeners[sid] = connection
            self._panel.audience.wake()

    def _disconnected(self, sid: str) -> None:
        self._panel.listeners.pop(sid, None)
        self._panel.audience.wake()

    def _command(self, sid: str, command: Any = None, *_more: Any) -> None:
        connection = self._connection(sid)
        fields = command if isinstance(command, dict) else {}
        received = self._panel.record(connection.socket.last_frame, fields)
        commands.receive(self._panel, connection, received)

    def _renewed(self, sid: str, renewal: Any = None, *_more: Any) -> None:
        token = renewal.get("token") if isinstance(renewal, dict) else None
        expires = self._expiry(token)
        if expires > time.monotonic():
            self._panel.requests["renewed"] += 1
            self._connection(sid).renew(expires)

    def _connection(self, sid: str) -> Connection:
        return cast("Connection", self._panel.listeners[sid])
