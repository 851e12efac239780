"""The demo shows every panel that is connected, and starts its day once."""

from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from scripts.demo import Demo
from scripts.demo_dashboard import show_panels
from scripts.demo_options import parse_arguments
from scripts.home_assistant import HomeAssistantClient

from .common import PANEL, Json
from .simulator import wire
from .simulator_process import SimulatedPdk

pytestmark = pytest.mark.usefixtures("socket_enabled")

BRANCH = "2080DEF"


class FakeHomeAssistant:
    """The parts of Home Assistant's API that the demo uses."""

    def __init__(self) -> None:
        """Initialize two panels without a dashboard."""
        self.entries: list[Json] = [
            {
                "entry_id": number,
                "title": title,
                "state": "loaded",
                "disabled_by": None,
            }
            for number, title in (("1", "Headquarters"), ("2", "Branch office"))
        ]
        self.actions: list[tuple[str, str]] = []
        self.dashboard: Json | None = None
        self.exposed: list[str] = []

    def app(self) -> web.Application:
        """Return the server."""
        app = web.Application()
        app.router.add_get("/api/config/config_entries/entry", self._entries)
        app.router.add_get("/api/states", self._states)
        app.router.add_post("/api/services/prodatakey/{action}", self._action)
        app.router.add_get("/api/websocket", self._websocket)
        return app

    async def _entries(self, _: web.Request) -> web.Response:
        return web.json_response(self.entries)

    async def _states(self, _: web.Request) -> web.Response:
        states = {"lock.front_door": "locked", "sun.sun": "above_horizon"}
        return web.json_response(
            [{"entity_id": key, "state": state} for key, state in states.items()]
        )

    async def _action(self, request: web.Request) -> web.Response:
        entry = (await request.json())["config_entry_id"]
        action = request.match_info["action"]
        self.actions.append((action, entry))
        endpoints = [{"address": "x"}] if entry == "1" else []
        response: Json = {"endpoints": endpoints}
        if action == "dashboard":
            response = {"title": f"Panel {entry}"}
        return web.json_response({"service_response": response})

    async def _websocket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "auth_required"})
        await socket.receive_json()
        await socket.send_json({"type": "auth_ok"})
        result = self._command(await socket.receive_json())
        await socket.send_json({"id": 1, "success": True, "result": result})
        return socket

    def _command(self, command: Json) -> Any:
        match command["type"]:
            case "lovelace/dashboards/list":
                exists = self.dashboard is not None
                return [{"url_path": "doors-dashboard"}] if exists else []
            case "lovelace/dashboards/create":
                assert self.dashboard is None
                self.dashboard = {}
            case "lovelace/config":
                return self.dashboard
            case "lovelace/config/save":
                self.dashboard = command["config"]
            case "homeassistant/expose_entity":
                self.exposed = command["entity_ids"]
        return None


async def test_the_views_of_panels() -> None:
    """A panel that is added later has a view, and what the user changed is kept."""
    fake = FakeHomeAssistant()
    async with TestServer(fake.app()) as server, ClientSession() as session:
        hass = HomeAssistantClient(session, str(server.make_url("")).rstrip("/"))
        await show_panels(hass, fake.entries[:1])
        assert fake.dashboard
        fake.dashboard["views"][0]["icon"] = "mdi:gate"
        await show_panels(hass, fake.entries)
    assert [(each["title"], each["path"]) for each in fake.dashboard["views"]] == [
        ("Panel 1", "doors"),
        ("Panel 2", "doors-2"),
    ]
    assert fake.dashboard["views"][0]["icon"] == "mdi:gate"


async def test_a_demo_with_both_panels(pdk: SimulatedPdk, tmp_path: Path) -> None:
    """Each connected panel has its morning once, and its endpoints are queried."""
    fake = FakeHomeAssistant()
    async with (
        TestServer(fake.app()) as server,
        ClientSession() as session,
        wire.client(pdk) as headquarters,
        wire.client(pdk) as branch,
    ):
        await headquarters.connect()
        addresses = {"control_url": f"{pdk.accounts_url}/control"}
        demo = Demo(parse_arguments(["--folder", str(tmp_path)]), session, addresses)
        demo.hass = HomeAssistantClient(session, str(server.make_url("")).rstrip("/"))
        assert await demo.run_mornings() is None, "one panel is not connected yet"
        await branch.connect(panel=BRANCH)
        await demo.set_up()
        assert (await branch.event())[0] == "door.request.allowed"
        for panel in (PANEL, BRANCH):
            await pdk.act(panel, 1, "hold")
        assert await demo.run_mornings()
        assert (await pdk.door(PANEL, 1))["relay"], "a second morning would lock it"
    assert fake.exposed == ["lock.front_door"]
    assert fake.actions == [
        ("discover_endpoints", "1"),
        ("query_signal", "1"),
        ("discover_endpoints", "2"),
        ("dashboard", "1"),
        ("dashboard", "2"),
    ]
