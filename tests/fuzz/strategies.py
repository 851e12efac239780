"""Random payloads: those that a site may send, and those that it never would."""

import os
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st

from custom_components.prodatakey.pdk.v1.parser import TOPICS as PANEL_TOPICS
from custom_components.prodatakey.pdk.v2.parser import TOPICS as SYSTEM_TOPICS
from tests.pdk.common import SAMPLES

BOUNDED = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def _keys(value: object) -> set[str]:
    """Return all keys in a payload."""
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


KEYS = sorted(_keys([SAMPLES["events"]]) | {"pin", "message", "deviceId", "device"})
# Few enough that events meet doors that exist.
DOOR_IDS = st.sampled_from([1, "1", 2, 4, "gate", 77, 2**63, -1])
TOPICS = st.sampled_from(sorted(PANEL_TOPICS | SYSTEM_TOPICS))

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**31, 2**53 + 1, 2**63, -(2**63), 2**64 - 1, 10**400])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "x" * 100_000, "\x00", "\ud83d\ude00", "٣", "²"])
)
keys = st.sampled_from(KEYS) | st.text(max_size=5)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5)
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


type Path = tuple[str | int, ...]


def _paths(value: object, path: Path = ()) -> list[Path]:
    """Return the path to each value in a payload."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [path, *(p for key, inner in items for p in _paths(inner, (*path, key)))]


def _changed(value: Any, path: Path, new: object, remove: bool) -> Any:
    """Return a payload with one value replaced or removed."""
    if not path:
        return new
    first, *rest = path
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    if remove and not rest:
        del copy[first]
    else:
        copy[first] = _changed(value[first], tuple(rest), new, remove)
    return copy


@st.composite
def events(draw: st.DrawFn) -> tuple[str, object]:
    """Return a topic with the documented sample, changed in a few places."""
    topic = draw(TOPICS)
    payload: Any = SAMPLES["events"].get(topic.replace("device.", "door."))
    body = payload.get("body") if isinstance(payload, dict) else None
    if isinstance(body, dict) and "doorId" in body:
        door_id = draw(DOOR_IDS)
        body = {**body, "doorId": door_id, "deviceId": door_id}
        payload = {**payload, "body": body}
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(_paths(payload)))
        payload = _changed(
            payload, path, draw(anything), bool(path) and draw(st.booleans())
        )
    return topic, payload


whatever = events() | st.tuples(TOPICS | st.text(max_size=30), anything | deep())
