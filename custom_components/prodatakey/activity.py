"""Events of Home Assistant: the panel's activity log as sentences, and failed commands."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from homeassistant.components.binary_sensor import DOMAIN as BINARY_SENSOR_DOMAIN
from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.components.switch import DOMAIN as SWITCH_DOMAIN
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .devices import async_get_entity_id, door_identifier
from .pdk import DoorId, LiveEvent, Panel, Placeholder
from .pdk.parser import parse_door_id

EVENT_COMMAND_FAILED = "prodatakey_command_failed"
EVENT_LIVE_EVENT = "prodatakey_live_event"

# Replaces a text that may be a PIN or a card number.
HIDDEN = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One line of the log."""

    message: str
    topic: str | None
    occurred: datetime
    door_id: DoorId | None = None
    door: str | None = None
    person_id: int | str | None = None
    person: str | None = None

    @classmethod
    def from_event(cls, event: LiveEvent) -> Activity:
        """Return a live event as a sentence."""
        door = _placeholder(event, "door")
        person = _placeholder(event, "person")
        return cls(
            message=_format_message(event),
            topic=event.topic,
            occurred=dt_util.utcnow(),
            door_id=parse_door_id(door.id) if door else None,
            door=door.text if door else None,
            person_id=person.id if person else None,
            person=person.text if person else None,
        )


def _placeholder(event: LiveEvent, kind: str) -> Placeholder | None:
    """Return the first placeholder of one type."""
    return next((p for p in event.placeholders if p.type == kind), None)


def _format_message(event: LiveEvent) -> str:
    """Return the sentence with its placeholders filled in."""
    texts: Iterator[str] = (
        placeholder.text if placeholder.type in ("door", "person") else HIDDEN
        for placeholder in event.placeholders
    )
    first, *others = event.info.split("%s")
    return first + "".join(next(texts, HIDDEN) + part for part in others)


@callback
def _get_entity_id(
    hass: HomeAssistant, panel: Panel, door_id: DoorId | None
) -> str | None:
    """Return the entity whose activity a line is: a lock, an output or the connection.

    What happens at a second reader is its door's.
    """
    door = None if door_id is None else panel.doors.get(door_id)
    if door and door.info.primary_reader is not None:
        door_id = door.info.primary_reader
    if door_id is not None:
        identifier = door_identifier(panel.info.id, door_id)
        for domain, key in ((LOCK_DOMAIN, "lock"), (SWITCH_DOMAIN, "output")):
            if entity_id := async_get_entity_id(hass, domain, identifier, key):
                return entity_id
    identifier = (DOMAIN, panel.info.id)
    return async_get_entity_id(hass, BINARY_SENSOR_DOMAIN, identifier, "connection")


@callback
def async_fire_live_event(
    hass: HomeAssistant, activity: Activity, panel: Panel, device_id: str
) -> None:
    """Fire the event for automations and the logbook."""
    hass.bus.async_fire(
        EVENT_LIVE_EVENT,
        {
            "panel_id": panel.info.id,
            "device_id": device_id,
            "entity_id": _get_entity_id(hass, panel, activity.door_id),
            "topic": activity.topic,
            "message": activity.message,
            "door_id": activity.door_id,
            "door": activity.door,
            "person_id": activity.person_id,
            "person": activity.person,
            "occurred": activity.occurred.isoformat(),
        },
    )


@callback
def async_fire_command_failed(
    hass: HomeAssistant,
    *,
    device_id: str | None,
    entity_id: str,
    command: str,
    reason: str,
    context: Context | None,
) -> None:
    """Fire the event of a command that failed; `reason` is the key of the error.

    The logbook names the user of the context.
    """
    hass.bus.async_fire(
        EVENT_COMMAND_FAILED,
        {
            "device_id": device_id,
            "entity_id": entity_id,
            "command": command,
            "reason": reason,
            "user_id": context.user_id if context else None,
        },
        context=context,
    )
