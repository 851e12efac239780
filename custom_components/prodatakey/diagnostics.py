"""What helps to find the cause of trouble, without secrets and without people."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_CODE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .panel_door import PanelDoor

TO_REDACT = {CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_CODE}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> dict[str, Any]:
    """Return the panel with its connection and all its doors."""
    described = {"entry": _entry(entry)}
    if entry.state is not ConfigEntryState.LOADED:
        return described
    coordinator = entry.runtime_data
    return {
        **described,
        "panel": asdict(coordinator.panel),
        "stream": _stream(coordinator),
        "doors": [_door(door) for door in coordinator.doors.known.values()],
        "endpoints": [e.as_memory() for e in coordinator.endpoints.known.values()],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return what is known of one device, and of the connection."""
    described = {"entry": _entry(entry)}
    if entry.state is not ConfigEntryState.LOADED:
        return described
    coordinator = entry.runtime_data
    identifier = coordinator.devices.identifier
    return {
        **described,
        "stream": _stream(coordinator),
        "doors": [
            _door(door)
            for door in coordinator.doors.known.values()
            if identifier(door.id) in device.identifiers
        ],
        "endpoints": [
            endpoint.as_memory()
            for endpoint in coordinator.endpoints.known.values()
            if identifier(endpoint.address) in device.identifiers
        ],
    }


def _entry(entry: ProdatakeyConfigEntry) -> dict[str, Any]:
    """Return how the panel is set up, and why it is not if it is not."""
    described = {
        "data": dict(entry.data),
        "options": dict(entry.options),
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key or entry.reason,
    }
    return async_redact_data(described, TO_REDACT)


def _stream(coordinator: PanelCoordinator) -> dict[str, Any]:
    """Return what became of the connection."""
    history = coordinator.stream.history
    return {
        "status": coordinator.status.name.lower(),
        "clock_offset": coordinator.clock.seconds_behind,
        "connects": history.connects,
        "renewals": history.renewals,
        "refusals": history.refusals,
        "back_off": history.back_off,
        "topics": dict(history.topics),
        "ends": [asdict(remark) for remark in history.ends],
        "errors": [asdict(remark) for remark in history.errors],
    }


def _door(panel_door: PanelDoor) -> dict[str, Any]:
    """Return a door without who went through it."""
    return {
        "door": asdict(panel_door.door),
        "state": {
            **panel_door.state._asdict(),
            "assumed": sorted(panel_door.state.assumed),
        },
        "shown": sorted(panel_door.shown),
        "missed": panel_door.missed,
        "entities": sorted(panel_door.entities),
    }
