"""Fixtures of the fault tests: a site, with and without a network that can fail."""

from collections.abc import AsyncIterator
import logging
from ssl import SSLContext

import pytest

from homeassistant.core import HomeAssistant
from tests.network import Proxy
from tests.pdk.common import SHORT_TIMEOUTS, set_constants
from tests.simulator_process import SimulatedPdk

from .certificates import make_certificates
from .site import V1, FaultySite, Generation


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SSLContext]:
    """Return a good certificate, wrong ones, and what clients trust."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


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
) -> AsyncIterator[FaultySite]:
    """Return a site and Home Assistant without a proxy between them."""
    set_constants(monkeypatch, **SHORT_TIMEOUTS, overlap=0.1)
    caplog.set_level(logging.INFO, "custom_components.prodatakey")
    entry = request.getfixturevalue(generation.fixture)
    site = FaultySite(generation, hass, entry, pdk, caplog, monkeypatch)
    await site.ping_often()
    yield site
    await site.unload()
    site.check_log()


@pytest.fixture
async def site(
    direct: FaultySite, certificates: dict[str, SSLContext]
) -> AsyncIterator[FaultySite]:
    """Return a site and Home Assistant with TLS and proxies between them."""
    direct.certificates = certificates
    assert certificates["trusted"].check_hostname
    direct.monkeypatch.setattr(
        "homeassistant.helpers.aiohttp_client.ssl_util.client_context",
        lambda *_: certificates["trusted"],
    )
    async with (
        Proxy(tls=certificates["good"]) as direct.accounts,
        Proxy(tls=certificates["good"]) as direct.panel,
    ):
        await direct.use_proxies()
        yield direct
        await direct.unload()
