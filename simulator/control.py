"""The control API: how tests and demonstrations move the simulated world."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
import json
from typing import Any

from aiohttp import web

from . import acts, scenario
from .door import RefusedError
from .faults import UnknownFaultError
from .host import Host
from .panel import NotFoundError, Panel
from .scenario import Person
from .world import Simulation

type Json = dict[str, Any]
type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_KINDS = (
    "token",
    "ous",
    "panel",
    "panel_token",
    "devices",
    "handshake",
    "connect",
    "renewed",
)


@web.middleware
async def problems(request: web.Request, handler: Answer) -> web.StreamResponse:
    """Turn the simulation's errors into answers."""
    try:
        return await handler(request)
    except NotFoundError as err:
        return web.json_response({"message": str(err)}, status=404)
    except RefusedError as err:
        return web.json_response({"message": str(err)}, status=409)
    except (
        acts.UnknownActError,
        UnknownFaultError,
        scenario.ScenarioError,
        KeyError,
        ValueError,
    ) as err:
        message = f"{type(err).__name__}: {err}"
        return web.json_response({"message": message}, status=400)


class Control:
    """The handlers."""

    def __init__(self, simulation: Simulation) -> None:
        """Control a simulation."""
        self._simulation = simulation

    def routes(self) -> list[web.RouteDef]:
        """Return the API's routes."""
        panel = "/control/panels/{panel}"
        return [
            web.post("/control/reset", self._reset),
            web.get("/control/state", self._state),
            web.get("/control/requests", self._requests),
            web.put("/control/faults", self._faults),
            web.post("/control/panels", self._add_panel),
            web.put(f"{panel}/faults", self._panel_faults),
            web.get(f"{panel}/commands", self._commands),
            web.post(f"{panel}/emit", self._emit),
            web.post(f"{panel}/raw", self._raw),
            web.post(f"{panel}/kick", self._kick),
            web.post(f"{panel}/offline", self._offline),
            web.post(f"{panel}/online", self._online),
            web.post(f"{panel}/migrate", self._migrate),
            web.post(f"{panel}/doors", self._add_door),
            web.patch(f"{panel}/doors/{{door}}", self._change_door),
            web.delete(f"{panel}/doors/{{door}}", self._remove_door),
            web.post(f"{panel}/doors/{{door}}/{{act}}", self._act),
        ]

    def _host(self, request: web.Request) -> Host:
        return self._simulation.world.host(request.match_info["panel"])

    async def _reset(self, request: web.Request) -> web.Response:
        source = await _body(request)
        new = scenario.scenario(source) if source else scenario.load()
        await self._simulation.reset(new)
        return web.json_response(self._simulation.addresses())

    async def _state(self, _request: web.Request) -> web.Response:
        world = self._simulation.world
        return web.json_response(
            {
                "panels": {key: _panel(host) for key, host in world.hosts.items()},
                "tokens": {"id": world.id_tokens.issued},
                "faults": world.faults.as_json(),
            }
        )

    async def _requests(self, _request: web.Request) -> web.Response:
        """Return totals; what only panels see is summed up here."""
        world = self._simulation.world
        panels = {key: host.panel.requests for key, host in world.hosts.items()}
        total: Counter[str] = Counter()
        for counts in panels.values():
            total += counts
        by_panel = {key: _counts(counts) for key, counts in panels.items()}
        return web.json_response(_counts(total | world.requests) | {"panels": by_panel})

    async def _faults(self, request: web.Request) -> web.Response:
        faults = self._simulation.world.faults
        faults.update(await _body(request))
        return web.json_response(faults.as_json())

    async def _panel_faults(self, request: web.Request) -> web.Response:
        faults = self._host(request).panel.faults
        faults.update(await _body(request))
        return web.json_response(faults.as_json())

    async def _add_panel(self, request: web.Request) -> web.Response:
        spec = scenario.panel(await _body(request))
        host = await self._simulation.world.add_panel(spec)
        return web.json_response(_panel(host))

    async def _commands(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", 0))
        wait = float(request.query.get("wait", 0))
        received = await self._host(request).panel.commands_after(after, wait)
        return web.json_response({"commands": [asdict(each) for each in received]})

    async def _emit(self, request: web.Request) -> web.Response:
        body = await _body(request)
        panel = self._host(request).panel
        for event in body.get("events", [body]):
            # Absent is no argument at all; null is an argument.
            args = (event["payload"],) if "payload" in event else ()
            panel.publish(
                event["topic"], *args, through_token=body.get("through_token", True)
            )
        return web.json_response({})

    async def _raw(self, request: web.Request) -> web.Response:
        body = await _body(request)
        self._host(request).stream.send_raw(body["frame"])
        return web.json_response({})

    async def _kick(self, request: web.Request) -> web.Response:
        body = await _body(request)
        await self._host(request).kick(body.get("how", "close"))
        return web.json_response({})

    async def _offline(self, request: web.Request) -> web.Response:
        host = self._host(request)
        host.panel.online = False
        await host.offline()
        return web.json_response(_panel(host))

    async def _online(self, request: web.Request) -> web.Response:
        host = self._host(request)
        host.panel.online = True
        await host.online()
        return web.json_response(_panel(host))

    async def _migrate(self, request: web.Request) -> web.Response:
        acts.migrate(self._host(request).panel, await _body(request))
        return web.json_response({})

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

    async def _act(self, request: web.Request) -> web.Response:
        panel = self._host(request).panel
        door = panel.door(request.match_info["door"])
        acts.perform(panel, door, request.match_info["act"], await _body(request))
        return web.json_response(panel.strike(door).state())


async def _body(request: web.Request) -> Json:
    text = await request.text()
    body: Json = json.loads(text) if text else {}
    return body


def _counts(counts: Counter[str]) -> Json:
    return {kind: counts[kind] for kind in _KINDS}


def _panel(host: Host) -> Json:
    panel: Panel = host.panel
    return {
        "id": panel.id,
        "name": panel.name,
        "uri": host.uri,
        "online": panel.online,
        "sockets": len(panel.listeners),
        "tokens": panel.tokens.issued,
        "doors": {
            key: {"id": door.device["id"], "name": door.device["name"]}
            | door.state()
            | {"device": door.device}
            for key, door in panel.doors.items()
        },
        "people": [_person(each) for each in panel.people.values()],
        "faults": panel.faults.as_json(),
    }


def _person(person: Person) -> Json:
    return {
        "id": person.id,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "pin": person.pin,
        "doors": None if person.doors is None else sorted(person.doors, key=str),
    }
