"""Fixtures of the fault tests: a site, with and without a network that can fail."""

from collections.abc import AsyncIterator, Iterator
import logging
import ssl

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.util import ssl as ssl_util
from tests.network import Proxy
from tests.pdk.common import SHORT_TIMEOUTS, set_constants
from tests.simulator_process import SimulatedPdk

from .certificates import make_certificates
from .site import V1, Generation, Site


@pytest.fixture(scope="session")
def certificates(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, ssl.SSLContext]]:
    """Let Home Assistant trust certificates, and verify as always; return all of them."""
    folder = tmp_path_factory.mktemp("certificates")
    certificates = make_certificates(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "trusted"))
        context = ssl_util.create_client_context()
        assert context.check_hostname
        patch.setattr(
            "homeassistant.helpers.aiohttp_client.ssl_util.client_context",
            lambda *_: context,
        )
        yield certificates


@pytest.fixture
def generation(request: pytest.FixtureRequest) -> Generation:
    """Return the generation of the site, 1.0 unless a test says otherwise."""
    generation: Generation = getattr(request, "param", V1)
    return generation


@pytest.fixture
async def direct(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    generation: Generation,
    unload_at_end: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Site]:
    """Return a site and Home Assistant without a proxy between them."""
    set_constants(monkeypatch, **SHORT_TIMEOUTS, overlap=0.1)
    caplog.set_level(logging.INFO, "custom_components.prodatakey")
    entry = request.getfixturevalue(generation.fixture)
    site = Site(generation, hass, entry, pdk, caplog, monkeypatch)
    await site.ping_often()
    yield site
    await site.unload()
    site.check_log()


@pytest.fixture
async def site(
    direct: Site, certificates: dict[str, ssl.SSLContext]
) -> AsyncIterator[Site]:
    """Return a site and Home Assistant with TLS and proxies between them."""
    direct.certificates = certificates
    async with (
        Proxy(tls=certificates["good"]) as direct.accounts,
        Proxy(tls=certificates["good"]) as direct.panel,
    ):
        await direct.use_proxies()
        yield direct
        await direct.unload()
