"""Events that are not as documented; those that are, in tests/test_streaming_api.py."""

from copy import deepcopy
import json
from typing import Any

import pytest

from custom_components.prodatakey.pdk.events import AccessEvent, DoorEvent, InvalidToken
from custom_components.prodatakey.pdk.parser import (
    MalformedEventError,
    as_int,
    comparable,
    loads,
    parse_door,
    required_address,
)
from custom_components.prodatakey.pdk.v1 import parser as v1_parser
from custom_components.prodatakey.pdk.v1.parser import TOPICS, parse_event
from custom_components.prodatakey.pdk.v2 import parser as v2_parser
from custom_components.prodatakey.pdk.v2.envelope import Envelope

from .common import SAMPLES

EVENTS = SAMPLES["events"]


def test_topics() -> None:
    """Test that all documented topics are known, except the steps of a migration.

    Three more are known that the page does not list.
    """
    steps = {topic for topic in EVENTS if topic.startswith("migration.task.")}
    others = {"door.autoopen.on", "door.autoopen.off", "migration.rolledback"}
    assert ({*EVENTS, "invalidToken", *others} - steps) == TOPICS
    # the one topic whose payload is not documented
    assert parse_event("invalidToken", "expired") == InvalidToken()


def test_on_and_off() -> None:
    """Test that the last word of each topic says whether it is on."""
    on = {"on", "opened", "forced"}
    off = {"off", "closed", "cleared"}
    tables = (v1_parser._DOOR_TOPICS, v2_parser._DOOR_TOPICS, v2_parser._SITE_TOPICS)
    for table in tables:
        for topic, (_, value) in table.items():
            assert topic.rpartition(".")[2] in (on if value else off), topic


def test_numbers_and_addresses() -> None:
    """Test that only whole numbers are numbers, and only texts are addresses."""
    assert [as_int(each) for each in (3, True, 3.0, "3", None)] == [3, *[None] * 4]
    for address in (1234567890123456, None, "00 13", ""):
        with pytest.raises(ValueError):
            required_address({"address": address})


def test_unknown_credential_is_nobodys() -> None:
    """Test that an unknown credential has no person, even if the event names one."""
    body = {"doorId": 1, "personId": 9, "person": {"firstName": "Amelia"}}
    payload = {"body": body, "metadata": {"personName": "Amelia Hartmann"}}
    event = parse_event("door.request.unknown", payload)
    assert isinstance(event, AccessEvent)
    assert (event.person, event.person_id) == (None, None)


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
    """Test that the error names the missing field, for a bug report."""
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
    """Test that an event counts although an optional field is malformed."""
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


@pytest.mark.parametrize(
    ("metadata", "door", "name"),
    [
        (" Front ", "Other", "Front"),
        ("  ", "Front", "Front"),
        (None, "Front", "Front"),
        ("\t", "  ", None),
        (1, 2, None),
    ],
)
def test_name_of_a_door(metadata: object, door: object, name: str | None) -> None:
    """Test that a name of blanks counts as no name: the door is shown by its id."""
    v1 = {
        "body": {"doorId": 1, "door": {"name": door}},
        "metadata": {"doorName": metadata},
    }
    device = {"id": "1", "name": door}
    v2 = {"body": {"device": device}, "metadata": {"deviceName": metadata}}
    for event in (
        parse_event("door.input.relay.on", v1),
        parse_event("door.request.allowed", v1),
        v2_parser.parse_event("device.input.relay.on", Envelope(v2)),
        v2_parser.parse_event("device.request.allowed", Envelope(v2)),
    ):
        assert isinstance(event, DoorEvent | AccessEvent)
        assert event.door_name == name


def test_pin_is_not_read() -> None:
    """Test that a typed PIN is in no error and no activity; for events see tests/fuzz."""
    with pytest.raises(MalformedEventError) as raised:
        parse_event("door.request.unknown", {"body": {"doorId": "PIN-4711" * 10}})
    assert "PIN-4711" not in str(raised.value)
    line = {"info": "%s", "placeholders": [{"text": "PIN-4711", "type": "credential"}]}
    assert "PIN-4711" not in repr(parse_event("liveEvent", line))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("  Front \u00a0\u2003 door\t", "Front door"),
        (
            "Front\r\n2026-01-01 ERROR \x1b[31mforged\u2028",
            "Front 2026-01-01 ERROR [31mforged",
        ),
        ("abc\u202egpj.\u2066x\u2069\u200f\x9b", "abcgpj.x"),
        ("F\u200bro\ufeffnt\u200d\u3164", "Front"),
        ("Tu\u0308re", "T\u00fcre"),
        # letters of Persian, and an emoji, need their joiners
        (
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
            "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627",
        ),
        ("\U0001f468\u200d\U0001f467", "\U0001f468\u200d\U0001f467"),
        ("\u200b\r\n\u202e ", None),
        ("x" * 1_000_000, "x" * 100),
    ],
)
def test_names_are_cleaned(sent: str, read: str | None) -> None:
    """Test a name with control, direction and invisible characters, at each of its places."""
    access = {"body": {"doorId": 1}, "metadata": {"doorName": sent, "personName": sent}}
    event = parse_event("door.request.allowed", access)
    assert isinstance(event, AccessEvent)
    node_access = {
        "body": {"deviceId": 1},
        "metadata": {"deviceName": sent, "holderName": sent},
    }
    node_event = v2_parser.parse_event("device.request.allowed", Envelope(node_access))
    assert isinstance(node_event, AccessEvent)
    door = parse_door({"id": 1, "name": sent, "serialNumber": sent, "type": sent})
    assert door is not None
    assert [event.door_name, event.person, node_event.door_name, node_event.person] == [
        read
    ] * 4
    assert [door.name, door.serial, door.type] == [read] * 3


def test_names_are_comparable() -> None:
    """Test names that look the same, or differ by case and blanks only."""
    forms = (
        "Ren\u00e9e  Stra\u00dfe",
        "rene\u0301e\u00a0STRASSE ",
        "\uff32en\u00e9e Stra\u200bsse",
    )
    assert {comparable(name) for name in forms} == {"ren\u00e9e strasse"}
    assert comparable(None) == comparable("\u200b ") == ""


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
    """Test that text that is no JSON raises ValueError."""
    with pytest.raises(ValueError):
        loads(text)
