"""The page: its files, and the websocket that keeps it up to date."""

import json
from pathlib import Path
import re
from typing import Any

import pytest

from simulator.audience import Audience, Watcher
from tests.simulator_process import SimulatedPdk

from .page import Page
from .wire import PANEL, Wire

_PAGE = Path(__file__).parents[2] / "simulator" / "page"


@pytest.mark.parametrize(
    "path", ["", *(f"page/{each.name}" for each in sorted(_PAGE.iterdir()))]
)
async def test_files(wire: Wire, path: str) -> None:
    """Every file is served, and may load nothing from elsewhere."""
    url = f"{wire.pdk.accounts_url}/{path}"
    status, headers, body = await wire.request("GET", url)
    assert status == 200
    assert headers["Content-Security-Policy"] == "default-src 'self'"
    assert body == (_PAGE / (path.removeprefix("page/") or "index.html")).read_text()


def test_stands_alone() -> None:
    """No file mentions an address that it does not own."""
    for each in _PAGE.iterdir():
        text = each.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import", text), each.name


def test_names() -> None:
    """Whatever the scripts look for is on the page, and every act is one of ours."""
    html = (_PAGE / "index.html").read_text()
    scripts = "".join(each.read_text() for each in _PAGE.glob("*.js"))
    asked = set(re.findall(r'find\("#([\w-]+)"\)', scripts))
    assert asked <= set(re.findall(r'id="([\w-]+)"', html))
    acts = set(re.findall(r'data-act="(\w+)"', html))
    assert acts == {"dwell", "hold", "lock", "rex", "walk", "toggle", "force", "clear"}


async def test_whole(page: Page) -> None:
    """First of all a page is told everything, and nothing secret."""
    message = await page.message()
    assert message["whole"]
    assert message["life"] is None
    assert message["log"] == []
    panel = message["panels"][PANEL]
    assert (panel["name"], panel["online"], panel["clients"]) == (
        "Headquarters",
        True,
        0,
    )
    assert panel["people"][0] == {"id": 1, "name": "Amelia Hartmann"}
    kinds = [door["kind"] for door in panel["doors"].values()]
    assert kinds == ["door"] * 5 + ["output", "reader"]
    assert panel["doors"]["7"]["of"] == "Front door"
    assert not any(pin in json.dumps(message) for pin in ("2468", "token", "secret"))


async def test_change(simulator: SimulatedPdk, page: Page) -> None:
    """A change is told at once, of the doors that changed only."""
    await page.message()
    await simulator.act(PANEL, 1, "hold")
    message = await page.message()
    assert "whole" not in message
    doors = message["panels"][PANEL]["doors"]
    assert list(doors) == ["1", "7"], "the door, and its second reader"
    assert doors["1"]["live"]["relay"] is True
    (line,) = message["log"]
    assert line["panel"] == PANEL
    assert (line["kind"], line["topic"]) == ("event", "door.input.relay.on")
    assert (line["door"], line["detail"]) == ("Front door", None)


async def test_silent_change(simulator: SimulatedPdk, page: Page) -> None:
    """What no event tells is told to the page nevertheless."""
    await page.message()
    await simulator.control("POST", f"panels/{PANEL}/offline")
    assert (await page.message())["panels"][PANEL]["online"] is False
    await simulator.control("POST", f"panels/{PANEL}/doors", {"name": "Shed"})
    message = await page.message()
    assert message["whole"]
    assert message["panels"][PANEL]["doors"]["8"]["name"] == "Shed"


async def test_reset(simulator: SimulatedPdk, page: Page) -> None:
    """A new world is shown by the same page."""
    await page.message()
    await simulator.reset({"panels": [{"id": "X1"}]})
    message = await page.message()
    assert (message["whole"], list(message["panels"])) == (True, ["X1"])


async def test_credentials(simulator: SimulatedPdk, page: Page) -> None:
    """The log names people, and keeps what strangers typed to itself."""
    await page.message()
    await simulator.act(PANEL, 3, "badge", person=1)
    lines = await page.log(3)
    assert [each["detail"] for each in lines[:2]] == ["Amelia Hartmann"] * 2
    await simulator.act(PANEL, 3, "badge", pin="998877")
    lines = await page.log(2)
    assert [(each["topic"], each["door"], each["detail"]) for each in lines] == [
        ("door.request.unknown", "Server room", None),
        ("liveEvent", "Server room", None),
    ]
    assert "998877" not in json.dumps(lines)


async def test_commands(simulator: SimulatedPdk, wire: Wire, page: Page) -> None:
    """Commands are in the log, with what was answered."""
    await page.message()
    await wire.connected()
    assert (await page.message())["panels"][PANEL]["clients"] == 1
    await wire.command("door.actuate.open", doorId=2)
    lines = await page.log(3)
    assert [(each["kind"], each["topic"], each["door"]) for each in lines] == [
        ("command", "door.actuate.open", "Garage"),
        ("answer", "command.result.succeed", "Garage"),
        ("event", "door.input.relay.on", "Garage"),
    ]
    await wire.command("door.try.dwellopen", doorId=2, dwell=0)
    _, answer = await page.log(2)
    assert (answer["topic"], answer["detail"]) == (
        "serverError",
        "The dwell is not valid.",
    )


@pytest.mark.parametrize(
    "payload",
    [None, [], "text", {"body": 1, "metadata": 2}, {"placeholders": [3, {}]}],
)
async def test_nonsense(simulator: SimulatedPdk, page: Page, payload: Any) -> None:
    """The page outlives whatever tests emit."""
    await page.message()
    await simulator.emit(PANEL, "nonsense", payload)
    (line,) = await page.log(1)
    assert (line["topic"], line["door"], line["detail"]) == ("nonsense", None, None)


async def test_storm(simulator: SimulatedPdk, page: Page) -> None:
    """Thousands of events become a few messages with the latest of them."""
    await page.message()
    events = [{"topic": f"t{number}", "payload": {}} for number in range(5000)]
    await simulator.control("POST", f"panels/{PANEL}/emit", {"events": events})
    lines = (await page.message())["log"]
    assert len(lines) == 200
    assert lines[-1]["topic"] == "t4999"


async def test_nobody_watches() -> None:
    """Without anybody, and after everybody has left, nothing is kept."""
    audience, watcher = Audience(), Watcher()
    audience.note(PANEL, "event", "before")
    audience.join(watcher)
    audience.note(PANEL, "event", "meanwhile")
    audience.leave(watcher)
    audience.note(PANEL, "event", "after")
    assert [each.topic for each in await watcher.changed()] == ["meanwhile"]
