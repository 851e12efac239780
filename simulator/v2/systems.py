"""All systems of PDK 2.0 on the network: accounts, REST and stream."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
import time
from typing import Any, cast
from urllib.parse import parse_qs

from aiohttp import web
import socketio
from socketio.exceptions import ConnectionRefusedError as SocketIoRefusal

from simulator import commands
from simulator.accounts import Accounts
from simulator.faults import RateLimit
from simulator.host import page_of
from simulator.panel import Panel
from simulator.world import Simulation

from .system import Json, System, SystemClient

# Why a site does not execute a command is not known to have a status of its own.
_REJECTED = 409
_UNREACHABLE = 504


class Systems:
    """The server of all systems; a reset of the simulation does not restart it."""

    def __init__(self, simulation: Simulation, accounts: Accounts) -> None:
        """Initialize the server."""
        self._simulation = simulation
        self._accounts = accounts
        self._limit = RateLimit(requests=70, writes=20)
        self._tasks: set[asyncio.Task[None]] = set()
        self._sio = socketio.AsyncServer(async_mode="aiohttp")
        self._sio.on("connect", self._handle_connect)
        self._sio.on("disconnect", self._handle_disconnect)
        self._sio.on("subscribeIsolated", self._handle_subscribe)
        self._sio.on("renewedToken", self._handle_renewed)

    def attach(self, app: web.Application) -> None:
        """Add everything to the server of the accounts service."""
        wrap, limit = self._accounts.wrap, self._limit
        self._open = wrap("system_stream", self._handle_stream, limit)
        node = "/{system}/cloud-nodes/{node}"
        app.add_routes(
            [
                web.route("*", "/socket.io/", self._handle_socketio),
                web.get(
                    "/api/organizations/{id}",
                    wrap("organizations", self._get_organizations),
                ),
                web.post(
                    "/api/systems/{system}/token",
                    wrap("system_token", self._post_token),
                ),
                web.get(
                    "/{system}/cloud-nodes",
                    wrap("cloud_nodes", self._get_nodes, limit),
                ),
                web.get(
                    f"{node}/devices",
                    wrap("system_devices", self._get_devices, limit),
                ),
                web.post(
                    f"{node}/devices/{{device}}/{{action}}",
                    wrap("system_command", self._post_command, limit),
                ),
            ]
        )

    # Accounts

    async def _get_organizations(self, request: web.Request) -> web.Response:
        """Return the account with a customer for each system that has a site."""
        application = self._accounts.application_by_id_token(request)
        systems = [
            each
            for each in self._simulation.world.systems.values()
            if each.may_be_used_by(application)
        ]
        organization = {
            "id": "64398c446e22d40001eeaf34",
            "name": "Demo Integrator",
            "children": [
                {
                    "id": f"organization-{each.id}",
                    "name": next(iter(each.panels.values())).name,
                    "systemId": each.id,
                }
                for each in systems
            ],
            "panels": [],
        }
        as_object = systems and systems[0].switches.organizations == "object"
        return web.json_response(organization if as_object else [organization])

    async def _post_token(self, request: web.Request) -> web.Response:
        application = self._accounts.application_by_id_token(request)
        system = self._system(request)
        if not system.may_be_used_by(application):
            raise web.HTTPForbidden
        lifetime = system.switches.token_lifetime
        return web.json_response({"token": system.tokens.issue(system.id, lifetime)})

    # REST

    async def _get_nodes(self, request: web.Request) -> web.Response:
        system = self._authorized(request)
        return _list(request, system, system.cloud_nodes())

    async def _get_devices(self, request: web.Request) -> web.Response:
        system = self._authorized(request)
        return _list(request, system, system.devices(_site(request, system)))

    async def _post_command(self, request: web.Request) -> web.Response:
        system = self._authorized(request)
        panel, action = _site(request, system), request.match_info["action"]
        body = await request.json() if request.body_exists else {}
        named = {"deviceId": request.match_info["device"], **body}
        panel.add_command(request.path, {"topic": action, "body": named})
        status = _execute(system, panel, action, named)
        if not system.switches.answers:
            await asyncio.Event().wait()
        panel.observers.record(panel.id, "answer", f"HTTP {status}", named)
        if status == web.HTTPNoContent.status_code:
            return web.Response(status=status)
        return web.json_response({}, status=status)

    def _system(self, request: web.Request) -> System:
        system = self._simulation.world.systems.get(request.match_info["system"])
        if system is None or not system.panels:
            raise web.HTTPNotFound
        return system

    def _authorized(self, request: web.Request) -> System:
        system = self._system(request)
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        if system.tokens.subject(token) != system.id:
            raise web.HTTPUnauthorized
        return system

    # Stream

    async def _handle_socketio(self, request: web.Request) -> web.StreamResponse:
        opens = request.method == "GET" and "sid" not in request.query
        return await (self._open if opens else self._handle_stream)(request)

    async def _handle_stream(self, request: web.Request) -> web.StreamResponse:
        # Pings of other connections follow, as the library has one setting for all.
        faults = self._simulation.world.faults
        self._sio.eio.ping_interval = faults.get("ping_interval")
        self._sio.eio.ping_timeout = faults.get("ping_timeout")
        response = await self._sio.handle_request(request)
        return cast("web.StreamResponse", response)

    async def _handle_connect(self, sid: str, environ: Json, auth: Any = None) -> None:
        query = parse_qs(environ["QUERY_STRING"])
        system_id, token = (query.get(key, [""])[0] for key in ("systemId", "token"))
        system = self._simulation.world.systems.get(system_id)
        if (
            system is None
            or system.switches.refuses_stream
            or system.tokens.subject(token) != system.id
        ):
            raise SocketIoRefusal("Authorization has failed.")

        def emit(topic: str, *args: Any) -> None:
            self._start(self._sio.emit(topic, args, to=sid))

        async def close() -> None:
            await self._sio.disconnect(sid)

        system.add_client(
            sid,
            SystemClient(
                token=token,
                emit=emit,
                close=close,
                abort=environ["aiohttp.request"].transport.abort,
            ),
        )
        self._simulation.observers.notify()
        if system.switches.renewal == "cut":
            left = system.tokens.expiry(token, system.id) - time.monotonic()
            self._start(_later(left, close))

    async def _handle_disconnect(self, sid: str, *_: Any) -> None:
        for system in self._simulation.world.systems.values():
            system.clients.pop(sid, None)
        self._simulation.observers.notify()

    async def _handle_subscribe(self, sid: str, data: Json) -> Any:
        system = self._system_of(sid)
        system.subscriptions.append(data["topics"])
        await asyncio.sleep(system.switches.subscription_delay)
        if client := system.clients.get(sid):
            client.topics.update(data["topics"])
        return None if system.switches.ack else self._sio.not_handled

    async def _handle_renewed(self, sid: str, data: Json) -> None:
        system = self._system_of(sid)
        system.clients[sid].token = data["token"]
        system.renewed += 1

    def _system_of(self, sid: str) -> System:
        systems = self._simulation.world.systems.values()
        return next(each for each in systems if sid in each.clients)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _execute(system: System, panel: Panel, action: str, body: Json) -> int:
    """Execute a command; return the HTTP status of its answer."""
    if system.switches.status >= web.HTTPBadRequest.status_code:
        return system.switches.status
    if not panel.online:
        return _UNREACHABLE
    topics = {
        "try-open": "door.try.dwellopen" if "dwell" in body else "door.try.open",
        "open": "door.actuate.open",
        "close": "door.actuate.close",
    }
    if action not in topics or not panel.find_door(body["deviceId"]):
        return web.HTTPNotFound.status_code
    command = {**body, "doorId": body["deviceId"]}
    if commands.execute(panel, topics[action], command):
        return _REJECTED
    return system.switches.status


def _site(request: web.Request, system: System) -> Panel:
    try:
        return system.panels[request.match_info["node"]]
    except KeyError:
        raise web.HTTPNotFound from None


def _list(request: web.Request, system: System, items: list[Json]) -> web.Response:
    return (
        page_of(request, items) if system.switches.paged else web.json_response(items)
    )


async def _later(delay: float, work: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(delay)
    await work()
