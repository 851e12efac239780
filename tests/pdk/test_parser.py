"""Events that are not as documented; those that are, in tests/test_streaming_api.py."""

from copy import deepcopy
import json
from typing import Any

import pytest

from custom_components.prodatakey.pdk.models import AccessEvent, InvalidToken
from custom_components.prodatakey.pdk.parser import MalformedEventError, loads
from custom_components.prodatakey.pdk.v1.parser import TOPICS, parse_event

from .common import SAMPLES

EVENTS = SAMPLES["events"]


def test_topics() -> None:
    """Test that all documented ones are known, but for the steps of a migration."""
    steps = {topic for topic in EVENTS if topic.startswith("migration.task.")}
    assert ({*EVENTS, "invalidToken"} - steps) == TOPICS
    # the one topic whose payload is not documented
    assert parse_event("invalidToken", "expired") == InvalidToken()


@pytest.mark.parametrize(
    "topic", [topic for topic in EVENTS if topic.startswith("door.")]
)
@pytest.mark.parametrize("door_id", [None, True, 1.5, "", "x" * 65, [1], {"id": 1}])
def test_event_without_a_door(topic: str, door_id: object) -> None:
    """Test that `door.id` does not stand in for a missing `doorId`."""
    payload = deepcopy(EVENTS[topic])
    payload["body"]["doorId"] = door_id
    with pytest.raises(MalformedEventError, match=r"^doorId is missing$"):
        parse_event(topic, payload)


@pytest.mark.parametrize("payload", [None, [], "text", 1, {}, {"body": None}])
@pytest.mark.parametrize(
    ("topic", "missing"),
    [
        ("door.input.relay.on", "doorId"),
        ("door.request.unknown", "doorId"),
        ("command.result.succeed", "commandId"),
        ("endpoint.discovered", "ioLinkId"),
        ("endpoint.signal", "dbGain"),
        ("liveEvent", "info"),
    ],
)
def test_required_field_is_missing(topic: str, missing: str, payload: object) -> None:
    """Test that the error names the field, for a bug report."""
    with pytest.raises(MalformedEventError, match=f"^{missing} is missing$"):
        parse_event(topic, payload)


@pytest.mark.parametrize(
    ("topic", "path", "value"),
    [
        ("door.input.relay.on", ("body", "door"), None),
        ("door.input.relay.on", ("occurred",), 17),
        ("door.request.allowed", ("metadata",), None),
        ("door.request.allowed", ("body", "person"), None),
        ("door.request.allowed", ("body", "requestFactor"), ["PIN"]),
        ("door.request.denied", ("body", "explicit"), "yes"),
        ("endpoint.discovered", ("body", "doors"), None),
        ("endpoint.discovered", ("body", "doors"), [None, {}, {"id": None}]),
        ("liveEvent", ("placeholders",), [None, {}, "text"]),
        ("serverError", ("message",), {"code": 1}),
    ],
)
def test_optional_field_is_malformed(
    topic: str, path: tuple[str, ...], value: object
) -> None:
    """Test that the rest of the event counts."""
    payload: dict[str, Any] = deepcopy(EVENTS[topic])
    *parents, key = path
    inner = payload
    for parent in parents:
        inner = inner[parent]
    inner[key] = value
    assert type(parse_event(topic, payload)) is type(parse_event(topic, EVENTS[topic]))


def test_person_without_metadata() -> None:
    """Test that first and last name stand in for a missing `personName`."""
    payload = deepcopy(EVENTS["door.request.allowed"])
    del payload["metadata"], payload["body"]["personId"]
    event = parse_event("door.request.allowed", payload)
    assert isinstance(event, AccessEvent)
    assert (event.person, event.person_id) == ("Postman Test", 1)


def test_pin_is_not_read() -> None:
    """Test that a typed PIN is in no error and no activity; events: tests/fuzz."""
    with pytest.raises(MalformedEventError) as raised:
        parse_event("door.request.unknown", {"body": {"doorId": "PIN-4711" * 10}})
    assert "PIN-4711" not in str(raised.value)
    line = {"info": "%s", "placeholders": [{"text": "PIN-4711", "type": "credential"}]}
    assert "PIN-4711" not in repr(parse_event("liveEvent", line))


SMILE = "\U0001f600"
HIGH, LOW = r"\ud83d", r"\ude00"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (f"Caf{HIGH}", "Caf\ufffd"),
        (f"{LOW}Café", "\ufffdCafé"),
        (f"{HIGH}{HIGH}{LOW}{LOW}", f"\ufffd{SMILE}\ufffd"),
        (HIGH.upper().replace("U", "u") + LOW + HIGH, f"{SMILE}\ufffd"),
        (HIGH + LOW, SMILE),
        *((json.dumps(n)[1:-1], n) for n in (f"{SMILE} {HIGH}", "Sørüß", "\\")),
    ],
)
def test_lone_surrogate(sent: str, read: str) -> None:
    """Test names that were cut in the middle of an emoji, and others."""
    assert loads(f'["{sent}", 1]') == [read, 1]


@pytest.mark.parametrize("text", ["", "[", "[NaN]", "[" * 9000, HIGH, f'["{HIGH}"'])
def test_no_json(text: str) -> None:
    """Test that it is a ValueError."""
    with pytest.raises(ValueError):
        loads(text)
