"""Bare entities of this platform."""

from homeassistant.components.switch import SwitchEntity

from . import set_up

async_setup_entry = set_up("switch", SwitchEntity)
