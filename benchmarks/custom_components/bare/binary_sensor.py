"""Bare entities of this platform."""

from homeassistant.components.binary_sensor import BinarySensorEntity

from . import set_up

async_setup_entry = set_up("binary_sensor", BinarySensorEntity)
