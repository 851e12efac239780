"""Bare entities of this platform."""

from homeassistant.components.event import EventEntity

from .entity import BareEntity, set_up


class BareEvent(BareEntity, EventEntity):
    """An entity as small as they come."""

    _attr_event_types = ["event"]  # noqa: RUF012 - as core writes it


async_setup_entry = set_up("event", BareEvent)
