"""Bare entities of this platform."""

from homeassistant.components.button import ButtonEntity

from . import set_up

async_setup_entry = set_up("button", ButtonEntity)
