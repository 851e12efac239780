"""The devices: the panel, and what hangs on it."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN, MANUFACTURER
from .panel_door import PanelDoor
from .pdk.accounts import Panel


class Devices:
    """The devices of one panel in the registry."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, panel: Panel) -> None:
        """Create the panel's device, on which the others hang."""
        self._registry = dr.async_get(hass)
        self._entry_id = entry.entry_id
        self._panel_id = panel.id
        self.panel = self._registry.async_get_or_create(
            config_entry_id=entry.entry_id,
            identifiers={(DOMAIN, panel.id)},
            manufacturer=MANUFACTURER,
            model="Cloud node",
            name=panel.name,
            serial_number=panel.id,
            configuration_url=panel.uri,
        ).id
        self._doors: dict[object, str] = {}

    def identifier(self, part: object) -> tuple[str, str]:
        """Return the identifier of a door or an endpoint."""
        return (DOMAIN, f"{self._panel_id}_{part}")

    @callback
    def take_door(self, panel_door: PanelDoor) -> None:
        """Create or update a door's device; a second reader hangs on its door's."""
        door = panel_door.door
        via = self._doors.get(door.primary_reader, self.panel)
        self._doors[door.id] = self._registry.async_get_or_create(
            config_entry_id=self._entry_id,
            identifiers={self.identifier(door.id)},
            manufacturer=MANUFACTURER,
            name=door.name,
            hw_version=door.hardware,
            sw_version=door.firmware,
            serial_number=door.serial,
            via_device_id=via,
        ).id

    @callback
    def take_endpoint(self, address: str, model: str | None) -> None:
        """Create or update a wireless endpoint's device."""
        self._registry.async_get_or_create(
            config_entry_id=self._entry_id,
            identifiers={self.identifier(address)},
            manufacturer=MANUFACTURER,
            model=model,
            name=f"Endpoint {address}",
            via_device_id=self.panel,
        )

    @callback
    def remove_door(self, panel_door: PanelDoor) -> None:
        """Remove a door's device, and its entities with it."""
        self._doors.pop(panel_door.id, None)
        # by identifier: a door that is only remembered was never taken here
        identifier = self.identifier(panel_door.id)
        if device := self._registry.async_get_device_by_identifier(
            identifier, self._entry_id
        ):
            self._registry.async_remove_device(device.id)

    def of_door(self, door_id: object) -> str:
        """Return the id of a door's device, or else of the panel's."""
        return self._doors.get(door_id, self.panel)
