"""Rate limits: always announced, enforced only when asked for."""

import math
import time

from aiohttp import web

from .faults import Faults


class RateLimit:
    """Requests counted by the second."""

    def __init__(self, *, requests: int, writes: int) -> None:
        """Set pdk.io's own limits."""
        self._limits = {"requests": requests, "writes": writes}
        self._second = 0
        self._counts = dict.fromkeys(self._limits, 0)

    def count(
        self, request: web.Request, faults: Faults
    ) -> tuple[dict[str, str], bool]:
        """Count a request; return its headers and whether it is one too many."""
        now = math.floor(time.time())
        if now != self._second:
            self._second = now
            self._counts = dict.fromkeys(self._limits, 0)
        kind = "requests" if request.method == "GET" else "writes"
        self._counts[kind] += 1
        enforced = faults.get("rate_limit") or {}
        left = enforced.get(kind, self._limits[kind]) - self._counts[kind]
        headers = {
            "X-RateLimit-Limit": str(enforced.get(kind, self._limits[kind])),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str(now + 1),
        }
        return headers, kind in enforced and left < 0
