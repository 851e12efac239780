"""Describe the panel's activity log and failed commands in Home Assistant's logbook."""

from collections.abc import Callable
from functools import partial

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .activity import EVENT_COMMAND_FAILED, EVENT_LIVE_EVENT
from .const import DOMAIN
from .devices import device_name, door_identifier
from .texts import async_get_text


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, str]]], None],
) -> None:
    """Describe logbook events."""
    for event_type, describe in (
        (EVENT_LIVE_EVENT, _describe_live_event),
        (EVENT_COMMAND_FAILED, _describe_command_failed),
    ):
        async_describe_event(DOMAIN, event_type, partial(describe, hass))


@callback
def _describe_live_event(hass: HomeAssistant, event: Event) -> dict[str, str]:
    """Return the name of the door and the sentence."""
    data = event.data
    device = dr.async_get(hass).async_get(data[ATTR_DEVICE_ID])
    door: str | None = data["door"]
    identifier = door_identifier(data["panel_id"], data["door_id"])
    if device and identifier in device.identifiers:
        door = device_name(device)
    return {
        LOGBOOK_ENTRY_NAME: door or "ProdataKey",
        LOGBOOK_ENTRY_ENTITY_ID: data[ATTR_ENTITY_ID],
        LOGBOOK_ENTRY_MESSAGE: data["message"],
        LOGBOOK_ENTRY_ICON: "mdi:text-box-outline",
    }


@callback
def _describe_command_failed(hass: HomeAssistant, event: Event) -> dict[str, str]:
    """Return the name of the door and why the command failed."""
    device = dr.async_get(hass).async_get(event.data[ATTR_DEVICE_ID] or "")
    reason, command = event.data["reason"], event.data["command"]
    message = async_get_text(hass, "failed", "{command}: {reason}").format(
        command=async_get_text(hass, f"command_{command.replace('.', '_')}", command),
        reason=async_get_text(hass, f"failed_{reason}", reason),
    )
    return {
        LOGBOOK_ENTRY_NAME: device_name(device) or "ProdataKey",
        LOGBOOK_ENTRY_ENTITY_ID: event.data[ATTR_ENTITY_ID],
        LOGBOOK_ENTRY_MESSAGE: message,
        LOGBOOK_ENTRY_ICON: "mdi:lock-alert",
    }
