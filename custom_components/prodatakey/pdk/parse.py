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

type Json = dict[str, object]


class MalformedEventError(ValueError):
    """A known topic without what it is about. Says which field, never its content."""


def parse(topic: str, payload: object) -> PdkEvent | None:
    """Return the event, or None where the topic is not one of the page's.

    Raises MalformedEventError.
    """
    if (aspect := _ASPECTS.get(topic)) is not None:
        return _door_event(topic, aspect, _mapping(payload))
    if (parser := _PARSERS.get(topic)) is not None:
        return parser(topic, _mapping(payload))
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
    body = _mapping(event.get("body"))
    metadata = _mapping(event.get("metadata"))
    return DoorEvent(
        topic=topic,
        door_id=_door_id(body),
        door_name=_door_name(body, metadata),
        occurred=_integer(metadata.get("occurred")),
        event_id=_text(event.get("id")),
        aspect=aspect[0],
        value=aspect[1],
    )


def _access_event(topic: str, event: Json) -> AccessEvent:
    """Parse a request for access; whatever was typed or presented stays behind."""
    body = _mapping(event.get("body"))
    metadata = _mapping(event.get("metadata"))
    person = _mapping(body.get("person"))
    explicit = body.get("explicit")
    return AccessEvent(
        topic=topic,
        door_id=_door_id(body),
        door_name=_door_name(body, metadata),
        occurred=_integer(metadata.get("occurred")),
        event_id=_text(event.get("id")),
        access=_ACCESS[topic],
        person_id=_identity(body.get("personId")) or _identity(person.get("id")),
        person=_text(metadata.get("personName")) or _full_name(person),
        request_factor=_text(body.get("requestFactor")),
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
        command_id=_required_text(_mapping(event.get("body")), "commandId"),
        occurred=_integer(_mapping(event.get("metadata")).get("occurred")),
    )


def _server_error(topic: str, event: Json) -> ServerError:
    """Parse the panel's complaint."""
    return ServerError(message=_text(event.get("message")) or "serverError")


def _invalid_token(topic: str, event: Json) -> InvalidToken:
    """Parse the sign that the token has expired."""
    return InvalidToken()


def _endpoint_discovered(topic: str, event: Json) -> EndpointDiscovered:
    """Parse an endpoint's report."""
    body = _mapping(event.get("body"))
    if (io_link_id := _integer(body.get("ioLinkId"))) is None:
        raise MalformedEventError("ioLinkId is missing")
    listed = body.get("doors")
    return EndpointDiscovered(
        io_link_id=io_link_id,
        address=_required_text(body, "address"),
        io_link_type=_text(body.get("ioLinkType")),
        io_link_name=_text(body.get("ioLinkName")),
        doors=tuple(
            EndpointDoor(
                id=door_id,
                port=_integer(raw.get("port")),
                name=_text(raw.get("name")),
            )
            for raw in map(_mapping, listed if isinstance(listed, list) else [])
            if (door_id := parse_door_id(raw.get("id"))) is not None
        ),
    )


def _endpoint_signal(topic: str, event: Json) -> EndpointSignal:
    """Parse an endpoint's signal."""
    body = _mapping(event.get("body"))
    gain = body.get("dbGain")
    if not isinstance(gain, int | float) or isinstance(gain, bool):
        raise MalformedEventError("dbGain is missing")
    return EndpointSignal(
        io_link_id=_integer(body.get("ioLinkId")),
        address=_required_text(body, "address"),
        db_gain=gain,
    )


def _live_event(topic: str, event: Json) -> LiveEvent:
    """Parse a line of the panel's log; its `occurred` has no zone and is left out."""
    listed = event.get("placeholders")
    return LiveEvent(
        topic=_text(event.get("topic")),
        info=_required_text(event, "info"),
        placeholders=tuple(
            Placeholder(
                text=_text(raw.get("text")) or "",
                id=_identity(raw.get("id")),
                type=_text(raw.get("type")),
            )
            for raw in map(_mapping, listed if isinstance(listed, list) else [])
        ),
    )


def _migration(topic: str, event: Json) -> Migration:
    """Parse a stage of the move; migration.started comes without a body."""
    return Migration(
        stage=MigrationStage(topic.removeprefix("migration.")),
        system_id=_text(event.get("systemId")),
    )


def _migration_task(topic: str, event: Json) -> MigrationTask:
    """Parse a step of the move."""
    return MigrationTask(
        task=_text(event.get("task")), completed=topic.endswith("completed")
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


def _mapping(raw: object) -> Json:
    """Return an object of the event, empty where there is none."""
    return raw if isinstance(raw, dict) else {}


def _door_id(body: Json) -> DoorId:
    """Return the door that the event is about; `body.door.id` can be another."""
    if (door_id := parse_door_id(body.get("doorId"))) is None:
        raise MalformedEventError("doorId is missing")
    return door_id


def _door_name(body: Json, metadata: Json) -> str | None:
    """Return the door's name as the event tells it."""
    return _text(metadata.get("doorName")) or _text(
        _mapping(body.get("door")).get("name")
    )


def _full_name(person: Json) -> str | None:
    """Return first and last name."""
    names = (_text(person.get("firstName")), _text(person.get("lastName")))
    return " ".join(name for name in names if name) or None


def _required_text(raw: Json, key: str) -> str:
    """Return a text that the event is nothing without."""
    if (text := _text(raw.get(key))) is None:
        raise MalformedEventError(f"{key} is missing")
    return text


def _text(raw: object) -> str | None:
    """Return a text that says something."""
    return raw if isinstance(raw, str) and raw else None


def _integer(raw: object) -> int | None:
    """Return a whole number."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def _identity(raw: object) -> int | str | None:
    """Return an id as the panel writes it."""
    return (
        raw
        if raw and isinstance(raw, int | str) and not isinstance(raw, bool)
        else None
    )
