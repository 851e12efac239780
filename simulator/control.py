"""The control API, with which tests and the demo move the simulation.

Bodies and answers are JSON. {panel} and {door} are ids; a door's id may be that of a reader.

    POST  /control/reset          a scenario; without a body the built-in one
    GET   /control/state          all panels with doors, people, clients and faults
    GET   /control/requests       requests of each kind, in total and for each panel;
                                  `limited` counts those answered with 429
    PUT   /control/faults         change faults of all panels; null restores the default
    POST  /control/panels         add or replace a panel

    PUT   /control/panels/{panel}/faults    change faults of one panel
    PUT   .../switches            change switches of the system that it has in PDK 2.0
    GET   .../commands?after=N&wait=S       received commands after the Nth; wait for one
    POST  .../emit                {"topic", "payload"?} or {"events": [...]}
          on PDK 2.0 also         {"topic", "content", "times"?}: in the envelope of the switches,
                                  with "doorId", "holderName", "occurred" where they belong
    POST  .../raw                 {"frame"}: send a frame to every websocket
    POST  .../kick                {"how"?: "close" | "abort"}: close the connections
    POST  .../revoke              invalidate all tokens at once, whatever their exp says
    POST  .../offline, .../online {"event"?}: on PDK 2.0 false sends no cloudnode.* event
    POST  .../move                listen on another port, with another uri
    POST  .../migrate             {"stage", "systemId"?, "task"?, "event"?}: see below
    POST  .../morning             let people in, lock all doors and report their states
    POST  .../doors               add a device; PATCH and DELETE .../doors/{door}
    POST  .../doors/{door}/{action}
          badge                   {"person" | "pin" | "card", "factor"?, "walk"?}
          duress                  the same, with the PIN for duress; only on PDK 2.0
          rex                     {"seconds"?, "walk"?}
          dwell                   {"tenths"?}
          relay                   {"on"}
          schedule                {"on"?}: unlock by PDK's schedule, or end that
          walk, open, close, hold, lock, force, clear, dnd

A panel is on PDK 1.0 or, with `"generation": 2` in the scenario or after a migration, on PDK 2.0.
There it is a cloud node of a system, `"system": {"id"?, "cloud_node"?}` in the scenario; several
panels may have one system. Its door ids and people have UUIDs, the same in each run. It is served
by its system alone: the accounts service of PDK 1.0 does not know it, and its own address rejects
every token. Everything else here works as before; `sockets` counts the clients of the system that
have subscribed, and a command's topic is the last part of its path. Stages of a migration:

    started, staged     only the event, and commands are rejected
    completed           the event with the systemId, then the site is on PDK 2.0;
                        "event": false lets clients miss the event
    rolledback          the site is on PDK 1.0 (again); the event reaches clients on PDK 1.0,
                        so none after "completed"

Switches of a system, for what nobody knows of a real one, are those of `v2/system.py`.

Faults, each with its default:

    id_token_lifetime, panel_token_lifetime  300    seconds, of tokens issued from now on
    ping_interval 25, ping_timeout 20, pong true    of connections opened from now on
    token, ous, panel, panel_token, devices, organizations, system_token, cloud_nodes,
    system_devices, system_command, system_stream    null   how a kind of request fails:
          {"status"?, "body"?, "headers"?, "delay"?, "hang"?, "abort"?, "count"?, "paths"?}
          with "paths" only where the path has one of these texts,
          with "body" json, html, truncated, empty, any other text, or JSON; the last six
          are those of PDK 2.0, and of all its systems
    handshake     null      {"mode", "status"?, "body"?, "message"?, "count"?}, "mode" is one of
                            http, abort, hang, error44, no_connect, disconnect, kick
    stale_token   error44   mode for a handshake with a token that is not valid, or accept
    commands      null      ignored, silent, or {"refuse": text, "topics"?, "doors"?, "count"?},
                            or with "refuse" null, which ignores them
    command_delay 0         seconds before a command is executed, or {topic: seconds}
    result_first  true      false: the events of a command come before its result
    clock_offset  0         seconds that the panel's clock is ahead
    rate_limit    null      true: pdk.io's limits; or own ones {"requests"?, "writes"?}, which
                            count GET and other requests of a second at one service
    uri           null      address that the accounts service gives instead of the real one

`handshake`, `stale_token`, `pong`, `commands`, `command_delay` and `result_first` are of PDK 1.0.
`count` is how often a fault applies. `{token}` in a body, message or refusal text is replaced
by the token of the request or connection.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
import json
from typing import Any

from aiohttp import web

from . import scenario, views
from .actions import UnknownActionError, perform
from .door import RejectedError
from .faults import UnknownFaultError
from .host import PanelHost
from .migration import migrate
from .panel import NotFoundError
from .people.morning import run_morning
from .world import Simulation

type Json = dict[str, Any]
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS: dict[type[Exception], int] = {
    NotFoundError: 404,
    RejectedError: 409,
    UnknownActionError: 400,
    UnknownFaultError: 400,
    scenario.ScenarioError: 400,
    KeyError: 400,
    TypeError: 400,
    ValueError: 400,
}


@web.middleware
async def handle_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with the simulation's errors."""
    try:
        return await handler(request)
    except tuple(_STATUS) as err:
        status = next(_STATUS[kind] for kind in _STATUS if isinstance(err, kind))
        text = f"{type(err).__name__}: {err}" if status == 400 else str(err)
        return web.json_response({"message": text}, status=status)


