"""Fixtures of the fault tests, and the tables that their figures make."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import ssl as ssl_util
from tests.network import Proxy
from tests.pdk.common import SHORT_TIMEOUTS, set_constants
from tests.simulator_process import SimulatedPdk

from .certificates import Certificates, make_certificates
from .figures import Figures, Record
from .site import Site


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option to write the figures."""
    parser.addoption(
        "--figures",
        type=Path,
        metavar="FILE.md",
        help="write what was measured between the marks in this file",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect the figures of all tests, in the process that reports."""
    if not hasattr(config, "workerinput"):
        file = config.getoption("--figures", None)
        config.pluginmanager.register(Figures(file), "figures")


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Record:
    """Return a way to record what was measured."""

    def record(table: str, row: str, column: str, value: str) -> None:
        record_property("figure", [table, row, column, value])

    return record


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return a good certificate and wrong ones."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def trusted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant trust these certificates, and verify as always."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.trusted))
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
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Site]:
    """Return a panel and Home Assistant without a proxy between them."""
    set_constants(monkeypatch, **SHORT_TIMEOUTS)
    site = Site(hass, entry, pdk, caplog, monkeypatch)
    await site.ping_often()
    yield site
    await site.unload()
    site.check_log()


@pytest.fixture
async def site(
    direct: Site,
    certificates: Certificates,
    trusted: None,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Site]:
    """Return a panel and Home Assistant with names, TLS and proxies between them."""
    direct.certificates = certificates
    monkeypatch.setattr(
        "aiohttp.resolver.AsyncResolver.resolve",
        lambda _, *args, **kwargs: direct.resolve(*args, **kwargs),
    )
    async with (
        Proxy(tls=certificates.good) as direct.accounts,
        Proxy(tls=certificates.good) as direct.panel,
    ):
        await direct.use_proxies()
        yield direct
        await direct.unload()
