"""Describe the panel's activity log in Home Assistant's logbook."""

from collections.abc import Callable

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from .activity import EVENT_LIVE_EVENT
from .const import DOMAIN


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe logbook events."""

    @callback
    def async_describe_live_event(event: Event) -> dict[str, str]:
        """Return the name of the door and the sentence."""
        return {
            LOGBOOK_ENTRY_NAME: event.data["door"] or "ProdataKey",
            LOGBOOK_ENTRY_MESSAGE: event.data["message"],
            LOGBOOK_ENTRY_ICON: "mdi:text-box-outline",
        }

    async_describe_event(DOMAIN, EVENT_LIVE_EVENT, async_describe_live_event)
