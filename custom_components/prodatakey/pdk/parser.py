"""Parse JSON of pdk.io: fields of any type, and devices to doors.

Both generations of PDK describe a device in the same way.
"""

from collections.abc import Mapping
import re
import unicodedata

import orjson

from .events import EndpointDoor
from .models import SECOND_READER_TYPES, Aspect, DoorId, DoorInfo

type Json = dict[str, object]

MAX_ID_LENGTH = 64
MAX_NAME_LENGTH = 100
# A text is cut to this many times its length before it is cleaned: the rest may be
# invisible characters and blanks.
_UNCLEANED = 4
MAX_RAW_NAME_LENGTH = _UNCLEANED * MAX_NAME_LENGTH
# More than any sentence of the activity log, and any endpoint, has.
MAX_SENTENCE_LENGTH = 1000
MAX_PLACEHOLDERS = 20
MAX_MESSAGE_LENGTH = MAX_SENTENCE_LENGTH + MAX_PLACEHOLDERS * MAX_NAME_LENGTH
MAX_ENDPOINT_DOORS = 100
# So many devices may have the same problem.
MAX_PROBLEM_SOURCES = 1000
# Longer JSON has at most so many values, and escapes if it has to be repaired: a text
# that consists of nothing else would block the event loop.
LARGE_JSON = 65_536
MAX_VALUES = 100_000

# JavaScript cuts texts inside a surrogate pair; orjson and Home Assistant reject the rest.
_LONE_SURROGATE = re.compile(
    r"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F]..)"
)
_SERIAL = re.compile(r"\w[\w.-]{0,63}", re.ASCII)
_ADDRESS = re.compile(r"[!-~]{1,64}")


# Removed from texts: control characters, those that change the direction of writing, and
# those that nobody can see. Persian and emoji need the joiners (U+200C, U+200D).
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff"
    r"\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)
_JOINERS = "\u200c\u200d"
# They change how a character looks, but not which one it is.
_NOT_COMPARED = str.maketrans("", "", f"{_JOINERS}\ufe0e\ufe0f")


# A door's name comes with each of its events, so those that were cleaned are kept.
clean_names: dict[str, str | None] = {}
MAX_NAMES = 1000


class MalformedEventError(ValueError):
    """A known topic without its subject. Names the field, never its content."""


# The documented fields of a device.
DEVICE_KEYS = frozenset(
    [
        "id",
        "name",
        "connection",
        "port",
        "partition",
        "type",
        "publicIcon",
        "inputTypes",
        "readerType",
        "delay",
        "dwell",
        "dps",
        "propAlarm",
        "propDelay",
        "rex",
        "forcedAlarm",
        "autoOpenAfterFirstAllow",
        "hardwareVersion",
        "serialNumber",
        "firmwareVersion",
        "created",
        "metadata",
        "primaryReader",
        "wirelessAddress",
    ]
)
_CONFIGURED: Mapping[str, Aspect] = {
    "dps": Aspect.DPS,
    "rex": Aspect.REX,
    "propAlarm": Aspect.PROPPED,
    "forcedAlarm": Aspect.FORCED,
}


def parse_door(raw: object) -> DoorInfo | None:
    """Return a door of the panel's REST API, or None if it has no usable id."""
    device = as_dict(raw)
    if (door_id := parse_door_id(device.get("id"))) is None:
        return None
    device_type = as_name(device.get("type"))
    primary_reader = parse_door_id(device.get("primaryReader"))
    if device_type not in SECOND_READER_TYPES or primary_reader == door_id:
        primary_reader = None
    return DoorInfo(
        id=door_id,
        name=as_name(device.get("name")),
        type=device_type,
        icon=as_name(device.get("publicIcon")),
        configured=frozenset(
            aspect for key, aspect in _CONFIGURED.items() if device.get(key) is True
        ),
        dwell=None if (dwell := as_int(device.get("dwell"))) is None else dwell / 10,
        primary_reader=primary_reader,
        hardware=as_name(device.get("hardwareVersion")),
        firmware=as_name(device.get("firmwareVersion")),
        serial=as_name(device.get("serialNumber")),
    )


