"""The ways to notify the stand-in phone, except for the device action."""

from typing import Any

from homeassistant.components.notify import (
    ATTR_DATA,
    ATTR_TITLE,
    ATTR_TITLE_DEFAULT,
    BaseNotificationService,
    NotifyEntity,
    NotifyEntityFeature,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from . import show
from .const import DOMAIN, PHONE


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the entity for `notify.send_message`."""
    async_add_entities([DemoPhone(entry.entry_id)])


class DemoPhone(NotifyEntity):
    """The stand-in phone."""

    _attr_has_entity_name = True
    _attr_name = None
    _attr_supported_features = NotifyEntityFeature.TITLE

    def __init__(self, unique_id: str) -> None:
        """Initialize the phone."""
        self._attr_unique_id = unique_id
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, PHONE)}, name=PHONE, manufacturer="Demo"
        )

    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Show a message."""
        show(self.hass, message, title)


async def async_get_service(
    hass: HomeAssistant,
    config: ConfigType,
    discovery_info: DiscoveryInfoType | None = None,
) -> DemoPhoneService:
    """Return the actions that name the phone."""
    return DemoPhoneService()


class DemoPhoneService(BaseNotificationService):
    """The actions `notify.notify` and `notify.mobile_app_demo_phone`."""

    @property
    def targets(self) -> dict[str, str]:
        """Return the only phone."""
        return {PHONE: PHONE}

    async def async_send_message(self, message: str, **kwargs: Any) -> None:
        """Show a message."""
        title = kwargs.get(ATTR_TITLE)
        if title == ATTR_TITLE_DEFAULT:
            title = None
        show(self.hass, message, title, kwargs.get(ATTR_DATA))
