"""The panel's REST API."""

from aiohttp import web

from .faults import fail
from .limits import RateLimit
from .panel import Panel

_LARGEST_PAGE = 100


class Rest:
    """What a panel answers to HTTP requests."""

    def __init__(self, panel: Panel) -> None:
        """Answer for a panel."""
        self._panel = panel
        self._limit = RateLimit(requests=70, writes=20)

    async def devices(self, request: web.Request) -> web.Response:
        """List the devices, page by page."""
        self._panel.requests["devices"] += 1
        fault = self._panel.faults.take("devices")
        if fault and (failed := await fail(fault, request)):
            return failed
        headers, exceeded = self._limit.count(request, self._panel.faults)
        if exceeded:
            return web.json_response(
                {"message": "Too many requests."}, status=429, headers=headers
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or self._panel.tokens.subject(token) != self._panel.id:
            return web.json_response(
                {"message": "Unauthorized"}, status=401, headers=headers
            )
        return self._page(request, headers)

    def _page(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        try:
            page = max(0, int(request.query.get("page", 0)))
            per_page = int(request.query.get("per_page", 10))
        except ValueError:
            return web.json_response({"message": "Bad request"}, status=400)
        per_page = min(max(1, per_page), _LARGEST_PAGE)
        devices = [each.device for each in self._panel.doors.values()]
        headers["X-Total-Count"] = str(len(devices))
        headers["Link"] = _links(request, page, per_page, len(devices))
        start = page * per_page
        return web.json_response(devices[start : start + per_page], headers=headers)


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
