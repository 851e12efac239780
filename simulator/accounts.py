"""The accounts service: credentials to tokens, and which panels there are."""

import base64
import binascii
from collections.abc import Awaitable, Callable
import json

from aiohttp import web

from . import ous
from .faults import fail
from .host import Host
from .limits import RateLimit
from .panel import NotFoundError
from .scenario import Application
from .world import Simulation, World

_REGISTERED = "2023-05-17T15:59:30.000Z"

type Handler = Callable[[web.Request], Awaitable[web.Response]]


class Accounts:
    """The service; it outlives every world."""

    def __init__(self, simulation: Simulation) -> None:
        """Serve whatever world there is."""
        self._simulation = simulation
        self._limit = RateLimit(requests=35, writes=10)

    @property
    def _world(self) -> World:
        return self._simulation.world

    def routes(self) -> list[web.RouteDef]:
        """Return the service's routes."""
        return [
            web.post("/oauth2/token", self._served("token", self._token)),
            web.get("/api/ous/{ou}", self._served("ous", self._ou)),
            web.get("/api/panels/{panel}", self._served("panel", self._panel)),
            web.post(
                "/api/panels/{panel}/token",
                self._served("panel_token", self._panel_token),
            ),
        ]

    def _served(self, kind: str, handler: Handler) -> Handler:
        """Count, fail and limit the requests to a handler."""

        async def serve(request: web.Request) -> web.Response:
            self._world.requests[kind] += 1
            host = self._world.hosts.get(request.match_info.get("panel", ""))
            if host:
                host.panel.requests[kind] += 1
            faults = host.panel.faults if host else self._world.faults
            fault = faults.take(kind) if kind != "panel" else None
            if fault and (failed := await fail(fault, request)):
                return failed
            headers, exceeded = self._limit.count(request, self._world.faults)
            if exceeded:
                raise _problem(web.HTTPTooManyRequests, "Too many requests.", headers)
            response = await handler(request)
            response.headers.update(headers)
            return response

        return serve

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            raise _problem(web.HTTPBadRequest, "unsupported_grant_type")
        application = self._by_credentials(request)
        lifetime = self._world.faults.get("id_token_lifetime")
        id_token = self._world.id_tokens.issue(application.client_id, lifetime)
        return web.json_response(
            {
                "token_type": "Bearer",
                "access_token": "not-used",
                "id_token": id_token,
                "expires_in": lifetime,
            }
        )

    async def _ou(self, request: web.Request) -> web.Response:
        self._by_id_token(request)
        if unit := ous.find(self._world, request.match_info["ou"]):
            return web.json_response(unit)
        raise _problem(web.HTTPNotFound, "There is no such OU.")

    async def _panel(self, request: web.Request) -> web.Response:
        host = self._permitted(request)
        panel = host.panel
        return web.json_response(
            {
                "id": panel.id,
                "name": panel.name,
                "ouId": ous.id_of(self._world, panel.ou),
                "online": panel.online,
                "uri": host.told_uri,
                "registeredDate": _REGISTERED,
            }
        )

    async def _panel_token(self, request: web.Request) -> web.Response:
        panel = self._permitted(request).panel
        lifetime = panel.faults.get("panel_token_lifetime")
        return web.json_response({"token": panel.tokens.issue(panel.id, lifetime)})

    def _permitted(self, request: web.Request) -> Host:
        """Return the panel of a request, if its application may use it."""
        application = self._by_id_token(request)
        try:
            host = self._world.host(request.match_info["panel"])
        except NotFoundError as err:
            raise _problem(web.HTTPNotFound, str(err)) from err
        if not application.may_use(host.panel.id):
            raise _problem(web.HTTPForbidden, "No permission for this panel.")
        return host

    def _by_credentials(self, request: web.Request) -> Application:
        given = _basic(request.headers.get("Authorization", ""))
        for each in self._world.scenario.applications:
            if given == f"{each.client_id}:{each.client_secret}":
                return each
        raise _problem(web.HTTPUnauthorized, "invalid_client")

    def _by_id_token(self, request: web.Request) -> Application:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        client_id = self._world.id_tokens.subject(token)
        for each in self._world.scenario.applications:
            if scheme == "Bearer" and each.client_id == client_id:
                return each
        raise _problem(web.HTTPUnauthorized, "Unauthorized")


def _basic(header: str) -> str | None:
    scheme, _, encoded = header.partition(" ")
    try:
        return base64.b64decode(encoded).decode() if scheme == "Basic" else None
    except binascii.Error, UnicodeDecodeError:
        return None


def _problem(
    kind: type[web.HTTPException], message: str, headers: dict[str, str] | None = None
) -> web.HTTPException:
    text = json.dumps({"message": message})
    return kind(text=text, content_type="application/json", headers=headers)
