"""Fields of JSON that is not trusted: what has another type counts as missing."""

type Json = dict[str, object]


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
