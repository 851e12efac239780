"""The web page: its files, and the websocket that keeps it up to date."""

import asyncio
from collections.abc import AsyncIterator
import json
from pathlib import Path
import re
from typing import Any

import aiohttp
import pytest

from tests.simulator_process import Json

from .wire import PANEL, Wire

_PAGE = Path(__file__).parents[2] / "simulator" / "page"


@pytest.fixture
async def page(
    wire: Wire,
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Return the websocket of an open page."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{wire.pdk.accounts_url}/control/live") as socket,
    ):
        yield socket


async def _log(page: aiohttp.ClientWebSocketResponse, count: int) -> list[Json]:
    lines: list[Json] = []
    async with asyncio.timeout(5):
        while len(lines) < count:
            lines += (await page.receive_json())["log"]
    return lines


async def test_files_load_nothing_from_elsewhere(wire: Wire) -> None:
    """Every file is served, and names no other host."""
    for path in sorted(_PAGE.iterdir()):
        url = f"{wire.pdk.accounts_url}/page/{path.name}"
        status, headers, body = await wire.request("GET", url)
        assert (status, body) == (200, path.read_text())
        assert headers["Content-Security-Policy"] == "default-src 'self'"
        text = body.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import", text), path.name


def test_scripts_find_their_elements() -> None:
    """Every id that the scripts look for is on the page."""
    html = (_PAGE / "index.html").read_text()
    scripts = "".join(each.read_text() for each in _PAGE.glob("*.js"))
    wanted = set(re.findall(r'find\("#([\w-]+)"\)', scripts))
    assert wanted <= set(re.findall(r'id="([\w-]+)"', html))


async def test_the_page_shows_everything_but_secrets(
    wire: Wire, page: aiohttp.ClientWebSocketResponse
) -> None:
    """Doors, people, alarms, denied requests and migrations; no PIN and no token."""
    panel = (await page.receive_json())["panels"][PANEL]
    kinds = [door["kind"] for door in panel["doors"].values()]
    assert kinds == ["door"] * 5 + ["output", "reader"]
    assert panel["doors"]["7"]["reader_of"] == "Front door"
    await wire.pdk.act(PANEL, 3, "badge", person=5)
    await wire.pdk.act(PANEL, 3, "badge", pin="998877")
    await wire.pdk.act(PANEL, 1, "force")
    await wire.pdk.control("POST", f"panels/{PANEL}/migrate", {"stage": "completed"})
    async with asyncio.timeout(5):
        while panel["migration"] is None:
            message = await page.receive_json()
            panel = message["panels"][PANEL]
    assert panel["doors"]["3"]["request"] == {
        "result": "unknown",
        "person": None,
        "count": 2,
    }
    assert panel["doors"]["1"]["state"]["forced"] is True
    text = json.dumps(message)
    assert not any(secret in text for secret in ("998877", "2468", "secret"))


async def test_the_log_has_events_and_commands(
    wire: Wire, page: aiohttp.ClientWebSocketResponse
) -> None:
    """With the door and the person, whatever the events look like."""
    await page.receive_json()
    await wire.connect()
    await wire.command("door.try.dwellopen", doorId=2, dwell=0)
    command, answer = await _log(page, 2)
    assert (command["topic"], command["door"]) == ("door.try.dwellopen", "Garage")
    assert (answer["topic"], answer["detail"]) == (
        "serverError",
        "The dwell is not valid.",
    )
    await wire.pdk.act(PANEL, 3, "badge", person=1)
    line = (await _log(page, 3))[0]
    assert (line["door"], line["detail"]) == ("Server room", "Amelia Hartmann")
    payloads: list[Any] = [None, [], "x", {"body": 1, "metadata": 2}]
    for payload in (*payloads, {"placeholders": [{}]}):
        await wire.pdk.emit(PANEL, "nonsense", payload)
    lines = await _log(page, 5)
    assert {(each["door"], each["detail"]) for each in lines} == {(None, None)}
