"""Bare entities of this platform."""

from homeassistant.components.sensor import SensorEntity

from .entity import BareEntity, set_up


class BareSensor(BareEntity, SensorEntity):
    """An entity as small as they come."""


async_setup_entry = set_up("sensor", BareSensor)
