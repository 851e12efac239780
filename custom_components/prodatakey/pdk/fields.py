"""Fields of JSON that is not trusted: what has another type counts as missing."""

import re

import orjson

type Json = dict[str, object]

# Half of a pair that stands for one character: JavaScript cuts texts there, and neither
# orjson nor Home Assistant takes it.
_HALF_CHARACTER = re.compile(
    r"\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]..", re.IGNORECASE
)


def loads(text: str) -> object:
    """Return what JSON says, half characters replaced. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return orjson.loads(_HALF_CHARACTER.sub(r"\\ufffd", text))


def mapping(raw: object) -> Json:
    """Return an object, empty where there is none."""
    return raw if isinstance(raw, dict) else {}


def elements(raw: object) -> list[object]:
    """Return a list's elements, none where there is no list."""
    return raw if isinstance(raw, list) else []


def filled_text(raw: object) -> str | None:
    """Return a text that says something."""
    return raw if isinstance(raw, str) and raw else None


def whole_number(raw: object) -> int | None:
    """Return a whole number."""
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def identity(raw: object) -> int | str | None:
    """Return an id as pdk.io writes it."""
    return (
        raw
        if raw and isinstance(raw, int | str) and not isinstance(raw, bool)
        else None
    )
