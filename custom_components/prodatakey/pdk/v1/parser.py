"""Parse events of the Streaming API page (section "Events").

Missing and new fields are tolerated; only an event without its subject is refused.
A presented credential is never kept: the PIN of door.request.unknown is dropped here.
"""

from collections.abc import Callable, Mapping
from types import NoneType

from ..denial import Moment, Validity
from ..events import (
    Access,
    AccessEvent,
    CommandSucceeded,
    DoorEvent,
    EndpointDiscovered,
    EndpointSignal,
    InvalidToken,
    LiveEvent,
    Migration,
    MigrationStage,
    PdkEvent,
    Placeholder,
    ServerError,
)
from ..models import Aspect
from ..parser import (
    MAX_ID_LENGTH,
    MAX_PLACEHOLDERS,
    MAX_SENTENCE_LENGTH,
    Json,
    MalformedEventError,
    as_dict,
    as_id,
    as_int,
    as_list,
    as_name,
    clean_name,
    clean_names,
    clean_text,
    non_empty_str,
    parse_door_id,
    parse_endpoint_doors,
    required_address,
    required_str,
)


def parse_event(topic: str, payload: object) -> PdkEvent | None:
    """Return the event, or None for a topic that nobody needs.

    Raises MalformedEventError.
    """
    event = payload if isinstance(payload, dict) else {}
    if (reported := _DOOR_TOPICS.get(topic)) is not None:
        return _parse_door_event(topic, reported, event)
    if (parser := _PARSERS.get(topic)) is not None:
        return parser(topic, event)
    return None


_DOOR_TOPICS: Mapping[str, tuple[Aspect, bool]] = {
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
    # not on the page
    "door.autoopen.on": (Aspect.AUTO_OPEN, True),
    "door.autoopen.off": (Aspect.AUTO_OPEN, False),
}


def _parse_door_event(
    topic: str, reported: tuple[Aspect, bool], event: Json
) -> DoorEvent:
    """Parse a report of one aspect of a door. The most frequent: no calls for fields."""
    body, metadata = event.get("body"), event.get("metadata")
    if not isinstance(body, dict):
        body = {}
    if not isinstance(metadata, dict):
        metadata = {}
    # body.door.id can be another one
    door_id = body.get("doorId")
    if type(door_id) is not int and (door_id := parse_door_id(door_id)) is None:
        raise MalformedEventError("doorId is missing")
    name = metadata.get("doorName")
    if not isinstance(name, str) or not name.strip():
        name = as_dict(body.get("door")).get("name")
    event_id, occurred = event.get("id"), metadata.get("occurred")
    aspect, value = reported
    return DoorEvent(
        topic,
        door_id,
        clean_names.get(name) or clean_name(name)
        if isinstance(name, str) and name
        else None,
        occurred if type(occurred) is int else None,
        event_id
        if isinstance(event_id, str) and 0 < len(event_id) <= MAX_ID_LENGTH
        else None,
        aspect,
        value,
    )


def _parse_access_event(topic: str, event: Json) -> AccessEvent:
    """Parse a request for access, without the presented credential."""
    door = _parse_door_event(topic, (Aspect.RELAY, True), event)
    body = as_dict(event.get("body"))
    person = as_dict(body.get("person"))
    explicit = body.get("explicit")
    access = _ACCESS_TOPICS[topic]
    person_id = as_id(body.get("personId")) or as_id(person.get("id"))
    name = as_name(as_dict(event.get("metadata")).get("personName"))
    name = name or _full_name(person)
    if access is Access.UNKNOWN:
        # nobody was recognized, whatever the event names
        person_id, name, person = None, None, {}
    validity = Validity.parse(person)
    explicit = explicit if isinstance(explicit, bool) else None
    reason = None
    if access is Access.DENIED:
        moment = Moment.parse(event.get("occurred"), door.occurred)
        reason = validity.find_reason(explicit=explicit, moment=moment)
    return AccessEvent(
        topic=topic,
        door_id=door.door_id,
        door_name=door.door_name,
        occurred=door.occurred,
        event_id=door.event_id,
        access=access,
        person_id=person_id,
        person=name,
        request_factor=as_name(body.get("requestFactor")),
        explicit=explicit,
        enabled=validity.enabled,
        active_from=validity.active_from.text,
        expires=validity.expires.text,
        reason=reason,
    )


