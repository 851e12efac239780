"""The accounts service: tokens, organizational units and panels."""

import base64
import binascii
from collections.abc import Awaitable, Callable
import json
from typing import Any

from aiohttp import web

from .faults import RateLimit, fail
from .host import PanelHost
from .panel import NotFoundError
from .scenario import Application, OrgUnit
from .world import Simulation, World

_REGISTERED = "2023-05-17T15:59:30.000Z"
_ROOT = 1
_ROOT_NAME = "Demo Integrator"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Accounts:
    """The service; a reset does not restart it."""

    def __init__(self, simulation: Simulation) -> None:
        """Initialize the service."""
        self._simulation = simulation
        self._limit = RateLimit(requests=35, writes=10)

    @property
    def _world(self) -> World:
        return self._simulation.world

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the service."""
        panel = "/api/panels/{panel}"
        return [
            web.post("/oauth2/token", self.wrap("token", self._handle_token)),
            web.get("/api/ous/{ou}", self.wrap("ous", self._handle_ou)),
            web.get(panel, self.wrap("panel", self._handle_panel)),
            web.post(
                f"{panel}/token", self.wrap("panel_token", self._handle_panel_token)
            ),
        ]

    def wrap(
        self, kind: str, handler: Handler, limit: RateLimit | None = None
    ) -> Handler:
        """Return a handler that counts its requests and applies faults and limits."""
        service_limit = limit or self._limit

        async def handle(request: web.Request) -> web.StreamResponse:
            self._world.requests[kind] += 1
            host = self._world.hosts.get(request.match_info.get("panel", ""))
            if host:
                host.panel.requests[kind] += 1
            faults = host.panel.faults if host else self._world.faults
            fault = faults.take(kind, request.path)
            if fault and (failed := await fail(fault, request)):
                return failed
            headers, exceeded = service_limit.count(request, self._world.faults)
            if exceeded:
                self._world.requests["limited"] += 1
                raise _problem(web.HTTPTooManyRequests, "Too many requests.", headers)
            response = await handler(request)
            response.headers.update(headers)
            return response

        return handle

    async def _handle_token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("grant_type") != "client_credentials":
            raise _problem(web.HTTPBadRequest, "unsupported_grant_type")
        application = self._application_by_credentials(request)
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

    async def _handle_ou(self, request: web.Request) -> web.Response:
        self.application_by_id_token(request)
        ou_id = request.match_info["ou"]
        if ou_id in ("mine", str(_ROOT)):
            return web.json_response(self._ou(_ROOT, None, _ROOT_NAME))
        for each in self._children():
            if str(unit_id := self._ou_id(each.name)) == ou_id:
                return web.json_response(self._ou(unit_id, each.name, each.name))
        raise _problem(web.HTTPNotFound, "There is no such OU.")

    async def _handle_panel(self, request: web.Request) -> web.Response:
        host = self._permitted_host(request)
        panel = host.panel
        return web.json_response(
            {
                "id": panel.id,
                "name": panel.name,
                "ouId": self._ou_id(panel.ou),
                "online": panel.online,
                "uri": host.reported_uri,
                "registeredDate": _REGISTERED,
            }
        )

    async def _handle_panel_token(self, request: web.Request) -> web.Response:
        panel = self._permitted_host(request).panel
        lifetime = panel.faults.get("panel_token_lifetime")
        return web.json_response({"token": panel.tokens.issue(panel.id, lifetime)})

    def _permitted_host(self, request: web.Request) -> PanelHost:
        """Return the requested panel, if the application has permission for it."""
        application = self.application_by_id_token(request)
        try:
            host = self._world.host(request.match_info["panel"])
        except NotFoundError as err:
            raise _problem(web.HTTPNotFound, str(err)) from err
        if host.system:
            raise _problem(web.HTTPNotFound, "The panel is on PDK 2.0.")
        if not application.may_use(host.panel.id):
            raise _problem(web.HTTPForbidden, "No permission for this panel.")
        return host

    def _application_by_credentials(self, request: web.Request) -> Application:
        credentials = _basic(request.headers.get("Authorization", ""))
        for each in self._world.scenario.applications:
            if credentials == f"{each.client_id}:{each.client_secret}":
                return each
        raise _problem(web.HTTPUnauthorized, "invalid_client")

    def application_by_id_token(self, request: web.Request) -> Application:
        """Return the application whose ID token a request presents."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        client_id = self._world.id_tokens.subject(token)
        for each in self._world.scenario.applications:
            if scheme == "Bearer" and each.client_id == client_id:
                return each
        raise _problem(web.HTTPUnauthorized, "Unauthorized")

    def _ou_id(self, name: str | None) -> int:
        """Return the id of a unit; panels without one are in the root."""
        names = [each.name for each in self._children()]
        return _ROOT if name is None else _ROOT + 1 + names.index(name)

    def _ou(self, unit_id: int, key: str | None, name: str) -> dict[str, Any]:
        return {
            "id": unit_id,
            "name": name,
            "panels": [
                {"id": host.panel.id, "name": host.panel.name, "uri": host.reported_uri}
                for host in self._world.hosts.values()
                if host.panel.ou == key and not host.system
            ],
            "children": [
                {"id": self._ou_id(each.name), "name": each.name}
                | ({"systemId": each.system_id} if each.system_id else {})
                for each in self._children()
                if each.parent == key
            ],
        }

    def _children(self) -> list[OrgUnit]:
        """Return the units of the scenario, then those that only panels name."""
        units = {each.name: each for each in self._world.scenario.ous}
        for host in self._world.hosts.values():
            if host.panel.ou is not None:
                units.setdefault(host.panel.ou, OrgUnit(name=host.panel.ou))
        return list(units.values())


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
