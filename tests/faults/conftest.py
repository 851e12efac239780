"""Fixtures of the fault matrix, and the table that its figures make."""

from collections.abc import AsyncIterator, Callable, Iterator
import functools
from pathlib import Path

import aiohttp
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import ssl as ssl_util
from tests.simulator_process import Json, SimulatedPdk

from . import figures
from .certificates import Certificates, make_certificates
from .site import BRISK, OwnSimulator, Site, fronted

_PDK = "custom_components.prodatakey.pdk"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let figures be kept."""
    parser.addoption(
        "--figures",
        type=Path,
        metavar="FILE.md",
        help="write what was measured between the marks in this file",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect figures, of whatever runs, in the process that reports."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(figures.Figures(config), "figures")


@pytest.fixture
def brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what takes seconds take tenths of seconds."""
    for name, value in BRISK.items():
        module, _, attribute = name.partition(".")
        if attribute == "TIMEOUT.total":
            attribute, value = "TIMEOUT", aiohttp.ClientTimeout(total=value)  # type: ignore[arg-type]
        monkeypatch.setattr(f"{_PDK}.{module}.{attribute}", value)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> figures.Record:
    """Return a way to note what was measured."""
    return functools.partial(figures.record, record_property)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return certificates, good and wrong ones."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant trust the test's authority, verifying as it always does."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
    context = ssl_util.create_client_context()
    assert context.check_hostname
    monkeypatch.setattr(
        "homeassistant.helpers.aiohttp_client.ssl_util.client_context",
        lambda *_: context,
    )


@pytest.fixture
async def direct(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    brisk: None,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Site]:
    """Return a site with nothing between the panel and Home Assistant."""
    site = Site(hass, entry, caplog)
    site.pdk = pdk
    await site.ping_often()
    yield site
    await site.tear_down()
    site.check_log()


@pytest.fixture
async def site(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    simulator_ready: Json,
    certificates: Certificates,
    socket_enabled: None,
    trusted: None,
    brisk: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Site]:
    """Return a site with names, TLS and a network between."""
    async with fronted(
        Site(hass, entry, caplog), certificates, simulator_ready, monkeypatch
    ) as site:
        yield site
    site.check_log()


@pytest.fixture
def own_simulator() -> Iterator[OwnSimulator]:
    """Return a simulator that may be killed."""
    own = OwnSimulator()
    yield own
    own.kill()


@pytest.fixture
async def own_site(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    own_simulator: OwnSimulator,
    certificates: Certificates,
    socket_enabled: None,
    trusted: None,
    brisk: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Site]:
    """Return a site with a simulator of its own."""
    site = Site(hass, entry, caplog)
    site.own = own_simulator
    ready = await own_simulator.start()
    async with fronted(site, certificates, ready, monkeypatch):
        yield site
    site.check_log()
