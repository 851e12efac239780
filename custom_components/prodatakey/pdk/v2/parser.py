"""Parse JSON of PDK 2.0: topics to the same events as those of 1.0.

Only three topics are documented for the stream, and no envelope is: every place where a
field may be is looked at. A presented credential is never kept.
"""

from collections.abc import Callable, Mapping

from ..events import (
    Access,
    AccessEvent,
    AllProppedCleared,
    DeniedReason,
    DoorEvent,
    InvalidToken,
    PdkEvent,
    SiteConnection,
    SiteProblem,
    SiteProblemReported,
)
from ..models import Aspect, DoorId, DoorInfo
from ..parser import (
    DEVICE_KEYS as PANEL_DEVICE_KEYS,
    MAX_ID_LENGTH,
    Json,
    MalformedEventError,
    as_dict,
    as_id,
    as_name,
    clean_name,
    clean_names,
    parse_door,
    parse_door_id,
)
from .envelope import Envelope

DEVICE_KEYS = PANEL_DEVICE_KEYS | {
    "osdpAddress",
    "readerSerialNumber",
    "supportBleCredentials",
    "securedReadsOnly",
}

_DOOR_TOPICS: Mapping[str, tuple[Aspect, bool]] = {
    "device.input.relay.on": (Aspect.RELAY, True),
    "device.input.relay.off": (Aspect.RELAY, False),
    "device.input.dps.opened": (Aspect.DPS, True),
    "device.input.dps.closed": (Aspect.DPS, False),
    "device.input.rex.on": (Aspect.REX, True),
    "device.input.rex.off": (Aspect.REX, False),
    "device.alarm.propped.on": (Aspect.PROPPED, True),
    "device.alarm.propped.off": (Aspect.PROPPED, False),
    "device.alarm.forced": (Aspect.FORCED, True),
    "device.alarm.forced.cleared": (Aspect.FORCED, False),
    "device.forceclose.on": (Aspect.FORCE_CLOSE, True),
    "device.forceclose.off": (Aspect.FORCE_CLOSE, False),
    "device.autoopen.on": (Aspect.AUTO_OPEN, True),
    "device.autoopen.off": (Aspect.AUTO_OPEN, False),
}

_ACCESS_TOPICS: Mapping[str, Access] = {
    "device.request.allowed": Access.GRANTED,
    "device.request.denied": Access.DENIED,
    "device.request.filtered": Access.DENIED,
    "device.request.unknown": Access.UNKNOWN,
    "device.request.duress": Access.DURESS,
}

_SITE_TOPICS: Mapping[str, tuple[SiteProblem, bool]] = {
    "device.alarm.circuitbreaker.on": (SiteProblem.CIRCUIT_BREAKER, True),
    "device.alarm.circuitbreaker.off": (SiteProblem.CIRCUIT_BREAKER, False),
    "controller.alarm.comloss.on": (SiteProblem.COMMUNICATION_LOSS, True),
    "controller.alarm.comloss.off": (SiteProblem.COMMUNICATION_LOSS, False),
    # lp = low power. pi, po and pb are not documented.
    "controller.input.lp.on": (SiteProblem.POWER, True),
    "controller.input.lp.off": (SiteProblem.POWER, False),
}

# Subscribed, and counted for the diagnostics; they change nothing. `found` comes before
# the answer to the same request, and what an emergency card opened may be old. What the
# other inputs of a controller mean is not known.
_COUNTED_TOPICS = frozenset(
    {
        "device.request.found",
        "device.request.multiallowed",
        "device.request.ecard.allowed",
        "device.request.ecard.denied",
        "device.input.virtualread",
        "device.input.cardread",
        "device.autoopen.override.on",
        "device.autoopen.override.off",
        "device.forceopen.on",
        "device.forceopen.off",
        "controller.input.pb.connected",
        "controller.input.pb.disconnected",
        "controller.input.pb.status",
        "controller.input.pi.on",
        "controller.input.pi.off",
        "controller.input.pi.status",
        "controller.input.po.present",
        "controller.input.po.absent",
        "controller.input.time.unknown.enter",
        "controller.input.time.unknown.exit",
    }
)

_OTHER_TOPICS: Mapping[str, Callable[[], PdkEvent]] = {
    "device.alarm.propped.alloff": AllProppedCleared,
    "cloudnode.connected": lambda: SiteConnection(connected=True),
    "cloudnode.disconnected": lambda: SiteConnection(connected=False),
}

