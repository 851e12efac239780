"""The panel's own log in Home Assistant's logbook."""

from collections.abc import Callable
from typing import Any

from homeassistant.components.logbook import LOGBOOK_ENTRY_MESSAGE, LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN
from .live_event import EVENT_LIVE_EVENT


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[
        [str, str, Callable[[Event[dict[str, Any]]], dict[str, str]]], None
    ],
) -> None:
    """Describe the panel's live events."""

    @callback
    def describe(event: Event[dict[str, Any]]) -> dict[str, str]:
        """Show the sentence."""
        return {
            LOGBOOK_ENTRY_NAME: event.data["door"] or "ProdataKey",
            LOGBOOK_ENTRY_MESSAGE: event.data["message"],
        }

    async_describe_event(DOMAIN, EVENT_LIVE_EVENT, describe)
