"""From a topic and its JSON to a typed event.

Parsing forgives what is missing and what is new, and refuses what cannot be told
apart: an event without its door. Nothing here keeps a credential that somebody
presented: the PIN of door.request.unknown ends at this parser.
"""

from collections.abc import Callable, Mapping

from .doors import Aspect, DoorId, parse_door_id
from .events import (
    Access,
    AccessEvent,
    CommandSucceeded,
    DoorEvent,
    EndpointDiscovered,
    EndpointDoor,
    EndpointSignal,
    InvalidToken,
    LiveEvent,
    Migration,
    MigrationStage,
    MigrationTask,
    PdkEvent,
    Placeholder,
    ServerError,
)
from .fields import Json, elements, filled_text, identity, mapping, whole_number


class MalformedEventError(ValueError):
    """A known topic without what it is about. Says which field, never its content."""


def parse(topic: str, payload: object) -> PdkEvent | None:
    """Return the event, or None where the topic is not one of the page's.

    Raises MalformedEventError.
    """
    if (aspect := _ASPECTS.get(topic)) is not None:
        return _door_event(topic, aspect, mapping(payload))
    if (parser := _PARSERS.get(topic)) is not None:
        return parser(topic, mapping(payload))
    return None


_ASPECTS: Mapping[str, tuple[Aspect, bool]] = {
    "door.input.relay.on": (Aspect.RELAY, True),
    "door.input.relay.off": (Aspect.RELAY, False),
    "door.input.dps.opened": (Aspect.DPS, True),
    "door.input.dps.closed": (Aspect.DPS, False),
    "door.input.rex.on": (Aspect.REX, True),
    "door.input.rex.off": (Aspect.REX, False),
    "door.alarm.propped.on": (Aspect.PROPPED, True),
    "door.alarm.propped.off": (Aspect.PROPPED, False),
    "door.alarm.forced": (Aspect.FORCED, True),
    "door.alarm.forced.cleared": (Aspect.FORCED, False),
    "door.forceclose.on": (Aspect.FORCE_CLOSE, True),
    "door.forceclose.off": (Aspect.FORCE_CLOSE, False),
}


def _door_event(topic: str, aspect: tuple[Aspect, bool], event: Json) -> DoorEvent:
    """Parse a change of a door's state."""
    body = mapping(event.get("body"))
    metadata = mapping(event.get("metadata"))
    return DoorEvent(
        topic=topic,
        door_id=_door_id(body),
        door_name=_door_name(body, metadata),
        occurred=whole_number(metadata.get("occurred")),
        event_id=filled_text(event.get("id")),
        aspect=aspect[0],
        value=aspect[1],
    )


def _access_event(topic: str, event: Json) -> AccessEvent:
    """Parse a request for access; whatever was typed or presented stays behind."""
    body = mapping(event.get("body"))
    metadata = mapping(event.get("metadata"))
    person = mapping(body.get("person"))
    explicit = body.get("explicit")
    return AccessEvent(
        topic=topic,
        door_id=_door_id(body),
        door_name=_door_name(body, metadata),
        occurred=whole_number(metadata.get("occurred")),
        event_id=filled_text(event.get("id")),
        access=_ACCESS[topic],
        person_id=identity(body.get("personId")) or identity(person.get("id")),
        person=filled_text(metadata.get("personName")) or _full_name(person),
        request_factor=filled_text(body.get("requestFactor")),
        explicit=explicit if isinstance(explicit, bool) else None,
    )


_ACCESS: Mapping[str, Access] = {
    "door.request.allowed": Access.GRANTED,
    "door.request.denied": Access.DENIED,
    "door.request.unknown": Access.UNKNOWN,
}


def _command_succeeded(topic: str, event: Json) -> CommandSucceeded:
    """Parse the answer to a command."""
    return CommandSucceeded(
        command_id=_required_text(mapping(event.get("body")), "commandId"),
        occurred=whole_number(mapping(event.get("metadata")).get("occurred")),
    )


def _server_error(topic: str, event: Json) -> ServerError:
    """Parse the panel's complaint."""
    return ServerError(message=filled_text(event.get("message")) or "serverError")


