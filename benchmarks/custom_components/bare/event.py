"""Bare entities of this platform."""

from homeassistant.components.event import EventEntity

from . import set_up

async_setup_entry = set_up("event", EventEntity, _attr_event_types=["event"])
