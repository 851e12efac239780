"""What helps to find the cause of trouble, without secrets and without people."""

from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
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
    coordinator = entry.runtime_data
    return {
        "entry": async_redact_data(
            {"data": dict(entry.data), "options": dict(entry.options)}, TO_REDACT
        ),
        "panel": asdict(coordinator.panel),
        "stream": _stream(coordinator),
        "doors": [_door(door) for door in coordinator.doors.known.values()],
        "endpoints": [e.as_memory() for e in coordinator.endpoints.known.values()],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return what is known of one device, and of the connection."""
    coordinator = entry.runtime_data
    identifier = coordinator.devices.identifier
    return {
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


def _stream(coordinator: PanelCoordinator) -> dict[str, Any]:
    """Return what became of the connection."""
    return {
        "status": coordinator.status.name.lower(),
        "clock_offset": coordinator.clock.seconds_behind,
        **asdict(coordinator.stream.history),
    }


def _door(panel_door: PanelDoor) -> dict[str, Any]:
    """Return a door without who went through it."""
    return {
        "door": asdict(panel_door.door),
        "state": asdict(panel_door.state),
        "shown": sorted(panel_door.shown),
        "missed": panel_door.missed,
        "entities": sorted(panel_door.entities),
    }
