"""What of a panel outlasts a restart."""

from collections.abc import Callable, Iterator
import logging
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.storage import Store

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

VERSION = 1
# A crash loses at most what was told so many seconds before it.
LAZINESS = 60


class Memory:
    """Home Assistant's storage of one panel, written lazily."""

    def __init__(
        self, hass: HomeAssistant, panel_id: str, collect: Callable[[], dict[str, Any]]
    ) -> None:
        """Know where it is, and how to collect what belongs in it."""
        self._store: Store[dict[str, Any]] = Store(
            hass, VERSION, f"{DOMAIN}.{panel_id}", private=True
        )
        self._collect = collect
        self._is_due = False

    async def load(self) -> dict[str, Any]:
        """Return what was saved last; nothing for a new panel, or if it is damaged."""
        try:
            memory = await self._store.async_load()
        except HomeAssistantError, LookupError, NotImplementedError, TypeError:
            _LOGGER.warning("Cannot recall the panel as it was", exc_info=True)
            return {}
        return memory if isinstance(memory, dict) else {}

    @callback
    def save_soon(self) -> None:
        """Save within a minute. Another call must not put that off, so it is let be."""
        if not self._is_due:
            self._is_due = True
            self._store.async_delay_save(self._collect_due, LAZINESS)

    async def save_now(self) -> None:
        """Save what is still to be saved."""
        if self._is_due:
            await self._store.async_save(self._collect_due())

    async def remove(self) -> None:
        """Forget the panel."""
        await self._store.async_remove()

    def _collect_due(self) -> dict[str, Any]:
        """Collect, for this is the moment of saving."""
        self._is_due = False
        return self._collect()


def recalled[T](
    remembered: object, parse: Callable[[dict[str, Any]], T]
) -> Iterator[T]:
    """Yield what is remembered, without what is damaged or of another version."""
    for each in remembered if isinstance(remembered, list) else ():
        if isinstance(each, dict):
            try:
                yield parse(each)
            except (LookupError, TypeError, ValueError) as err:
                _LOGGER.debug("Cannot recall: %s: %s", type(err).__name__, err)
