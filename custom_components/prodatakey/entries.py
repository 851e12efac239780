"""Count the people who are let in at each door."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from weakref import WeakKeyDictionary

from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .pdk import Door, Panel, Subscribers, log_failure

# Counts are saved at once, then not again for this many seconds.
SAVE_INTERVAL = 5.0


class EntryCounter:
    """The counts of a panel's doors, each shown after it was saved.

    After a crash a count could go down otherwise. Home Assistant's statistics take that for
    a reset, and would count everybody again.
    """

    def __init__(
        self, hass: HomeAssistant, panel: Panel, save: Callable[[], Awaitable[None]]
    ) -> None:
        """Initialize; `save` saves the panel with its doors."""
        self._hass = hass
        self._save = save
        self._shown = WeakKeyDictionary[Door, int]()
        self._updates = WeakKeyDictionary[Door, Subscribers[()]]()
        self._unsaved: set[Door] = set()
        self._saving: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()
        panel.entries.subscribe(self._handle_entry)

    def updates(self, door: Door) -> Subscribers[()]:
        """Return the subscribers to what is shown of a door."""
        return self._updates.setdefault(door, Subscribers())

    def shown(self, door: Door) -> int:
        """Return the count of a door as it was last saved."""
        return self._shown.get(door, 0)

    @callback
    def restore(self, doors: Iterable[Door]) -> None:
        """Show the counts of stored doors."""
        self._shown.update((door, door.entries) for door in doors)

    async def async_stop(self) -> None:
        """Wait for the end of a save; what is left is saved with the panel."""
        self._stopped.set()
        if self._saving is not None:
            await asyncio.wait((self._saving,))

    @callback
    def _handle_entry(self, door: Door) -> None:
        """Handle somebody who was let in."""
        self._unsaved.add(door)
        if self._saving is None or self._saving.done():
            self._saving = self._hass.async_create_background_task(
                self._async_save(), f"{DOMAIN} entries", eager_start=False
            )
            self._saving.add_done_callback(log_failure)

    async def _async_save(self) -> None:
        """Save and show the counts, until there is no new one."""
        while self._unsaved and not self._stopped.is_set():
            counts = {door: door.entries for door in self._unsaved}
            self._unsaved.clear()
            await self._save()
            if self._hass.is_stopping:
                # it saves at its end
                return
            self._shown.update(counts)
            for door in counts:
                self.updates(door).notify()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), SAVE_INTERVAL)
