"""All systems of PDK 2.0: accounts, REST, stream and control API."""

# ruff: noqa: TID252 - a part of the simulator, beside what both generations share

import asyncio
from collections.abc import Callable
import time
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
import socketio
from socketio.exceptions import ConnectionRefusedError as SocketIoRefusal

from ..clock import Clock
from ..door import RejectedError
from ..world import Simulation
from .system import CloudNode, Json, System

_MAX_PAGE = 100
_DEFAULT_PAGE = 10


class Systems:
    """The systems; a reset of the simulation removes them all."""

    def __init__(self, simulation: Simulation) -> None:
        """Initialize without systems: the control API adds them."""
        self._simulation = simulation
        self._systems: dict[str, System] = {}
        self._clients: dict[str, tuple[str, str]] = {}
        self._of_world: object = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._sio = socketio.AsyncServer(async_mode="aiohttp")
        self._sio.on("connect", self._handle_connect)
        self._sio.on("disconnect", self._handle_disconnect)
        self._sio.on("subscribeIsolated", self._handle_subscribe)
        self._sio.on("renewedToken", self._handle_renewed)

    def attach(self, app: web.Application) -> None:
        """Add everything to the server of the accounts service."""
        self._sio.attach(app)
        node = "/{system}/cloud-nodes/{node}"
        control = "/control/systems/{system}"
        app.add_routes(
            [
                web.get("/api/organizations/{id}", self._get_organizations),
                web.post("/api/systems/{system}/token", self._post_token),
                web.get("/{system}/cloud-nodes", self._get_nodes),
                web.get(f"{node}/devices", self._get_devices),
                web.post(f"{node}/devices/{{device}}/{{action}}", self._post_command),
                web.put(control, self._put_system),
                web.get(control, self._get_state),
                web.put(f"{control}/switches", self._put_switches),
                web.post(f"{control}/emit", self._post_emit),
                web.post(f"{control}/kick", self._post_kick),
                web.post(f"{control}/expire", self._post_expire),
                web.put(f"{control}/{{node}}/connected", self._put_connected),
            ]
        )

    @property
    def _present(self) -> dict[str, System]:
        """Return the systems of the present world."""
        if self._of_world is not self._simulation.world:
            self._of_world = self._simulation.world
            for system in self._systems.values():
                system.stop()
            self._systems = {}
        return self._systems

    # Accounts

    async def _get_organizations(self, request: web.Request) -> web.Response:
        self._authorize_account(request)
        systems = [s for s in self._present.values() if s.switches.permission]
        if not self._present:
            raise web.HTTPNotFound
        organization = {
            "id": "64398c446e22d40001eeaf34",
            "name": "Test Dealer",
            "children": [
                {"id": f"org-{each.id}", "name": "Customer", "systemId": each.id}
                for each in systems
            ],
            "panels": [],
        }
        first = next(iter(self._present.values()))
        as_array = first.switches.organizations == "array"
        return web.json_response([organization] if as_array else organization)

    async def _post_token(self, request: web.Request) -> web.Response:
        self._authorize_account(request)
        system = self._system(request)
        if not system.switches.permission:
            raise web.HTTPForbidden
        lifetime = system.switches.token_lifetime
        return web.json_response({"token": system.tokens.issue(system.id, lifetime)})

    def _authorize_account(self, request: web.Request) -> None:
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        if self._simulation.world.id_tokens.subject(token) is None:
            raise web.HTTPUnauthorized

    # REST

    async def _get_nodes(self, request: web.Request) -> web.Response:
        system = self._authorized(request)
        return _page(request, system.nodes_as_json(), paged=system.switches.paged)

    async def _get_devices(self, request: web.Request) -> web.Response:
        system = self._authorized(request)
        devices = system.devices(self._node(request, system))
        return _page(request, devices, paged=system.switches.paged)

    async def _post_command(self, request: web.Request) -> web.Response:
        system = self._authorized(request)
        node = self._node(request, system)
        device, action = request.match_info["device"], request.match_info["action"]
        body = await request.json() if request.body_exists else {}
        system.commands.append({"device": device, "action": action, "body": body})
        switches = system.switches
        if not switches.answers:
            await asyncio.sleep(3600)
        if device not in node.doors or action not in ("try-open", "open", "close"):
            raise web.HTTPNotFound
        if switches.status < 300:
            try:
                system.execute(node.doors[device], action, body)
            except RejectedError:
                raise web.HTTPConflict from None
        if switches.status == 204:
            return web.Response(status=204)
        return web.json_response({}, status=switches.status)

    def _system(self, request: web.Request) -> System:
        try:
            return self._present[request.match_info["system"]]
        except KeyError:
            raise web.HTTPNotFound from None

    def _authorized(self, request: web.Request) -> System:
        system = self._system(request)
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        if system.tokens.subject(token) != system.id:
            raise web.HTTPUnauthorized
        return system

    @staticmethod
    def _node(request: web.Request, system: System) -> CloudNode:
        try:
            return system.nodes[request.match_info["node"]]
        except KeyError:
            raise web.HTTPNotFound from None

    # Stream

    async def _handle_connect(self, sid: str, environ: Json, auth: Any = None) -> None:
        query = parse_qs(environ["QUERY_STRING"])
        system = self._present.get(query.get("systemId", [""])[0])
        token = query.get("token", [""])[0]
        if (
            system is None
            or system.switches.refuses_stream
            or system.tokens.subject(token) != system.id
        ):
            raise SocketIoRefusal("Authorization has failed.")
        self._clients[sid] = (system.id, token)
        if system.switches.renewal == "cut":
            left = system.tokens.expiry(token, system.id) - time.monotonic()
            self._start(self._cut(sid, left))

    async def _cut(self, sid: str, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._sio.disconnect(sid)

    async def _handle_disconnect(self, sid: str, *_: Any) -> None:
        self._clients.pop(sid, None)

    async def _handle_subscribe(self, sid: str, data: Json) -> None:
        system_id, _ = self._clients[sid]
        self._present[system_id].subscriptions.append(data["topics"])
        await self._sio.enter_room(sid, system_id)

    async def _handle_renewed(self, sid: str, data: Json) -> None:
        system_id, _ = self._clients[sid]
        self._clients[sid] = (system_id, data["token"])
        self._present[system_id].renewed.append(data["token"])

    def _emitter(self, system_id: str) -> Callable[[str, Any], None]:
        def emit(topic: str, payload: Any) -> None:
            self._start(self._emit(system_id, topic, payload))

        return emit

    async def _emit(self, system_id: str, topic: str, payload: Any) -> None:
        """Send an event to each subscribed client; an expired token holds it back."""
        system = self._present[system_id]
        for sid, (owner, token) in tuple(self._clients.items()):
            if owner != system_id or system_id not in self._sio.rooms(sid):
                continue
            valid = system.tokens.subject(token) == system_id
            if not valid and system.switches.renewal == "event":
                await self._sio.emit("invalidToken", None, to=sid)
            elif valid:
                await self._sio.emit(topic, payload, to=sid)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Control

    async def _put_system(self, request: web.Request) -> web.Response:
        system_id = request.match_info["system"]
        self._present[system_id] = System.from_json(
            system_id, await request.json(), Clock(1.0), self._emitter(system_id)
        )
        return web.json_response({})

    async def _get_state(self, request: web.Request) -> web.Response:
        system = self._system(request)
        return web.json_response(
            {
                "commands": system.commands,
                "subscriptions": system.subscriptions,
                "renewed": len(system.renewed),
                "tokens": system.tokens.issued,
                "sockets": sum(own == system.id for own, _ in self._clients.values()),
            }
        )

    async def _put_switches(self, request: web.Request) -> web.Response:
        self._system(request).switches.update(await request.json())
        return web.json_response({})

    async def _post_emit(self, request: web.Request) -> web.Response:
        """Emit a raw event, or one of a device with a body."""
        system, source = self._system(request), await request.json()
        payload = source.get("payload")
        if payload is None:
            node = system.nodes[source["node"]]
            door = node.doors.get(source.get("device", ""))
            spec = door.device if door else None
            payload = system.event(node, source["topic"], spec, source.get("body"))
        for _ in range(source.get("times", 1)):
            await self._emit(system.id, source["topic"], payload)
        return web.json_response({})

    async def _post_kick(self, request: web.Request) -> web.Response:
        system = self._system(request)
        for sid, (owner, _) in tuple(self._clients.items()):
            if owner == system.id:
                await self._sio.disconnect(sid)
        return web.json_response({})

    async def _post_expire(self, request: web.Request) -> web.Response:
        self._system(request).tokens.revoke()
        return web.json_response({})

    async def _put_connected(self, request: web.Request) -> web.Response:
        """Take a cloud node offline or online, with or without an event."""
        system, source = self._system(request), await request.json()
        node = self._node(request, system)
        node.connected = source["connected"]
        topic = f"cloudnode.{'connected' if node.connected else 'disconnected'}"
        if source.get("event", True):
            await self._emit(system.id, topic, system.event(node, topic, None))
        return web.json_response({})


def _page(request: web.Request, items: list[Json], *, paged: bool) -> web.Response:
    """Return one page of a list, or the whole list."""
    if not paged:
        return web.json_response(items)
    page = int(request.query.get("page", 0))
    size = min(int(request.query.get("per_page", _DEFAULT_PAGE)), _MAX_PAGE)
    headers = {"X-Total-Count": str(len(items))}
    return web.json_response(items[page * size : (page + 1) * size], headers=headers)
