"""Information for Home Assistant's system health page."""

from datetime import datetime, timedelta
import os
import time
from typing import Any
from weakref import WeakKeyDictionary

from homeassistant.components import system_health
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_change
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .pdk.account import ACCOUNTS_URL
from .pdk.stream import SiteStream


@callback
def async_register(
    hass: HomeAssistant, register: system_health.SystemHealthRegistration
) -> None:
    """Register the information."""
    register.async_register_info(PanelsHealth(hass).async_get_info)


class PanelsHealth:
    """The health of all panels."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize, and count events from midnight."""
        self._before_today: WeakKeyDictionary[SiteStream, int] = WeakKeyDictionary()
        unsubscribe = async_track_time_change(
            hass, self._handle_midnight, hour=0, minute=0, second=0
        )
        self._hass = hass

        @callback
        def handle_stop(_: Event) -> None:
            """Stop counting."""
            unsubscribe()

        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, handle_stop)

    async def async_get_info(self, hass: HomeAssistant) -> dict[str, Any]:
        """Return the information."""
        coordinators = self._coordinators()
        connected = [each for each in coordinators if each.site.connected]
        tokens = [token_at for each in connected if (token_at := _last_token_at(each))]
        streams = [each.site.stream for each in coordinators]
        enabled = hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        )
        return {
            "can_reach_server": system_health.async_check_can_reach_url(
                hass, os.environ.get("PDK_ACCOUNTS_URL", ACCOUNTS_URL)
            ),
            "panels_connected": f"{len(connected)} / {len(enabled)}",
            "last_token": max(tokens, default=None),
            "events_today": sum(
                _event_count(stream) - self._before_today.get(stream, 0)
                for stream in streams
            ),
        }

    def _coordinators(self) -> list[PanelCoordinator]:
        """Return the coordinators of all loaded panels."""
        entries: list[ProdatakeyConfigEntry] = (
            self._hass.config_entries.async_loaded_entries(DOMAIN)
        )
        return [entry.runtime_data for entry in entries]

    @callback
    def _handle_midnight(self, _: datetime) -> None:
        """Handle the beginning of a day."""
        for coordinator in self._coordinators():
            stream = coordinator.site.stream
            self._before_today[stream] = _event_count(stream)


def _event_count(stream: SiteStream) -> int:
    """Return how many events a panel has sent since it was set up."""
    return stream.stats.topics.total()


def _last_token_at(coordinator: PanelCoordinator) -> datetime | None:
    """Return when the present token of a panel was received."""
    if (token := coordinator.site.client.token) is None:
        return None
    return dt_util.utcnow() - timedelta(seconds=time.monotonic() - token.received)
