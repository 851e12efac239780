"""What can be made to go wrong, or to go differently."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
import json
from typing import Any

from aiohttp import web

DEFAULTS: Mapping[str, Any] = {
    "id_token_lifetime": 300,
    "panel_token_lifetime": 300,
    "ping_interval": 25,
    "ping_timeout": 20,
    "token": None,
    "ous": None,
    "panel_token": None,
    "devices": None,
    "handshake": None,
    "stale_token": "error44",
    "pong": True,
    "commands": None,
    "command_delay": 0,
    "clock_offset": 0,
    "result_first": True,
    "rate_limit": None,
    "uri": None,
}

_BODIES = {
    "json": '{"message": "Simulated fault."}',
    "html": "<html><body><h1>Simulated fault</h1></body></html>",
    "truncated": '{"message": "Simu',
    "empty": "",
}


class UnknownFaultError(Exception):
    """There is no fault of that name."""


class Faults:
    """The settings of all panels, or those of one panel on top of them."""

    def __init__(self, general: Faults | None = None) -> None:
        """Start with none set."""
        self._general = general
        self._values: dict[str, Any] = {}

    def update(self, values: Mapping[str, Any]) -> None:
        """Set some; None takes one back."""
        if unknown := values.keys() - DEFAULTS.keys():
            raise UnknownFaultError(", ".join(sorted(unknown)))
        merged = self._values | deepcopy(dict(values))
        self._values = {k: v for k, v in merged.items() if v is not None}

    def get(self, key: str) -> Any:
        """Return a setting."""
        if key in self._values:
            return self._values[key]
        return self._general.get(key) if self._general else DEFAULTS[key]

    def take(self, key: str) -> dict[str, Any] | None:
        """Return a fault that is to happen now, and count it."""
        if key not in self._values:
            return self._general.take(key) if self._general else None
        fault: dict[str, Any] = self._values[key]
        if "count" in fault:
            fault["count"] -= 1
            if fault["count"] <= 0:
                del self._values[key]
        return fault

    def as_json(self) -> dict[str, Any]:
        """Return all settings as they stand."""
        return {key: self.get(key) for key in DEFAULTS}


async def fail(fault: Mapping[str, Any], request: web.Request) -> web.Response | None:
    """Let an HTTP fault happen; None if the request is then served as usual."""
    await asyncio.sleep(fault.get("delay", 0))
    if fault.get("hang"):
        await asyncio.Event().wait()
    if fault.get("abort"):
        abort(request)
        return web.Response(status=500)
    if "status" in fault or "body" in fault:
        return _answer(fault)
    return None


def abort(request: web.Request) -> None:
    """Reset the TCP connection of a request."""
    if request.transport:
        request.transport.abort()


def _answer(fault: Mapping[str, Any]) -> web.Response:
    body = fault.get("body", "json")
    if not isinstance(body, str):
        body = json.dumps(body)
    return web.Response(
        status=fault.get("status", 200),
        text=_BODIES.get(body, body),
        content_type="text/html" if body == "html" else "application/json",
        headers=fault.get("headers"),
    )
