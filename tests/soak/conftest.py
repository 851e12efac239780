"""A panel for very long: without what a test would keep of it."""

from collections.abc import Iterator
from dataclasses import dataclass
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store
from tests.common import PANEL, WORKSHOP, setup_integration
from tests.simulator_process import SimulatedPdk


@dataclass(frozen=True, slots=True)
class Site:
    """A site that is set up, of either generation."""

    id: str
    entry: MockConfigEntry
    connection: str
    lock: str
    connect: str
    """The kind of request that opens a connection."""
    of: str = ""
    """What the names of its figures end with."""


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


@pytest.fixture(params=["1.0", "2.0"])
async def site(
    request: pytest.FixtureRequest,
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    unload_at_end: None,
) -> Site:
    """Set up a site."""
    if request.param == "1.0":
        entry = request.getfixturevalue("entry")
        connection = "binary_sensor.headquarters_connection"
        site = Site(PANEL, entry, connection, "lock.front_door", "connect")
    else:
        entry = request.getfixturevalue("workshop")
        connection = "binary_sensor.workshop_connection"
        site = Site(
            *(WORKSHOP, entry, connection, "lock.side_entrance", "system_stream"),
            of=", PDK 2.0",
        )
    await setup_integration(hass, entry)
    await pdk.sockets(site.id, 1)
    return site
