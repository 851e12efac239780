"""Fixtures of the long run: a site, without the records that tests keep of it."""

from collections.abc import Iterator
import logging
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from tests.common import Site
from tests.simulator_process import SimulatedPdk


class SoakSite(Site):
    """A site of either generation, with its lock and the kind of request that connects."""

    lock: str
    connect: str

    @property
    def connection(self) -> str:
        """Return the entity of its connection."""
        return f"binary_sensor.{self.entry.title.lower()}_connection"


@pytest.fixture(autouse=True)
def no_logging() -> Iterator[None]:
    """Keep no log lines: their memory is not what is measured."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def storage(hass: HomeAssistant, hass_storage: dict[str, Any]) -> Iterator[None]:
    """Store in memory: the test plugin's own storage records every call."""
    stored: dict[str, Any] = {}

    async def load(store: Store[Any]) -> Any:
        return stored.get(store.key)

    async def write(store: Store[Any], data: dict[str, Any]) -> None:
        collect = data.get("data_func")
        stored[store.key] = collect() if collect else data["data"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "async_load", load)
        patch.setattr(Store, "_async_write_data", write)
        yield


@pytest.fixture(
    params=[
        ("entry", "lock.front_door", "connect"),
        ("workshop", "lock.side_entrance", "system_stream"),
    ],
    ids=["1.0", "2.0"],
)
async def site(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    unload_at_end: None,
) -> SoakSite:
    """Set up a site."""
    fixture, lock, connect = request.param
    site = SoakSite(hass, request.getfixturevalue(fixture), pdk)
    site.lock, site.connect = lock, connect
    await site.set_up()
    await pdk.sockets(site.panel_id, 1)
    return site
