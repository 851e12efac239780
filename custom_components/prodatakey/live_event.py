"""The panel's own log for people, as a sentence and as an event of Home Assistant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import translation
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .pdk.doors import DoorId, parse_door_id
from .pdk.events import LiveEvent, Placeholder

EVENT_LIVE_EVENT = "prodatakey_live_event"

# Stands for what may be a PIN or a card.
HIDDEN = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One line of the log, fit to be shown."""

    message: str
    topic: str | None
    occurred: datetime
    door_id: DoorId | None = None
    door: str | None = None
    person_id: int | str | None = None
    person: str | None = None

    def as_memory(self) -> dict[str, Any]:
        """Return what has to outlast a restart; the log's people are not part of it."""
        return {
            "message": self.message,
            "topic": self.topic,
            "occurred": self.occurred.isoformat(),
        }

    @classmethod
    def from_memory(cls, memory: dict[str, Any]) -> Activity:
        """Return the line as it was."""
        occurred = dt_util.parse_datetime(memory["occurred"], raise_on_error=True)
        return cls(message=memory["message"], topic=memory["topic"], occurred=occurred)


def activity(event: LiveEvent, *, with_people: bool, somebody: str) -> Activity:
    """Return a live event as it may be shown; `somebody` is the word for a person."""
    door = next(_of_type(event, "door"), None)
    person = next(_of_type(event, "person"), None)
    texts = (
        _shown(placeholder, with_people, somebody) for placeholder in event.placeholders
    )
    return Activity(
        message=_filled(event.info, texts),
        topic=event.topic,
        occurred=dt_util.utcnow(),
        door_id=parse_door_id(door.id) if door else None,
        door=door.text if door else None,
        person_id=person.id if person and with_people else None,
        person=_shown(person, with_people, somebody) if person else None,
    )


def _of_type(event: LiveEvent, kind: str) -> Iterator[Placeholder]:
    """Yield the placeholders of one type."""
    return (p for p in event.placeholders if p.type == kind)


def _shown(placeholder: Placeholder, with_people: bool, somebody: str) -> str:
    """Return what stands for one %s."""
    match placeholder.type:
        case "door":
            return placeholder.text
        case "person":
            return placeholder.text if with_people else somebody
    return HIDDEN


def _filled(info: str, texts: Iterator[str]) -> str:
    """Put the texts where the sentence has %s."""
    first, *rest = info.split("%s")
    return first + "".join(next(texts, HIDDEN) + part for part in rest)


async def async_somebody(hass: HomeAssistant) -> str:
    """Return the word that stands for a person who is not to be recorded."""
    texts = await translation.async_get_translations(
        hass, hass.config.language, "common", {DOMAIN}
    )
    return texts.get(f"component.{DOMAIN}.common.somebody", "Somebody")


@callback
def async_fire(
    hass: HomeAssistant, line: Activity, panel_id: str, device_id: str
) -> None:
    """Tell automations and the logbook."""
    hass.bus.async_fire(
        EVENT_LIVE_EVENT,
        {
            "panel_id": panel_id,
            "device_id": device_id,
            "topic": line.topic,
            "message": line.message,
            "door_id": line.door_id,
            "door": line.door,
            "person_id": line.person_id,
            "person": line.person,
            "occurred": line.occurred.isoformat(),
        },
    )
