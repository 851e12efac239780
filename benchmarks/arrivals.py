"""When states change: what a benchmark waits for, and counts."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from statistics import quantiles
import time

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .bare_stream import BARE_SENSOR, FLOOR


class Arrivals:
    """The changes of states, in order; a lost event would be waited for in vain."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to every change."""
        self._hass = hass
        self._times: list[tuple[str, int]] = []
        self._expected = 0
        self._arrived: asyncio.Future[None] = hass.loop.create_future()
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._take)

    def expect(self, count: int) -> asyncio.Future[None]:
        """Begin anew; the result is there after so many changes."""
        self._times.clear()
        self._expected = count
        self._arrived = self._hass.loop.create_future()
        return self._arrived

    @callback
    def _take(self, event: Event[EventStateChangedData]) -> None:
        """Take one change."""
        self._times.append((event.data["entity_id"], time.monotonic_ns()))
        if len(self._times) == self._expected:
            self._arrived.set_result(None)

    def of(self, panel: str) -> list[int]:
        """Return when the states of a panel changed, in order."""
        times: defaultdict[str, list[int]] = defaultdict(list)
        for entity_id, at in self._times:
            times[self._panel_of(entity_id)].append(at)
        return times[panel]

    def _panel_of(self, entity_id: str) -> str:
        """Return the panel that an entity belongs to."""
        if entity_id == BARE_SENSOR:
            return FLOOR
        entry = er.async_get(self._hass).entities[entity_id]
        config_entry = self._hass.config_entries.async_get_entry(
            entry.config_entry_id or ""
        )
        assert config_entry
        return config_entry.title


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Return the middle and the slowest hundredth."""
    cuts = quantiles(values, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98]}
