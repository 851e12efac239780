"""Bare entities of this platform."""

from homeassistant.components.button import ButtonEntity

from .entity import set_up

async_setup_entry = set_up("button", ButtonEntity)
