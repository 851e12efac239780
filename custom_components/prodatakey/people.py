"""People: what is left of an event if they must not be recorded."""

from dataclasses import replace

from .pdk.models import AccessEvent, LiveEvent, PdkEvent


def hide_people(event: PdkEvent, anonymous_name: str) -> PdkEvent:
    """Return the event without names and ids of people."""
    if isinstance(event, AccessEvent):
        return replace(event, person=None, person_id=None)
    if isinstance(event, LiveEvent):
        return replace(
            event,
            placeholders=tuple(
                replace(placeholder, text=anonymous_name, id=None)
                if placeholder.type == "person"
                else placeholder
                for placeholder in event.placeholders
            ),
        )
    return event
