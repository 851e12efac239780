"""Bare entities of this platform."""

from homeassistant.components.button import ButtonEntity

from .entity import BareEntity, set_up


class BareButton(BareEntity, ButtonEntity):
    """An entity as small as they come."""


async_setup_entry = set_up("button", BareButton)