_ACCESS_TOPICS: Mapping[str, Access] = {
    "door.request.allowed": Access.GRANTED,
    "door.request.denied": Access.DENIED,
    "door.request.unknown": Access.UNKNOWN,
}


def _parse_command_succeeded(topic: str, event: Json) -> CommandSucceeded:
    """Parse the success of a command."""
    return CommandSucceeded(
        command_id=required_str(as_dict(event.get("body")), "commandId"),
        occurred=as_int(as_dict(event.get("metadata")).get("occurred")),
    )


def _parse_server_error(topic: str, event: Json) -> ServerError:
    """Parse a rejection."""
    return ServerError(message=non_empty_str(event.get("message")) or "serverError")


def _parse_endpoint_discovered(topic: str, event: Json) -> EndpointDiscovered:
    """Parse a discovered endpoint."""
    body = as_dict(event.get("body"))
    if (io_link_id := as_int(body.get("ioLinkId"))) is None:
        raise MalformedEventError("ioLinkId is missing")
    return EndpointDiscovered(
        io_link_id=io_link_id,
        address=required_address(body),
        io_link_type=as_name(body.get("ioLinkType")),
        io_link_name=as_name(body.get("ioLinkName")),
        doors=parse_endpoint_doors(body.get("doors")),
    )


def _parse_endpoint_signal(topic: str, event: Json) -> EndpointSignal:
    """Parse the signal of an endpoint."""
    body = as_dict(event.get("body"))
    gain = body.get("dbGain")
    if not isinstance(gain, int | float) or isinstance(gain, bool):
        raise MalformedEventError("dbGain is missing")
    return EndpointSignal(
        io_link_id=as_int(body.get("ioLinkId")),
        address=required_address(body),
        db_gain=gain,
    )


def _parse_live_event(topic: str, event: Json) -> LiveEvent:
    """Parse a line of the activity log; its `occurred` has no time zone and is ignored."""
    info = clean_text(required_str(event, "info"), MAX_SENTENCE_LENGTH)
    if not info:
        raise MalformedEventError("info is missing")
    return LiveEvent(
        topic=as_name(event.get("topic")),
        info=info,
        placeholders=tuple(
            Placeholder(
                text=as_name(raw.get("text")) or "",
                id=as_id(raw.get("id")),
                type=as_name(raw.get("type")),
            )
            for raw in map(
                as_dict, as_list(event.get("placeholders"))[:MAX_PLACEHOLDERS]
            )
        ),
        photo_type=_JSON_TYPES[type(event["photo"])] if "photo" in event else "missing",
    )


_JSON_TYPES: Mapping[type[object], str] = {
    NoneType: "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def _parse_migration(topic: str, event: Json) -> Migration:
    """Parse a stage of the migration; nothing else of it is needed."""
    return Migration(stage=MigrationStage(topic.removeprefix("migration.")))


_PARSERS: Mapping[str, Callable[[str, Json], PdkEvent]] = {
    **dict.fromkeys(_ACCESS_TOPICS, _parse_access_event),
    "command.result.succeed": _parse_command_succeeded,
    "serverError": _parse_server_error,
    "invalidToken": lambda topic, event: InvalidToken(),
    "endpoint.discovered": _parse_endpoint_discovered,
    "endpoint.signal": _parse_endpoint_signal,
    "liveEvent": _parse_live_event,
    **dict.fromkeys(
        (f"migration.{stage}" for stage in MigrationStage), _parse_migration
    ),
}

TOPICS = frozenset(_DOOR_TOPICS) | frozenset(_PARSERS)


def _full_name(person: Json) -> str | None:
    """Return first and last name."""
    names = map(non_empty_str, (person.get("firstName"), person.get("lastName")))
    return as_name(" ".join(filter(None, names)))
