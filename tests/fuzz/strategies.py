"""What a panel might send, and what it never would."""

import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from custom_components.prodatakey.pdk.parse import TOPICS

SAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "pdk" / "samples.json").read_text(encoding="utf-8")
)["events"]
KEYS = (
    "id",
    "topic",
    "body",
    "doorId",
    "door",
    "name",
    "metadata",
    "occurred",
    "person",
    "personId",
    "personName",
    "doorName",
    "pin",
    "commandId",
    "message",
    "placeholders",
    "text",
    "type",
    "info",
    "address",
    "ioLinkId",
    "dbGain",
    "doors",
    "explicit",
    "requestFactor",
    "systemId",
    "task",
)
# Few enough that events meet doors that there are.
DOOR_IDS = st.sampled_from([1, "1", 2, 4, "gate", 77, 2**63, -1])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63), 2**64 - 1, 10**400])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "x" * 100_000, "\x00", "\ud83d\ude00", "٣", "²"])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@st.composite
def deep(draw: st.DrawFn) -> object:
    """Return something nested very deeply."""
    value: object = draw(scalars)
    for _ in range(draw(st.integers(100, 900))):
        value = [value] if draw(st.booleans()) else {"body": value}
    return value


def _paths(
    value: object, path: tuple[str | int, ...] = ()
) -> list[tuple[str | int, ...]]:
    """Return the way to everything in a payload."""
    paths = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            paths += _paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            paths += _paths(inner, (*path, index))
    return paths


def _changed(value: Any, path: tuple[str | int, ...], put: object, gone: bool) -> Any:
    """Return a payload with one thing in it replaced, or left out."""
    if not path:
        return put
    first, *rest = path
    if isinstance(value, list):
        assert isinstance(first, int)
        new: Any = list(value)
        if gone and not rest:
            del new[first]
        else:
            new[first] = _changed(value[first], tuple(rest), put, gone)
        return new
    new = dict(value)
    if gone and not rest:
        del new[first]
    else:
        new[first] = _changed(value[first], tuple(rest), put, gone)
    return new


@st.composite
def events(draw: st.DrawFn) -> tuple[str, object]:
    """Return a topic with a payload: the page's sample, changed in a few places."""
    topic = draw(st.sampled_from(sorted(TOPICS)))
    payload: Any = SAMPLES.get(topic)
    body = payload.get("body") if isinstance(payload, dict) else None
    if isinstance(body, dict) and "doorId" in body:
        payload = {**payload, "body": {**body, "doorId": draw(DOOR_IDS)}}
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(_paths(payload)))
        payload = _changed(
            payload, path, draw(anything), bool(path) and draw(st.booleans())
        )
    return topic, payload


chaos = st.tuples(
    st.sampled_from(sorted(TOPICS)) | st.text(max_size=30), anything | deep()
)
whatever = events() | chaos
