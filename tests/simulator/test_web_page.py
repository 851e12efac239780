"""The web page: its files, and the websocket that keeps it up to date."""

import asyncio
import json
from pathlib import Path
import re
from typing import Any

import aiohttp

from .wire import PANEL, Wire

_WORKSHOP = "3090GHI"
_PAGE = Path(__file__).parents[2] / "simulator" / "page"


async def test_the_files_stand_alone(wire: Wire) -> None:
    """They are served, name no other host, and have every id that the scripts look for."""
    for path in sorted(_PAGE.iterdir()):
        url = f"{wire.pdk.accounts_url}/page/{path.name}"
        status, headers, body = await wire.request("GET", url)
        assert (status, body) == (200, path.read_text())
        assert headers["Content-Security-Policy"] == "default-src 'self'"
        text = body.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import", text), path.name
    html = (_PAGE / "index.html").read_text()
    scripts = "".join(each.read_text() for each in _PAGE.glob("*.js"))
    wanted = set(re.findall(r'find\("#([\w-]+)"\)', scripts))
    assert wanted <= set(re.findall(r'id="([\w-]+)"', html))


async def test_the_page_shows_everything_but_secrets(wire: Wire) -> None:
    """Doors, people, denied requests, migrations and the log; no PIN and no token."""
    url = f"{wire.pdk.accounts_url}/control/live"
    log: list[Any] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url) as page,
        asyncio.timeout(5),
    ):
        message = await page.receive_json()
        kinds = [each["kind"] for each in message["panels"][PANEL]["doors"].values()]
        assert kinds == ["door"] * 5 + ["output", "reader"]
        await wire.connect()
        await wire.command("door.try.dwellopen", doorId=2, dwell=0)
        assert (await wire.event())[0] == "serverError"
        await wire.pdk.act(PANEL, 3, "badge", person=5)
        await wire.pdk.act(PANEL, 3, "badge", pin="998877")
        payloads: list[Any] = [None, [], {"body": 1, "metadata": 2}]
        for payload in (*payloads, {"placeholders": [{}]}):
            await wire.pdk.emit(PANEL, "any", payload)
        migrated = {"stage": "completed"}
        await wire.pdk.control("POST", f"panels/{PANEL}/migrate", migrated)
        while "migration.completed" not in [line["topic"] for line in log]:
            message = await page.receive_json()
            log += message["log"]
    panel = message["panels"][PANEL]
    assert panel["migration"] == "completed"
    request = {"result": "unknown", "person": None, "count": 2}
    assert panel["doors"]["3"]["request"] == request
    assert [(line["topic"], line["door"], line["detail"]) for line in log[:4]] == [
        ("door.try.dwellopen", "Garage", None),
        ("serverError", "Garage", "The dwell is not valid."),
        ("door.request.denied", "Server room", "Carlos Mendoza"),
        ("liveEvent", "Server room", "Carlos Mendoza"),
    ]
    text = json.dumps([message, log])
    assert not any(secret in text for secret in ("998877", "2468", "secret"))


async def test_a_site_of_pdk_2(wire: Wire) -> None:
    """Its log has the events of PDK 2.0, and still no PIN."""
    url = f"{wire.pdk.accounts_url}/control/live"
    log: list[Any] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url) as page,
        asyncio.timeout(5),
    ):
        await page.receive_json()
        await wire.pdk.act(_WORKSHOP, 1, "duress", pin="2468")
        await wire.pdk.act(_WORKSHOP, 4, "badge", pin="998877")
        while "device.request.unknown" not in [line["topic"] for line in log]:
            message = await page.receive_json()
            log += message["log"]
    panels = message["panels"]
    assert [panels[each]["generation"] for each in (PANEL, _WORKSHOP)] == [1, 2]
    assert panels[_WORKSHOP]["doors"]["1"]["request"]["result"] == "duress"
    assert [(line["topic"], line["door"], line["detail"]) for line in log] == [
        ("device.request.found", "Side entrance", "Amelia Hartmann"),
        ("device.request.duress", "Side entrance", "Amelia Hartmann"),
        ("device.input.relay.on", "Side entrance", None),
        ("device.request.unknown", "Tool cage", None),
    ]
    assert not any(pin in json.dumps([message, log]) for pin in ("998877", "2468"))