TOPICS = (
    frozenset(_DOOR_TOPICS)
    | _ACCESS_TOPICS.keys()
    | _SITE_TOPICS.keys()
    | _OTHER_TOPICS.keys()
    | _COUNTED_TOPICS
)
"""What is subscribed."""

# A device's id comes with each of its events, so those that were checked are kept.
_device_ids: set[str] = set()
MAX_DEVICE_IDS = 1000


def parse_event(topic: str, envelope: Envelope) -> PdkEvent | None:
    """Return the event, or None for a topic that changes nothing.

    Raises MalformedEventError.
    """
    if (reported := _DOOR_TOPICS.get(topic)) is not None:
        return DoorEvent(topic, *_parse_subject(topic, envelope), *reported)
    if topic in _ACCESS_TOPICS:
        return _parse_access_event(topic, envelope)
    if (site := _SITE_TOPICS.get(topic)) is not None:
        problem, value = site
        return SiteProblemReported(
            problem=problem, value=value, source=_parse_source(envelope)
        )
    if topic == "invalidToken":
        return InvalidToken()
    if (make := _OTHER_TOPICS.get(topic)) is not None:
        return make()
    return None


def parse_device(raw: object) -> DoorInfo | None:
    """Return a device; its connection and primary reader are objects or ids."""
    device = as_dict(raw)
    references: Json = {
        key: as_dict(device[key]).get("id") or device[key]
        for key in ("connection", "primaryReader")
        if key in device
    }
    return parse_door({**device, **references})


def _parse_access_event(topic: str, envelope: Envelope) -> AccessEvent:
    """Parse a request for access, without the presented credential."""
    door_id, door_name, occurred, event_id = _parse_subject(topic, envelope)
    body = envelope.body
    holder = as_dict(body.get("holder"))
    explicit = body.get("explicit")
    access = _ACCESS_TOPICS[topic]
    holder_id = as_id(body.get("holderId")) or as_id(holder.get("id"))
    name = as_name(envelope.metadata.get("holderName"))
    if access is Access.UNKNOWN:
        # nobody was recognized, whatever the event names
        holder_id = name = None
    return AccessEvent(
        topic=topic,
        door_id=door_id,
        door_name=door_name,
        occurred=occurred,
        event_id=event_id,
        access=access,
        person_id=holder_id,
        person=name,
        request_factor=as_name(body.get("requestFactor")),
        explicit=explicit if isinstance(explicit, bool) else None,
        # nothing else is known of a holder
        reason=DeniedReason.EXPLICIT
        if access is Access.DENIED and explicit is True
        else None,
    )


def _parse_subject(
    topic: str, envelope: Envelope
) -> tuple[DoorId, str | None, int | None, str | None]:
    """Return the device, its name, the time and what identifies an event.

    Without an id that is its topic, device and time.
    """
    event, body, device = envelope.event, envelope.body, envelope.device
    door_id: DoorId | None = None
    for place in (body.get("deviceId"), event.get("deviceId"), device.get("id")):
        if isinstance(place, str) and place in _device_ids:
            door_id = place
        else:
            door_id = _parse_device_id(place)
        if door_id is not None:
            break
    else:
        raise MalformedEventError("deviceId is missing")
    name = envelope.metadata.get("deviceName")
    if not isinstance(name, str) or not name.strip():
        name = device.get("name")
    occurred, event_id = envelope.metadata.get("occurred"), event.get("id")
    if type(occurred) is not int:
        occurred = None
    if not isinstance(event_id, str) or not 0 < len(event_id) <= MAX_ID_LENGTH:
        event_id = None if occurred is None else f"{topic} {door_id} {occurred}"
    return (
        door_id,
        clean_names.get(name) or clean_name(name) if isinstance(name, str) else None,
        occurred,
        event_id,
    )


def _parse_device_id(raw: object) -> DoorId | None:
    """Return the id of a device, and keep it for the next event."""
    door_id = parse_door_id(raw)
    if isinstance(door_id, str):
        if len(_device_ids) >= MAX_DEVICE_IDS:
            _device_ids.clear()
        _device_ids.add(door_id)
    return door_id


def _parse_source(envelope: Envelope) -> str | None:
    """Return the id of the device or controller that has a problem."""
    event, body = envelope.event, envelope.body
    places = (
        body.get("deviceId"),
        event.get("deviceId"),
        envelope.device.get("id"),
        body.get("controllerId"),
        event.get("controllerId"),
    )
    return next((str(each) for each in map(as_id, places) if each is not None), None)