def parse_door_id(raw: object) -> DoorId | None:
    """Return the id of a door, or None if it cannot be one.

    The id is documented as a string and shown as an integer in the examples, so "1"
    and 1 are the same door; commands send an integer, as the page does.
    """
    if isinstance(raw, int):
        return None if isinstance(raw, bool) else raw
    if not isinstance(raw, str) or not _is_id(raw):
        return None
    if raw.isascii() and raw.isdigit() and len(raw) < 19 and str(int(raw)) == raw:
        return int(raw)
    return raw


def parse_serial(raw: object) -> str | None:
    """Return a serial number, which becomes a part of a file name."""
    return raw if isinstance(raw, str) and _SERIAL.fullmatch(raw) else None


def _is_id(text: str) -> bool:
    """Return whether a text can be an id."""
    return 0 < len(text) <= MAX_ID_LENGTH and text.isprintable()


def parse_endpoint_doors(raw: object) -> tuple[EndpointDoor, ...]:
    """Return the doors of an endpoint, at most as many as one can have."""
    return tuple(
        EndpointDoor(
            id=door_id, port=as_int(door.get("port")), name=as_name(door.get("name"))
        )
        for door in map(as_dict, as_list(raw)[:MAX_ENDPOINT_DOORS])
        if (door_id := parse_door_id(door.get("id"))) is not None
    )


def loads(text: str) -> object:
    """Return parsed JSON, with lone surrogates replaced. Raises ValueError."""
    if len(text) > LARGE_JSON and sum(map(text.count, "[{,")) > MAX_VALUES:
        raise ValueError("too many values")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if not 0 < text.count("\\u") <= MAX_VALUES:
            raise
        return orjson.loads(_LONE_SURROGATE.sub(r"\\ufffd", text))


def as_dict(raw: object) -> Json:
    """Return an object, or an empty one for any other type."""
    return raw if isinstance(raw, dict) else {}


def as_list(raw: object) -> list[object]:
    """Return a list, or an empty one for any other type."""
    return raw if isinstance(raw, list) else []


def non_empty_str(raw: object) -> str | None:
    """Return a string that is not empty."""
    return raw if isinstance(raw, str) and raw else None


def as_name(raw: object) -> str | None:
    """Return a name, cleaned and cut to a length that entity ids and states can hold."""
    return clean_text(raw, MAX_NAME_LENGTH) or None if isinstance(raw, str) else None


def clean_name(raw: str) -> str | None:
    """Return the name of a door, and keep it in `clean_names` for the next event."""
    name = as_name(raw)
    if len(raw) <= MAX_RAW_NAME_LENGTH:
        if len(clean_names) >= MAX_NAMES:
            clean_names.clear()
        clean_names[raw] = name
    return name


def clean_text(text: str, max_length: int) -> str:
    """Return a text on one line, with single blanks and without invisible characters."""
    # first, so that the time for a text of any length is limited
    text = text[: _UNCLEANED * max_length]
    if not text.isascii() or not text.isprintable():
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return " ".join(text.split())[:max_length].strip(f" {_JOINERS}")


def comparable(name: str | None) -> str:
    """Return a name for comparison: case, blanks and the form of its letters do not count."""
    text = clean_text(name or "", MAX_NAME_LENGTH).translate(_NOT_COMPARED)
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def as_int(raw: object) -> int | None:
    """Return an integer."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def as_id(raw: object) -> int | str | None:
    """Return the id of a person, a placeholder or an event; 0 is none."""
    if isinstance(raw, str):
        return raw if _is_id(raw) else None
    return as_int(raw) or None


def as_event_id(raw: object) -> str | None:
    """Return the id of an event."""
    return raw if isinstance(raw, str) and _is_id(raw) else None


def required_address(raw: Json) -> str:
    """Return the address of an endpoint, without which the event is malformed."""
    if isinstance(address := raw.get("address"), str) and _ADDRESS.fullmatch(address):
        return address
    raise MalformedEventError("address is missing")


def required_str(raw: Json, key: str) -> str:
    """Return a string without which the event is malformed."""
    if (text := non_empty_str(raw.get(key))) is None:
        raise MalformedEventError(f"{key} is missing")
    return text
