"""Bare locks."""

from typing import Any, override

from homeassistant.components.lock import LockEntity

from . import Bare, set_up


class CommandLock(LockEntity):
    """A lock that sends a command."""

    _bare: Bare

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        """Unlock, and write the state before and after."""
        self._attr_is_unlocking = True
        self.async_write_ha_state()
        await self._bare.send_command()
        self._attr_is_unlocking = False
        self._attr_is_locked = False
        self.async_write_ha_state()


async_setup_entry = set_up("lock", CommandLock)