class Control:
    """The handlers of the control API."""

    def __init__(self, simulation: Simulation) -> None:
        """Initialize the API."""
        self._simulation = simulation

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the API."""
        panel = "/control/panels/{panel}"
        door = f"{panel}/doors/{{door}}"
        return [
            web.post("/control/reset", self._reset),
            web.get("/control/state", self._state),
            web.get("/control/requests", self._requests),
            web.put("/control/faults", self._faults),
            web.post("/control/panels", self._add_panel),
            web.put(f"{panel}/faults", self._panel_faults),
            web.put(f"{panel}/switches", self._switches),
            web.get(f"{panel}/commands", self._commands),
            web.post(f"{panel}/doors", self._add_door),
            web.patch(door, self._change_door),
            web.delete(door, self._remove_door),
            web.post(f"{door}/{{action}}", self._perform_at_door),
            web.post(f"{panel}/migrate", self._migrate),
            web.post(f"{panel}/{{action}}", self._perform_on_panel),
        ]

    def _host(self, request: web.Request) -> PanelHost:
        return self._simulation.world.host(request.match_info["panel"])

    async def _reset(self, request: web.Request) -> web.Response:
        source = await _body(request)
        new = scenario.scenario(source) if source else scenario.load()
        await self._simulation.reset(new)
        return web.json_response(self._simulation.addresses())

    async def _state(self, _request: web.Request) -> web.Response:
        return web.json_response(views.control_state(self._simulation.world))

    async def _requests(self, _request: web.Request) -> web.Response:
        world = self._simulation.world
        panels = {key: host.panel.requests for key, host in world.hosts.items()}
        # The accounts service counts in the world too, the panels only for themselves.
        total = Counter(world.requests)
        for counts in panels.values():
            total += Counter(
                {k: n for k, n in counts.items() if k in views.PANEL_REQUESTS}
            )
        by_panel = {key: views.request_counts(each) for key, each in panels.items()}
        return web.json_response(views.request_counts(total) | {"panels": by_panel})

    async def _faults(self, request: web.Request) -> web.Response:
        faults = self._simulation.world.faults
        faults.update(await _body(request))
        return web.json_response(faults.as_json())

    async def _panel_faults(self, request: web.Request) -> web.Response:
        faults = self._host(request).panel.faults
        faults.update(await _body(request))
        return web.json_response(faults.as_json())

    async def _switches(self, request: web.Request) -> web.Response:
        system_id = self._host(request).panel.system_id
        system = self._simulation.world.system(system_id)
        system.switches.update(await _body(request))
        return web.json_response(system.as_json())

    async def _add_panel(self, request: web.Request) -> web.Response:
        spec = scenario.panel(await _body(request))
        host = await self._simulation.world.add_panel(spec)
        return web.json_response(views.control_panel(host))

    async def _commands(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        wait = float(request.query.get("wait", 0))
        received = await self._host(request).panel.wait_for_commands(after, wait)
        return web.json_response({"commands": [asdict(each) for each in received]})

    async def _migrate(self, request: web.Request) -> web.Response:
        host = self._host(request)
        await migrate(self._simulation.world, host, await _body(request))
        return web.json_response(views.control_panel(host))

    async def _perform_on_panel(self, request: web.Request) -> web.Response:
        host, name = self._host(request), request.match_info["action"]
        if name not in _PANEL_ACTIONS:
            raise UnknownActionError(name)
        await _PANEL_ACTIONS[name](host, await _body(request))
        answers = name in ("offline", "online", "move")
        return web.json_response(views.control_panel(host) if answers else {})

    async def _add_door(self, request: web.Request) -> web.Response:
        panel = self._host(request).panel
        source = await _body(request)
        numbers = [int(each) for each in panel.doors if each.isdecimal()]
        door = panel.add_door({"id": max(numbers, default=0) + 1} | source)
        return web.json_response(door.device)

    async def _change_door(self, request: web.Request) -> web.Response:
        door = self._host(request).panel.door(request.match_info["door"])
        door.device |= await _body(request)
        return web.json_response(door.device)

    async def _remove_door(self, request: web.Request) -> web.Response:
        self._host(request).panel.remove_door(request.match_info["door"])
        return web.json_response({})

    async def _perform_at_door(self, request: web.Request) -> web.Response:
        panel = self._host(request).panel
        door = panel.door(request.match_info["door"])
        perform(panel, door, request.match_info["action"], await _body(request))
        return web.json_response(panel.door_of(door).as_json())


async def _body(request: web.Request) -> Json:
    text = await request.text()
    body: Json = json.loads(text) if text else {}
    return body


async def _emit(host: PanelHost, body: Json) -> None:
    panel = host.panel
    for event in body.get("events", [body]):
        topic = event["topic"]
        # No payload is no argument; a payload of null is an argument.
        args = (event["payload"],) if "payload" in event else ()
        if host.system and "content" in event:
            args = (host.system.event(panel, topic, event["content"]),)
        for _ in range(event.get("times", 1)):
            panel.publish(topic, *args)


async def _send_raw(host: PanelHost, body: Json) -> None:
    host.stream.send_raw(body["frame"])


async def _kick(host: PanelHost, body: Json) -> None:
    connections = host.system or host
    await connections.kick(body.get("how", "close"))


async def _revoke(host: PanelHost, _body: Json) -> None:
    if system := host.system:
        system.tokens.revoke()
    else:
        host.panel.revoke_tokens()


async def _go_offline(host: PanelHost, body: Json) -> None:
    await host.go_offline()
    _report_connection(host, body)


async def _go_online(host: PanelHost, body: Json) -> None:
    await host.go_online()
    _report_connection(host, body)


def _report_connection(host: PanelHost, body: Json) -> None:
    if (system := host.system) and body.get("event", True):
        system.report_connection(host.panel)


async def _morning(host: PanelHost, _body: Json) -> None:
    run_morning(host.panel)


_PANEL_ACTIONS: dict[str, Callable[[PanelHost, Json], Awaitable[None]]] = {
    "emit": _emit,
    "raw": _send_raw,
    "kick": _kick,
    "revoke": _revoke,
    "offline": _go_offline,
    "online": _go_online,
    "move": lambda host, _: host.move(),
    "morning": _morning,
}
