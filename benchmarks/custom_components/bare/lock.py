"""Bare entities of this platform."""

from collections.abc import Awaitable, Callable
from typing import Any, override

from homeassistant.components.lock import LockEntity

from .entity import BareEntity, set_up


class BareLock(BareEntity, LockEntity):
    """An entity as small as they come; `unlocker` does what it is for."""

    unlocker: Callable[[], Awaitable[None]]

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock, and show it as a lock does."""
        self._attr_is_unlocking = True
        self.async_write_ha_state()
        await self.unlocker()
        self._attr_is_unlocking = False
        self._attr_is_locked = False
        self.async_write_ha_state()


async_setup_entry = set_up("lock", BareLock)
