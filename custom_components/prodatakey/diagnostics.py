"""Diagnostics, without secrets and without people."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_CODE
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .const import CONF_PANEL_ID, CONF_SYSTEM_ID
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .devices import door_identifier, endpoint_identifier
from .holds import holds_as_dict
from .pdk import AllDoors, Door
from .store import all_doors_as_dict, endpoint_as_dict

TO_REDACT = {
    CONF_CLIENT_ID,
    CONF_CLIENT_SECRET,
    CONF_CODE,
    CONF_PANEL_ID,
    CONF_SYSTEM_ID,
    "address",
    "panel",
    "serial",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> dict[str, Any]:
    """Return diagnostics for a config entry."""
    return _diagnostics(entry, device=None)


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return diagnostics for a device."""
    return _diagnostics(entry, device)


def _diagnostics(
    entry: ProdatakeyConfigEntry, device: DeviceEntry | None
) -> dict[str, Any]:
    """Return diagnostics, of one device if there is one."""
    diagnostics: dict[str, Any] = {"entry": _entry(entry)}
    if entry.state is not ConfigEntryState.LOADED:
        return async_redact_data(diagnostics, TO_REDACT)
    coordinator = entry.runtime_data
    panel = coordinator.panel
    identifiers = None if device is None else device.identifiers
    diagnostics |= {
        "pdk": panel.info.generation,
        "stream": _stream(coordinator),
        "migration": coordinator.site.migration,
        "lockdown": _all_doors(coordinator.site.lockdown),
        "evacuation": _all_doors(coordinator.site.evacuation),
        **holds_as_dict(coordinator.holds),
        "photo_types": sorted(coordinator.site.photo_types),
        "unknown_keys": sorted(coordinator.site.client.unknown_keys),
        "doors": [
            _door(door)
            for door in panel.doors.values()
            if identifiers is None
            or door_identifier(panel.info.id, door.id) in identifiers
        ],
        "endpoints": [
            endpoint_as_dict(endpoint)
            for endpoint in panel.endpoints.values()
            if identifiers is None
            or endpoint_identifier(panel.info.id, endpoint) in identifiers
        ],
    }
    scrubbed: dict[str, Any] = _scrub(diagnostics, coordinator.site.client.scrub)
    return async_redact_data(scrubbed, TO_REDACT)


def _scrub(value: Any, scrub: Callable[[str], str]) -> Any:
    """Return a value without secrets in any of its texts."""
    match value:
        case dict():
            return {key: _scrub(each, scrub) for key, each in value.items()}
        case list():
            return [_scrub(each, scrub) for each in value]
        case str():
            return scrub(value)
    return value


def _entry(entry: ProdatakeyConfigEntry) -> dict[str, Any]:
    """Return how the entry is configured, and why it is not loaded."""
    return {
        "data": dict(entry.data),
        "options": dict(entry.options),
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key or entry.reason,
    }


def _stream(coordinator: PanelCoordinator) -> dict[str, Any]:
    """Return the status of the connection."""
    stream = coordinator.site.stream
    stats = stream.stats
    return {
        "status": coordinator.site.status.name.lower(),
        "clock_offset": coordinator.panel.clock.seconds_behind,
        # whatever follows is counted for all of them
        "shared_by": stream.shared_by,
        "connects": stats.connects,
        "renewals": stats.renewals,
        "rejections": stats.rejections,
        "unexpected_rejections": stats.unexpected_rejections,
        "backoff": stats.backoff,
        "topics": dict(stats.topics),
        "unknown_topics": dict(stats.unknown_topics),
        "topics_never_received": sorted(stream.subscribed_topics - stats.topics.keys()),
        "ends": [asdict(entry) for entry in stats.ends],
        "errors": [asdict(entry) for entry in stats.errors],
    }


def _all_doors(all_doors: AllDoors) -> dict[str, Any]:
    """Return a lockdown or an evacuation, with the doors that have not confirmed it."""
    return {
        **all_doors_as_dict(all_doors),
        "unconfirmed": [door.id for door in all_doors.unconfirmed],
    }


def _door(door: Door) -> dict[str, Any]:
    """Return a door without people."""
    return {
        "door": {**asdict(door.info), "configured": sorted(door.info.configured)},
        "state": {**door.state.as_dict(), "assumed": sorted(door.state.assumed)},
        "aspects": sorted(door.aspects),
        "misses": door.misses,
    }
