"""Bare entities of this platform."""

from homeassistant.components.sensor import SensorEntity

from . import set_up

async_setup_entry = set_up("sensor", SensorEntity)
