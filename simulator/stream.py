"""The panel's stream: a Socket.IO 2.x server."""

import asyncio
from collections.abc import Mapping
import logging
import time
from typing import Any, cast

from aiohttp import web
from socketio_v4 import AsyncServer

from . import commands
from .engine import How, PanelEngine, PanelSocket
from .faults import abort, with_token
from .panel import Panel, StreamClient

_LOGGER = logging.getLogger(__name__)
_LOGGER.setLevel(logging.ERROR)

_HANDSHAKE = "handshake"
_REJECTION = "Authorization has failed."


class _Server(AsyncServer):  # type: ignore[misc]  # the library has no types
    """The library's server, which can reject a client after the handshake."""

    async def _handle_eio_connect(self, sid: str, environ: Mapping[str, Any]) -> None:
        socket = self.eio.sockets[sid]
        handshake = environ["aiohttp.request"][_HANDSHAKE]
        mode = handshake["mode"]
        if mode == "error44":
            socket.send_message(f'4"{handshake["message"]}"')
        if mode in ("error44", "no_connect"):
            return
        await super()._handle_eio_connect(sid, environ)
        if mode == "disconnect":
            socket.send_message("1")
        if mode == "kick":
            socket.send_raw(None)

    def _engineio_v3_server_class(self) -> type[PanelEngine]:
        return PanelEngine


class Stream:
    """The clients connected to a panel, and their messages."""

    def __init__(self, panel: Panel) -> None:
        """Initialize the server."""
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
        self._server.on("connect", self._handle_connect)
        self._server.on("disconnect", self._handle_disconnect)
        self._server.on("command", self._handle_command)
        self._server.on("renewedToken", self._handle_renewed_token)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handle a request to /socket.io/."""
        if request.method == "GET" and "sid" not in request.query:
            self._panel.requests["handshake"] += 1
            if rejection := await self._reject(request):
                return rejection
        response = await self._engine.handle_request(request)
        return cast("web.StreamResponse", response)

    def send_raw(self, frame: str) -> None:
        """Send a frame to every websocket."""
        for socket in self._sockets():
            socket.send_raw(frame)

    async def kick(self, how: How) -> None:
        """Close every connection."""
        for socket in self._sockets():
            await socket.abort(how)

    async def end(self) -> None:
        """Close every connection after what was sent."""
        for socket in self._sockets():
            if socket.upgraded:
                socket.send_raw(None)
            else:
                await socket.close()

    def stop(self) -> None:
        """Cancel the library's own task."""
        if self._engine.monitor:
            self._engine.monitor.cancel()

    def _sockets(self) -> list[PanelSocket]:
        return list(self._engine.sockets.values())

    async def _reject(self, request: web.Request) -> web.Response | None:
        """Apply the faults of the handshake; return None if it continues."""
        fault = self._panel.faults.take("handshake") or {}
        token = request.query.get("token", "")
        mode = fault.get("mode") or self._mode_for(token)
        # A polling client has no connection to close.
        if mode == "kick" and request.query.get("transport") != "websocket":
            mode = "http"
        message = with_token(fault.get("message", _REJECTION), token)
        request[_HANDSHAKE] = {"mode": mode, "message": message}
        if mode == "hang":
            await asyncio.Event().wait()
        if mode == "abort":
            abort(request)
        if mode not in ("http", "abort"):
            return None
        text = with_token(fault.get("body", "Forbidden"), token)
        return web.Response(status=fault.get("status", 403), text=text)

    def _mode_for(self, token: str) -> str:
        if self._expiry(token) > time.monotonic():
            return "accept"
        return str(self._panel.faults.get("stale_token"))

    def _expiry(self, token: str) -> float:
        return self._panel.tokens.expiry(token, self._panel.id)

    def _handle_connect(self, sid: str, environ: Mapping[str, Any]) -> None:
        self._panel.requests["connect"] += 1
        # A client that sends `40` itself connects twice.
        if sid not in self._panel.clients:
            token = environ["aiohttp.request"].query.get("token", "")
            client = StreamClient(
                self._engine.sockets[sid].emit, token, self._expiry(token)
            )
            self._panel.clients[sid] = client
            self._panel.observers.notify()

    def _handle_disconnect(self, sid: str) -> None:
        self._panel.clients.pop(sid, None)
        self._panel.observers.notify()

    def _handle_command(self, sid: str, command: Any = None, *_more: Any) -> None:
        fields = command if isinstance(command, dict) else {}
        frame = self._engine.sockets[sid].last_frame
        received = self._panel.add_command(frame, fields)
        commands.receive(self._panel, self._panel.clients[sid], received)

    def _handle_renewed_token(self, sid: str, body: Any = None, *_more: Any) -> None:
        token = str(body.get("token")) if isinstance(body, dict) else ""
        expires = self._expiry(token)
        if expires > time.monotonic():
            self._panel.requests["renewed"] += 1
            self._panel.clients[sid].renew(token, expires)
