"""Entities with an id, a name and a device, and nothing else."""

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

if TYPE_CHECKING:
    from . import BareConfigEntry


class BareEntity(Entity):
    """A bare entity."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: BareConfigEntry, listed: Mapping[str, Any]) -> None:
        """Initialize with what the entry lists."""
        self._bare = entry.runtime_data
        self._attr_unique_id = listed["unique_id"]
        self._attr_name = listed["name"]
        self._attr_entity_registry_enabled_default = listed["enabled"]
        if door := listed.get("door"):
            self._bare.sensors[door] = self
        device = listed["device"]
        self._attr_device_info = DeviceInfo(identifiers={("bare", device)}, name=device)


def set_up(
    platform: str, base: type[Entity], **attributes: object
) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return the function that sets up a platform of bare entities."""
    bare = type(f"Bare{base.__name__}", (BareEntity, base), attributes)

    async def async_setup_entry(
        hass: HomeAssistant,
        entry: BareConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Add the entities of this platform."""
        async_add_entities(
            bare(entry, listed)
            for listed in entry.data["entities"]
            if listed["platform"] == platform
        )

    return async_setup_entry
