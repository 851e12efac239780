"""Settings that make pdk.io fail or behave differently, and its rate limits.

`simulator/control.py` describes each of them.
"""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
import json
import math
import time
from typing import Any

from aiohttp import web

DEFAULTS: Mapping[str, Any] = {
    "id_token_lifetime": 300,
    "panel_token_lifetime": 300,
    "ping_interval": 25,
    "ping_timeout": 20,
    "token": None,
    "ous": None,
    "panel": None,
    "panel_token": None,
    "devices": None,
    "organizations": None,
    "system_token": None,
    "cloud_nodes": None,
    "system_devices": None,
    "system_command": None,
    "system_stream": None,
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
    """The settings of all panels, or those of one panel with the general ones as default."""

    def __init__(self, general: Faults | None = None) -> None:
        """Initialize with the default of every setting."""
        self._general = general
        self._values: dict[str, Any] = {}

    def update(self, values: Mapping[str, Any]) -> None:
        """Change settings; None restores the default."""
        if unknown := values.keys() - DEFAULTS.keys():
            raise UnknownFaultError(", ".join(sorted(unknown)))
        merged = self._values | deepcopy(dict(values))
        self._values = {k: v for k, v in merged.items() if v is not None}

    def get(self, key: str) -> Any:
        """Return a setting."""
        if key in self._values:
            return self._values[key]
        return self._general.get(key) if self._general else DEFAULTS[key]

    def take(self, key: str, path: str = "") -> dict[str, Any] | None:
        """Return the fault to apply now, and decrease its `count`."""
        if key not in self._values:
            return self._general.take(key, path) if self._general else None
        fault: dict[str, Any] = self._values[key]
        if not any(part in path for part in fault.get("paths", [""])):
            return None
        if "count" in fault:
            fault["count"] -= 1
            if fault["count"] <= 0:
                del self._values[key]
        return fault

    def as_json(self) -> dict[str, Any]:
        """Return all settings."""
        return {key: self.get(key) for key in DEFAULTS}


class RateLimit:
    """The limits of one service: always announced, enforced with the fault `rate_limit`."""

    def __init__(self, *, requests: int, writes: int) -> None:
        """Initialize with pdk.io's own limits for each second."""
        self._limits = {"requests": requests, "writes": writes}
        self._second = 0
        self._counts = dict.fromkeys(self._limits, 0)

    def count(
        self, request: web.Request, faults: Faults
    ) -> tuple[dict[str, str], bool]:
        """Count a request; return its headers, and whether it exceeds the limit."""
        now = math.floor(time.time())
        if now != self._second:
            self._second = now
            self._counts = dict.fromkeys(self._limits, 0)
        kind = "requests" if request.method == "GET" else "writes"
        self._counts[kind] += 1
        fault = faults.get("rate_limit")
        enforced: Mapping[str, int] = self._limits if fault is True else fault or {}
        limit = enforced.get(kind, self._limits[kind])
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - self._counts[kind])),
            "X-RateLimit-Reset": str(now + 1),
        }
        return headers, kind in enforced and self._counts[kind] > limit


async def fail(fault: Mapping[str, Any], request: web.Request) -> web.Response | None:
    """Apply a fault to an HTTP request; return None if it is then answered as usual."""
    await asyncio.sleep(fault.get("delay", 0))
    if fault.get("hang"):
        await asyncio.Event().wait()
    if fault.get("abort"):
        abort(request)
        return web.Response(status=500)
    if "status" not in fault and "body" not in fault:
        return None
    body = fault.get("body", "json")
    if not isinstance(body, str):
        body = json.dumps(body)
    return web.Response(
        status=fault.get("status", 200),
        text=with_token(_BODIES.get(body, body), presented_token(request)),
        content_type="text/html" if body == "html" else "application/json",
        headers=fault.get("headers"),
    )


def abort(request: web.Request) -> None:
    """Reset the TCP connection of a request."""
    if request.transport:
        request.transport.abort()


def presented_token(request: web.Request) -> str:
    """Return the credential of a request: in the query for the stream, else in the header."""
    header = request.headers.get("Authorization", "").rpartition(" ")[2]
    return str(request.query.get("token", header))


def with_token(text: str, token: str) -> str:
    """Return a text with the token in place of its `{token}`."""
    return text.replace("{token}", token)
