"""What the entities share: no more than an id, a name and a device."""

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, override

from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

if TYPE_CHECKING:
    from . import BareConfigEntry


class BareEntity(Entity):
    """An entity as small as they come."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: BareConfigEntry, listed: Mapping[str, Any]) -> None:
        """Take the identity."""
        self._entry = entry
        self._attr_unique_id = listed["unique_id"]
        self._attr_name = listed["name"]
        self._attr_entity_registry_enabled_default = listed["enabled"]
        device = listed["device"]
        self._attr_device_info = DeviceInfo(identifiers={("bare", device)}, name=device)

    @override
    async def async_added_to_hass(self) -> None:
        """Be found by the benchmark."""
        self._entry.runtime_data[self.unique_id or ""] = self


type SetUp = Callable[
    [HomeAssistant, BareConfigEntry, AddConfigEntryEntitiesCallback],
    Coroutine[Any, Any, None],
]


def set_up(platform: str, entity_class: type[BareEntity]) -> SetUp:
    """Return what sets a platform up."""

    async def async_setup_entry(
        hass: HomeAssistant,
        entry: BareConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Add this platform's entities."""
        async_add_entities(
            entity_class(entry, listed)
            for listed in entry.data["entities"]
            if listed["platform"] == platform
        )

    return async_setup_entry