def _invalid_token(topic: str, event: Json) -> InvalidToken:
    """Parse the sign that the token has expired."""
    return InvalidToken()


def _endpoint_discovered(topic: str, event: Json) -> EndpointDiscovered:
    """Parse an endpoint's report."""
    body = mapping(event.get("body"))
    if (io_link_id := whole_number(body.get("ioLinkId"))) is None:
        raise MalformedEventError("ioLinkId is missing")
    return EndpointDiscovered(
        io_link_id=io_link_id,
        address=_required_text(body, "address"),
        io_link_type=filled_text(body.get("ioLinkType")),
        io_link_name=filled_text(body.get("ioLinkName")),
        doors=tuple(
            EndpointDoor(
                id=door_id,
                port=whole_number(raw.get("port")),
                name=filled_text(raw.get("name")),
            )
            for raw in map(mapping, elements(body.get("doors")))
            if (door_id := parse_door_id(raw.get("id"))) is not None
        ),
    )


def _endpoint_signal(topic: str, event: Json) -> EndpointSignal:
    """Parse an endpoint's signal."""
    body = mapping(event.get("body"))
    gain = body.get("dbGain")
    if not isinstance(gain, int | float) or isinstance(gain, bool):
        raise MalformedEventError("dbGain is missing")
    return EndpointSignal(
        io_link_id=whole_number(body.get("ioLinkId")),
        address=_required_text(body, "address"),
        db_gain=gain,
    )


def _live_event(topic: str, event: Json) -> LiveEvent:
    """Parse a line of the panel's log; its `occurred` has no zone and is left out."""
    return LiveEvent(
        topic=filled_text(event.get("topic")),
        info=_required_text(event, "info"),
        placeholders=tuple(
            Placeholder(
                text=filled_text(raw.get("text")) or "",
                id=identity(raw.get("id")),
                type=filled_text(raw.get("type")),
            )
            for raw in map(mapping, elements(event.get("placeholders")))
        ),
    )


def _migration(topic: str, event: Json) -> Migration:
    """Parse a stage of the move; migration.started comes without a body."""
    return Migration(
        stage=MigrationStage(topic.removeprefix("migration.")),
        system_id=filled_text(event.get("systemId")),
    )


def _migration_task(topic: str, event: Json) -> MigrationTask:
    """Parse a step of the move."""
    return MigrationTask(
        task=filled_text(event.get("task")), completed=topic.endswith("completed")
    )


_PARSERS: Mapping[str, Callable[[str, Json], PdkEvent]] = {
    **dict.fromkeys(_ACCESS, _access_event),
    "command.result.succeed": _command_succeeded,
    "serverError": _server_error,
    "invalidToken": _invalid_token,
    "endpoint.discovered": _endpoint_discovered,
    "endpoint.signal": _endpoint_signal,
    "liveEvent": _live_event,
    "migration.started": _migration,
    "migration.staged": _migration,
    "migration.completed": _migration,
    "migration.task.started": _migration_task,
    "migration.task.completed": _migration_task,
}

TOPICS = frozenset(_ASPECTS) | frozenset(_PARSERS)


def _door_id(body: Json) -> DoorId:
    """Return the door that the event is about; `body.door.id` can be another."""
    if (door_id := parse_door_id(body.get("doorId"))) is None:
        raise MalformedEventError("doorId is missing")
    return door_id


def _door_name(body: Json, metadata: Json) -> str | None:
    """Return the door's name as the event tells it."""
    return filled_text(metadata.get("doorName")) or filled_text(
        mapping(body.get("door")).get("name")
    )


def _full_name(person: Json) -> str | None:
    """Return first and last name."""
    names = (filled_text(person.get("firstName")), filled_text(person.get("lastName")))
    return " ".join(name for name in names if name) or None


def _required_text(raw: Json, key: str) -> str:
    """Return a text that the event is nothing without."""
    if (text := filled_text(raw.get(key))) is None:
        raise MalformedEventError(f"{key} is missing")
    return text
