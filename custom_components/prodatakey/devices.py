"""The devices of a panel in Home Assistant's device registry."""

from collections.abc import Iterable
from typing import Protocol, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .const import CONF_PANEL_ID, DOMAIN, MANUFACTURER
from .pdk import Door, DoorId, Endpoint, Panel, PanelInfo
from .texts import async_get_text

# The web page where the panel's doors and people are managed.
CONFIGURATION_URL = "https://pdk.io"
MAX_NAME_LENGTH = 100
# What identifiers of endpoints have in place of a door's id.
ENDPOINT_PREFIX = "endpoint_"

# Keys of texts, as Home Assistant does not translate models.
_MODELS = {
    "primaryReader": "model_primary_reader",
    "additionalReader": "model_additional_reader",
    "ioDevice": "model_io_device",
    "premiumIoDevice": "model_premium_io_device",
    "elevatorReader": "model_elevator_reader",
    "additionalElevatorReader": "model_additional_elevator_reader",
    "floorRelay": "model_floor_relay",
}


def door_identifier(panel_id: str, door_id: DoorId) -> tuple[str, str]:
    """Return the identifier of a door."""
    return (DOMAIN, f"{panel_id}_{door_id}")


def endpoint_identifier(panel_id: str, endpoint: Endpoint) -> tuple[str, str]:
    """Return the identifier of a wireless endpoint, which no door can have."""
    link, address = endpoint.key
    return (DOMAIN, f"{panel_id}_{ENDPOINT_PREFIX}{link}_{address}")


@callback
def async_get_entity_id(
    hass: HomeAssistant, domain: str, identifier: tuple[str, str], key: str
) -> str | None:
    """Return the entity of a device that has a key, None if it is not registered."""
    return er.async_get(hass).async_get_entity_id(
        domain, DOMAIN, f"{identifier[1]}_{key}"
    )


class NamedDevice(Protocol):
    """A device of the device registry, or a part of one."""

    @property
    def name(self) -> str | None:
        """Return the name that its integration gave it."""

    @property
    def name_by_user(self) -> str | None:
        """Return the name that the user gave it."""


def device_name(device: NamedDevice | None) -> str | None:
    """Return the name that a device has in Home Assistant: the user's, if there is one."""
    return (device.name_by_user or device.name) if device else None


@callback
def async_get_panel_name(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return the name of a panel: the user's for its device, or the title of its entry."""
    panel_id = entry.data.get(CONF_PANEL_ID, entry.unique_id)
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, str(panel_id)), entry.entry_id
    )
    return (device and device.name_by_user) or entry.title


class PanelDevices:
    """The devices of one panel; they follow its doors and endpoints."""

    def __init__(self, hass: HomeAssistant, entry_id: str, panel: Panel) -> None:
        """Initialize the panel's own device, and follow the others."""
        self._hass = hass
        self._registry = dr.async_get(hass)
        self._entry_id = entry_id
        self._panel_id = panel.info.id
        self.update_panel(panel.info)
        self._door_device_ids: dict[DoorId, str] = {}
        panel.door_updates.subscribe(self._handle_doors)
        panel.removed_doors.subscribe(self._handle_removed_door)
        panel.endpoints.updates.subscribe(self._handle_endpoint)

    @callback
    def update_panel(self, info: PanelInfo) -> None:
        """Create or update the panel's own device."""
        self._panel_device_id = self._registry.async_get_or_create(
            config_entry_id=self._entry_id,
            identifiers={(DOMAIN, info.id)},
            manufacturer=MANUFACTURER,
            model="Cloud node",
            name=info.name,
            serial_number=info.id,
            configuration_url=CONFIGURATION_URL,
        ).id

    def device_id_for_door(self, door_id: DoorId | None) -> str:
        """Return the device id of a door, or of the panel if there is no such door."""
        if door_id is None:
            return self._panel_device_id
        return self._door_device_ids.get(door_id, self._panel_device_id)

    def door_name(self, door: Door) -> str:
        """Return the name of a door in Home Assistant."""
        return self._name(door.id) or door.name

    def _model(self, door_type: str | None) -> str | None:
        """Return the model of a door: the text for its type, or the type itself."""
        if door_type is None or (key := _MODELS.get(door_type)) is None:
            return door_type
        return async_get_text(self._hass, key, door_type)

    def _name(self, door_id: DoorId) -> str | None:
        """Return the name of a door's device, if it has one."""
        return device_name(
            self._registry.async_get_device_by_identifier(
                door_identifier(self._panel_id, door_id), self._entry_id
            )
        )

    @callback
    def _handle_doors(self, doors: Iterable[Door]) -> None:
        """Create or update the devices of doors; a second reader's belongs to its door's."""
        for door in doors:
            info = door.info
            self._door_device_ids[info.id] = self._registry.async_get_or_create(
                config_entry_id=self._entry_id,
                identifiers={door_identifier(self._panel_id, info.id)},
                manufacturer=MANUFACTURER,
                model=self._model(info.type),
                **_device_name(info.name, "door", id=str(info.id)),
                hw_version=info.hardware,
                sw_version=info.firmware,
                serial_number=info.serial,
                via_device_id=self.device_id_for_door(info.primary_reader),
            ).id

    @callback
    def _handle_removed_door(self, door: Door) -> None:
        """Remove the device of a door, and its entities with it."""
        self._door_device_ids.pop(door.id, None)
        # by identifier: a stored door that was never listed is in the registry only
        identifier = door_identifier(self._panel_id, door.id)
        if device := self._registry.async_get_device_by_identifier(
            identifier, self._entry_id
        ):
            self._registry.async_remove_device(device.id)

    @callback
    def _handle_endpoint(self, endpoint: Endpoint) -> None:
        """Create or update the device of a wireless endpoint."""
        served = ", ".join(
            self._name(door.id) or door.name or str(door.id) for door in endpoint.doors
        )
        self._registry.async_get_or_create(
            config_entry_id=self._entry_id,
            identifiers={endpoint_identifier(self._panel_id, endpoint)},
            manufacturer=MANUFACTURER,
            model=async_get_text(
                self._hass, "model_wireless_endpoint", "Wireless endpoint"
            ),
            translation_key="endpoint",
            translation_placeholders={
                "doors": (served or endpoint.address)[:MAX_NAME_LENGTH]
            },
            via_device_id=self._panel_device_id,
        )


class _DeviceName(TypedDict, total=False):
    """A name, or a translated one."""

    name: str
    translation_key: str
    translation_placeholders: dict[str, str]


def _device_name(name: str | None, key: str, **placeholders: str) -> _DeviceName:
    """Return the name of a device, a translated one if the panel has none for it."""
    if name is not None:
        return {"name": name}
    return {"translation_key": key, "translation_placeholders": placeholders}
