"""The demo takes nothing that is in use, and leaves nothing behind."""

import argparse
from contextlib import ExitStack
from pathlib import Path
import shutil
import signal
import socket
import subprocess
import sys
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
import pytest

from scripts.demo import Demo
from scripts.demo_claim import claim
from scripts.demo_options import ROOT, parse_arguments
from scripts.home_assistant import HomeAssistantClient, write_configuration
from scripts.processes import DemoError, free_port

from .common import PANEL, Json
from .simulator import wire
from .simulator_process import SimulatedPdk

pytestmark = pytest.mark.usefixtures("socket_enabled")

BRANCH = "2080DEF"


def _options(folder: Path, *arguments: str) -> argparse.Namespace:
    ports = ("--port", str(free_port()), "--panel-port", "0")
    return parse_arguments([*ports, "--folder", str(folder), *arguments])


def test_the_folder_is_emptied_or_kept(tmp_path: Path) -> None:
    """Other people's files are left alone."""
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("Doors")
    with pytest.raises(DemoError, match="not empty"), claim(_options(tmp_path)):
        pass
    assert thesis.read_text() == "Doors"
    folder = tmp_path / "demo"
    for options in ((), ("--keep",), ()):
        with claim(_options(folder, *options)):
            assert (folder / "token").exists() == bool(options)
            (folder / "config").mkdir(exist_ok=True)
            (folder / "token").write_text("x")


def test_a_relative_folder() -> None:
    """It is made absolute, as Home Assistant runs in another one."""
    assert parse_arguments(["--folder", "demo"]).folder == Path.cwd() / "demo"


@pytest.mark.parametrize("port", ["99999", "-1", "door"])
def test_an_invalid_port(port: str) -> None:
    """It is rejected before anything is started."""
    with pytest.raises(SystemExit):
        parse_arguments(["--port", port])


@pytest.mark.parametrize("ports", [["--port", "0"], ["--panel-port", "8121"]])
def test_ports_that_collide(ports: list[str], tmp_path: Path) -> None:
    """Home Assistant needs a known port of its own."""
    options = parse_arguments([*ports, "--folder", str(tmp_path)])
    with pytest.raises(DemoError, match="--port must not be"), claim(options):
        pass


def test_a_second_demo_is_told_everything_at_once(tmp_path: Path) -> None:
    """Both ports, the folder, and a command that works."""
    with ExitStack() as servers, claim(_options(tmp_path)):
        # Of five ports the first and the last are far enough from each other.
        ports = [
            servers.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()
            for _ in range(5)
        ]
        port, panel_port = min(ports)[1], max(ports)[1]
        # In use is the last of the simulator's three ports.
        numbers = ("--port", str(port), "--panel-port", str(panel_port - 2))
        options = parse_arguments([*numbers, "--folder", str(tmp_path)])
        with pytest.raises(DemoError) as error, claim(options):
            pass
    text = str(error.value)
    assert f"port {port} is in use" in text
    assert f"{panel_port} is in use" in text or f"{panel_port} are in use" in text
    assert f"another demo runs in {tmp_path}" in text
    command = text.partition("scripts/demo ")[2].split()
    with claim(parse_arguments(command)):
        assert parse_arguments(command).folder == Path(f"{tmp_path}-2")


def test_help_needs_no_set_up(tmp_path: Path) -> None:
    """It is printed where there is no environment."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "scripts" / "setup").write_text("#!/bin/sh\nexit 9\n")
    command = [str(tmp_path / "scripts" / "demo"), "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "--panel-port" in done.stdout
    command[1] = "--empty"
    assert subprocess.run(command, check=False).returncode == 9


def test_home_assistant_ends_with_the_demo(tmp_path: Path) -> None:
    """Also after SIGKILL, of which nothing is left but a closed pipe."""
    package = tmp_path / "homeassistant"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(
        "import time\nprint('started', flush=True)\ntime.sleep(50)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(ROOT / "scripts" / "demo_home_assistant.py")],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdin
        assert process.stdout.readline() == b"started\n"
        process.stdin.close()
        assert process.wait(10) == -signal.SIGTERM


def test_an_empty_demo_opens_on_a_page_without_doors(tmp_path: Path) -> None:
    """It says how to add the integration; the doors' dashboard is there, too."""
    write_configuration(tmp_path, 8123, start_page=True)
    configuration = (tmp_path / "configuration.yaml").read_text()
    assert "start-dashboard:" in configuration
    assert "doors-dashboard:" in configuration
    opens_on = (tmp_path / ".storage" / "frontend.system_data").read_text()
    assert '"default_panel": "start-dashboard"' in opens_on
    page = (tmp_path / "start.yaml").read_text()
    assert "entity" not in page
    assert "/config/integrations/dashboard/add?domain=prodatakey" in page


def _home_assistant(entries: list[Json], asked: list[Any]) -> web.Application:
    """Return the parts of Home Assistant's REST API that the demo uses."""

    async def config_entries(_: web.Request) -> web.Response:
        return web.json_response(entries)

    async def states(_: web.Request) -> web.Response:
        return web.json_response([{"entity_id": "lock.front_door", "state": "locked"}])

    async def action(request: web.Request) -> web.Response:
        entry = (await request.json())["config_entry_id"]
        asked.append((request.match_info["action"], entry))
        endpoints = [{"address": "x"}] if entry == "1" else []
        return web.json_response({"service_response": {"endpoints": endpoints}})

    app = web.Application()
    app.router.add_get("/api/config/config_entries/entry", config_entries)
    app.router.add_get("/api/states", states)
    app.router.add_post("/api/services/prodatakey/{action}", action)
    return app


async def test_a_demo_with_both_panels(pdk: SimulatedPdk, tmp_path: Path) -> None:
    """Each connected panel has its morning once, and its endpoints are queried."""
    entries = [
        {"entry_id": number, "state": "loaded", "disabled_by": None}
        for number in ("1", "2")
    ]
    asked: list[Any] = []
    async with (
        TestServer(_home_assistant(entries, asked)) as server,
        ClientSession() as session,
        wire.client(pdk) as headquarters,
        wire.client(pdk) as branch,
    ):
        await headquarters.connect()
        addresses = {"control_url": f"{pdk.accounts_url}/control"}
        demo = Demo(_options(tmp_path), session, addresses)
        demo.hass = HomeAssistantClient(session, str(server.make_url("")).rstrip("/"))
        assert await demo.run_mornings() is None, "one panel is not connected yet"
        await branch.connect(panel=BRANCH)
        await demo.set_up()
        assert (await branch.event())[0] == "door.request.allowed"
        for panel in (PANEL, BRANCH):
            await pdk.act(panel, 1, "hold")
        assert await demo.run_mornings()
        assert (await pdk.door(PANEL, 1))["relay"], "a second morning would lock it"
    assert asked == [
        ("discover_endpoints", "1"),
        ("query_signal", "1"),
        ("discover_endpoints", "2"),
    ]
