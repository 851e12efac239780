"""The documented events as types, and events that are not as documented."""

from copy import deepcopy
import json
from typing import Any

import pytest

from custom_components.prodatakey.pdk.models import (
    Access,
    AccessEvent,
    Aspect,
    CommandSucceeded,
    DoorEvent,
    EndpointDiscovered,
    EndpointDoor,
    EndpointSignal,
    InvalidToken,
    LiveEvent,
    Migration,
    MigrationStage,
    PdkEvent,
    Placeholder,
    ServerError,
)
from custom_components.prodatakey.pdk.parser import MalformedEventError, loads
from custom_components.prodatakey.pdk.v1.parser import TOPICS, parse_event

from .common import SAMPLES

EVENTS = SAMPLES["events"]
SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"
DOORS = [
    DoorEvent(
        topic=topic,
        door_id=1,
        door_name="Postman Test",
        occurred=None,
        event_id=None,
        aspect=aspect,
        value=value,
    )
    for topic, aspect, value in (
        ("door.alarm.forced", Aspect.FORCED, True),
        ("door.alarm.forced.cleared", Aspect.FORCED, False),
        ("door.alarm.propped.off", Aspect.PROPPED, False),
        ("door.alarm.propped.on", Aspect.PROPPED, True),
        ("door.forceclose.off", Aspect.FORCE_CLOSE, False),
        ("door.forceclose.on", Aspect.FORCE_CLOSE, True),
        ("door.input.dps.closed", Aspect.DPS, False),
        ("door.input.dps.opened", Aspect.DPS, True),
        ("door.input.relay.off", Aspect.RELAY, False),
        ("door.input.relay.on", Aspect.RELAY, True),
        ("door.input.rex.off", Aspect.REX, False),
        ("door.input.rex.on", Aspect.REX, True),
    )
]
PERSON = {"person_id": 1, "person": "Postman Test", "request_factor": "PIN_ONLY"}
NOBODY = dict.fromkeys(PERSON)
# the sample of a denial has `doorId` 1 and, in `door`, the id 28
REQUESTS = [
    AccessEvent(
        topic=f"door.request.{topic}",
        door_id=1,
        door_name="Postman Test",
        occurred=occurred,
        event_id=event_id,
        access=access,
        explicit=explicit,
        **person,
    )
    for topic, access, occurred, event_id, explicit, person in (
        (
            *("allowed", Access.GRANTED, 1683165895729),
            *("0153463f-d9ba-435f-b099-60f2b7c8d7e3", None, PERSON),
        ),
        (
            *("denied", Access.DENIED, 1683251382729),
            *("3a5910ad-8635-4e56-92ac-25c6c24a5775", True, PERSON),
        ),
        (
            *("unknown", Access.UNKNOWN, 1683251028581),
            *("883296f4-2a11-4d01-92ea-aa77d029322f", None, NOBODY),
        ),
    )
]
OTHERS: dict[str, PdkEvent] = {
    "command.result.succeed": CommandSucceeded(
        command_id="c4a4bd80-1ffa-4041-80b4-f2b3d7770294", occurred=1683248356916
    ),
    "endpoint.discovered": EndpointDiscovered(
        io_link_id=1,
        address="0013a200400a393b",
        io_link_type="wirelessCoordinator",
        io_link_name="wimac",
        doors=(EndpointDoor(id=1, port=1, name="Postman Test"),),
    ),
    "endpoint.signal": EndpointSignal(
        io_link_id=1, address="0013a200400a393b", db_gain=40
    ),
    "liveEvent": LiveEvent(
        topic="door.request.allowed",
        info='Person "%s" has requested access to the device "%s". '
        "Access allowed. Person used PIN for requesting access.",
        placeholders=(
            Placeholder(text="Postman Test", id=1, type="person"),
            Placeholder(text="Postman Test", id=1, type="door"),
        ),
    ),
    "migration.completed": Migration(stage=MigrationStage.COMPLETED, system_id=SYSTEM),
    "migration.staged": Migration(stage=MigrationStage.STAGED, system_id=SYSTEM),
    "migration.started": Migration(stage=MigrationStage.STARTED, system_id=None),
    "serverError": ServerError(message="Command is not supported."),
}
EXPECTED = {event.topic: event for event in DOORS + REQUESTS} | OTHERS


@pytest.mark.parametrize("topic", sorted({*EVENTS, *EXPECTED}))
def test_documented_sample(topic: str) -> None:
    """Test that every sample becomes its type, with all that it says."""
    # the steps of a migration change nothing
    assert parse_event(topic, EVENTS[topic]) == EXPECTED.get(topic)
    assert (topic in EXPECTED) is not topic.startswith("migration.task.")


@pytest.mark.parametrize("payload", [None, {}, {"message": "expired"}, "expired"])
def test_invalid_token(payload: object) -> None:
    """Test the one topic whose payload is not documented."""
    assert parse_event("invalidToken", payload) == InvalidToken()
    assert {*EXPECTED, "invalidToken"} == TOPICS


@pytest.mark.parametrize(
    "topic", ["door.autoopen.on", "device.relay.on", "", "liveevent", "connect"]
)
@pytest.mark.parametrize("payload", [None, {"body": {"doorId": 1}}, [], "text"])
def test_unknown_topic(topic: str, payload: object) -> None:
    """Test that it is no error: panels send more topics than are documented."""
    assert parse_event(topic, payload) is None


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
    assert type(parse_event(topic, payload)) is type(EXPECTED[topic])


def test_person_without_metadata() -> None:
    """Test that first and last name stand in for a missing `personName`."""
    payload = deepcopy(EVENTS["door.request.allowed"])
    del payload["metadata"], payload["body"]["personId"]
    event = parse_event("door.request.allowed", payload)
    assert isinstance(event, AccessEvent)
    assert (event.person, event.person_id) == ("Postman Test", 1)


def test_pin_is_not_read() -> None:
    """Test that a typed PIN is in no event and no error."""
    payload = deepcopy(EVENTS["door.request.unknown"])
    payload["body"]["pin"] = "PIN-4711"
    assert "PIN-4711" not in repr(parse_event("door.request.unknown", payload))
    payload["body"]["doorId"] = "PIN-4711" * 10
    with pytest.raises(MalformedEventError) as raised:
        parse_event("door.request.unknown", payload)
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
