"""A panel for very long: without what a test would keep of it."""

from collections.abc import Iterator
import logging
from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store


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
