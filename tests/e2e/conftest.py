"""The demo, and a browser that is logged in to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
import signal
import subprocess
import sys
import time
from typing import Any
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, Page, sync_playwright
import pytest

from scripts.demonstration.processes import free_port

PROJECT = Path(__file__).parent.parent.parent
READY = "Ctrl-C ends it"
SECONDS_TO_START = 180
BROWSER_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that is running."""

    url: str
    panel_url: str

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Call the simulator's control API."""
        request = Request(  # noqa: S310 - of this machine
            f"{self.panel_url}/control/{path}",
            method=method,
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request) as response:  # noqa: S310
            return json.load(response)

    def topics(self) -> list[str]:
        """Return the topics of the commands that the panel has had."""
        got = self.control("GET", "panels/1070ABC/commands?after=0&wait=0")
        return [command["topic"] for command in got["commands"]]


@contextmanager
def running_demo(folder: Path, *options: str) -> Iterator[Demo]:
    """Run scripts/demo in the background."""
    port = free_port()
    log = folder / "demo.log"
    command = [sys.executable, "-m", "scripts.demonstration.demo", "--port", str(port)]
    command += ["--panel-port", "0", "--folder", str(folder / "demo"), *options]
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        try:
            deadline = time.monotonic() + SECONDS_TO_START
            while READY not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.2)
            addresses = json.loads((folder / "demo" / "addresses.json").read_text())
            yield Demo(f"http://127.0.0.1:{port}", addresses["accounts_url"])
        finally:
            process.send_signal(signal.SIGINT)


@pytest.fixture(autouse=True)
def use_custom_integrations() -> None:
    """Leave that to the real Home Assistant; its test plugin is not loaded here."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run a demo without the integration: the user adds it."""
    with running_demo(tmp_path_factory.mktemp("demo"), "--empty") as demo:
        yield demo


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a browser."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Debian's chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=BROWSER_FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser: Browser, demo: Demo) -> Page:
    """Return a page of the browser, logged in."""
    return log_in(browser, demo.url)


def log_in(browser: Browser, url: str) -> Page:
    """Log in as the demo's user, on a page of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(url)
    fields = page.locator("ha-auth-flow input")
    fields.nth(0).fill("demo")
    fields.nth(1).fill("demo")
    page.keyboard.press("Enter")
    page.wait_for_selector("home-assistant-main")
    return page


def call(page: Page, command: str, **fields: object) -> Any:
    """Send a command of Home Assistant's websocket API."""
    return page.evaluate(
        """message => document.querySelector("home-assistant").hass.callWS(message)""",
        {"type": command, **fields},
    )


def furnish(page: Page, *doors: str) -> None:
    """Put doors into the area Entrance."""
    area = call(page, "config/area_registry/create", name="Entrance")
    for device in call(page, "config/device_registry/list"):
        if device["name"] in doors:
            moved = {"device_id": device["id"], "area_id": area["area_id"]}
            call(page, "config/device_registry/update", **moved)


@pytest.fixture(scope="session")
def screenshots(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return where screenshots go: to the documentation, where that is asked for."""
    folder = request.config.getoption("screenshots")
    return Path(folder) if folder else tmp_path_factory.mktemp("screenshots")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that keeps the screenshots."""
    parser.addoption("--screenshots", help="the folder that screenshots go to")
