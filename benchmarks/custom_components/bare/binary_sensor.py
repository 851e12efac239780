"""Bare entities of this platform."""

from homeassistant.components.binary_sensor import BinarySensorEntity

from .entity import BareEntity, set_up


class BareBinarySensor(BareEntity, BinarySensorEntity):
    """An entity as small as they come."""


async_setup_entry = set_up("binary_sensor", BareBinarySensor)
