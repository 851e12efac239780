"""Diagnostics, without secrets and without people."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_CODE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .devices import door_identifier, endpoint_identifier
from .pdk.doors import Door
from .store import endpoint_as_dict

TO_REDACT = {CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_CODE}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> dict[str, Any]:
    """Return diagnostics for a config entry."""
    diagnostics = {"entry": _entry(entry)}
    if entry.state is not ConfigEntryState.LOADED:
        return diagnostics
    coordinator = entry.runtime_data
    panel = coordinator.panel
    return {
        **diagnostics,
        "panel": asdict(panel.info),
        "stream": _stream(coordinator),
        "doors": [_door(door) for door in panel.doors.values()],
        "endpoints": [endpoint_as_dict(e) for e in panel.endpoints.values()],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return diagnostics for a device."""
    diagnostics = {"entry": _entry(entry)}
    if entry.state is not ConfigEntryState.LOADED:
        return diagnostics
    coordinator = entry.runtime_data
    panel = coordinator.panel
    return {
        **diagnostics,
        "stream": _stream(coordinator),
        "doors": [
            _door(door)
            for door in panel.doors.values()
            if door_identifier(panel.info.id, door.id) in device.identifiers
        ],
        "endpoints": [
            endpoint_as_dict(endpoint)
            for endpoint in panel.endpoints.values()
            if endpoint_identifier(panel.info.id, endpoint) in device.identifiers
        ],
    }


def _entry(entry: ProdatakeyConfigEntry) -> dict[str, Any]:
    """Return how the entry is configured, and why it is not loaded."""
    config = {
        "data": dict(entry.data),
        "options": dict(entry.options),
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key or entry.reason,
    }
    return async_redact_data(config, TO_REDACT)


def _stream(coordinator: PanelCoordinator) -> dict[str, Any]:
    """Return the status of the connection."""
    stats = coordinator.stream.stats
    return {
        "status": coordinator.status.name.lower(),
        "clock_offset": coordinator.panel.clock.seconds_behind,
        "connects": stats.connects,
        "renewals": stats.renewals,
        "rejections": stats.rejections,
        "backoff": stats.backoff,
        "topics": dict(stats.topics),
        "ends": [asdict(entry) for entry in stats.ends],
        "errors": [asdict(entry) for entry in stats.errors],
    }


def _door(door: Door) -> dict[str, Any]:
    """Return a door without people."""
    return {
        "door": asdict(door.info),
        "state": {**door.state.as_dict(), "assumed": sorted(door.state.assumed)},
        "reported": sorted(door.reported),
        "misses": door.misses,
    }
