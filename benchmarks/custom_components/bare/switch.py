"""Bare entities of this platform."""

from homeassistant.components.switch import SwitchEntity

from .entity import BareEntity, set_up


class BareSwitch(BareEntity, SwitchEntity):
    """An entity as small as they come."""


async_setup_entry = set_up("switch", BareSwitch)
