"""The page's events as types, and what becomes of an event that is not as the page says."""

from copy import deepcopy
from typing import Any

import pytest

from custom_components.prodatakey.pdk.doors import Aspect, DoorId
from custom_components.prodatakey.pdk.events import (
    Access,
    AccessEvent,
    CommandSucceeded,
    DoorEvent,
    EndpointDiscovered,
    EndpointDoor,
    EndpointSignal,
    InvalidToken,
    LiveEvent,
    Migration,
    MigrationStage,
    MigrationTask,
    PdkEvent,
    Placeholder,
    ServerError,
)
from custom_components.prodatakey.pdk.parse import TOPICS, MalformedEventError, parse

from .common import SAMPLES

EVENTS = SAMPLES["events"]
SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"


def _door(topic: str, aspect: Aspect, value: bool) -> DoorEvent:
    return DoorEvent(
        topic=topic,
        door_id=1,
        door_name="Postman Test",
        occurred=None,
        event_id=None,
        aspect=aspect,
        value=value,
    )


DOORS = [
    _door("door.alarm.forced", Aspect.FORCED, True),
    _door("door.alarm.forced.cleared", Aspect.FORCED, False),
    _door("door.alarm.propped.off", Aspect.PROPPED, False),
    _door("door.alarm.propped.on", Aspect.PROPPED, True),
    _door("door.forceclose.off", Aspect.FORCE_CLOSE, False),
    _door("door.forceclose.on", Aspect.FORCE_CLOSE, True),
    _door("door.input.dps.closed", Aspect.DPS, False),
    _door("door.input.dps.opened", Aspect.DPS, True),
    _door("door.input.relay.off", Aspect.RELAY, False),
    _door("door.input.relay.on", Aspect.RELAY, True),
    _door("door.input.rex.off", Aspect.REX, False),
    _door("door.input.rex.on", Aspect.REX, True),
]
REQUESTS = [
    AccessEvent(
        topic="door.request.allowed",
        door_id=1,
        door_name="Postman Test",
        occurred=1683165895729,
        event_id="0153463f-d9ba-435f-b099-60f2b7c8d7e3",
        access=Access.GRANTED,
        person_id=1,
        person="Postman Test",
        request_factor="PIN_ONLY",
        explicit=None,
    ),
    AccessEvent(
        topic="door.request.denied",
        door_id=1,  # not 28, which is what the sample's `door` says
        door_name="Postman Test",
        occurred=1683251382729,
        event_id="3a5910ad-8635-4e56-92ac-25c6c24a5775",
        access=Access.DENIED,
        person_id=1,
        person="Postman Test",
        request_factor="PIN_ONLY",
        explicit=True,
    ),
    AccessEvent(
        topic="door.request.unknown",
        door_id=1,
        door_name="Postman Test",
        occurred=1683251028581,
        event_id="883296f4-2a11-4d01-92ea-aa77d029322f",
        access=Access.UNKNOWN,
        person_id=None,
        person=None,
        request_factor=None,
        explicit=None,
    ),
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
    "migration.task.completed": MigrationTask(
        task="EXPORT_LEGACY_DATA", completed=True
    ),
    "migration.task.started": MigrationTask(task="EXPORT_LEGACY_DATA", completed=False),
    "serverError": ServerError(message="Command is not supported."),
}
EXPECTED = {event.topic: event for event in DOORS + REQUESTS} | OTHERS


@pytest.mark.parametrize("topic", EVENTS)
def test_sample_of_the_page(topic: str) -> None:
    """Every sample becomes its type, with all that it says."""
    assert parse(topic, EVENTS[topic]) == EXPECTED[topic]


def test_no_topic_of_the_page_is_left_out() -> None:
    """The page's events and the setup's `invalidToken`, nothing else."""
    assert set(EVENTS) == set(EXPECTED)
    assert {*EVENTS, "invalidToken"} == TOPICS


@pytest.mark.parametrize("payload", [None, {}, {"message": "expired"}, "expired"])
def test_invalid_token_whatever_comes_with_it(payload: object) -> None:
    """The page shows no payload of `invalidToken`."""
    assert parse("invalidToken", payload) == InvalidToken()


@pytest.mark.parametrize(
    "topic", ["door.autoopen.on", "device.relay.on", "", "liveevent", "connect"]
)
@pytest.mark.parametrize("payload", [None, {"body": {"doorId": 1}}, [], "text"])
def test_unknown_topic_is_none_of_ours(topic: str, payload: object) -> None:
    """The panel knows more topics than the page."""
    assert parse(topic, payload) is None


@pytest.mark.parametrize(
    ("doors_own", "door_id"),
    [(1, 1), ("1", 1), ("01", "01"), ("front", "front"), (0, 0)],
)
def test_door_id_as_integer_or_string(doors_own: DoorId, door_id: DoorId) -> None:
    """It is documented as a string and exemplified as an integer."""
    event = parse("door.input.relay.on", {"body": {"doorId": doors_own}})
    assert isinstance(event, DoorEvent)
    assert event.door_id == door_id


@pytest.mark.parametrize(
    "topic", [topic for topic in EVENTS if topic.startswith("door.")]
)
@pytest.mark.parametrize("door_id", [None, True, 1.5, "", "x" * 65, [1], {"id": 1}])
def test_event_without_its_door(topic: str, door_id: object) -> None:
    """Nobody can tell which door it is about, not even from `door.id`."""
    payload = deepcopy(EVENTS[topic])
    payload["body"]["doorId"] = door_id
    with pytest.raises(MalformedEventError, match=r"^doorId is missing$"):
        parse(topic, payload)


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
def test_payload_without_substance(topic: str, missing: str, payload: object) -> None:
    """It says which field, so that a bug report helps."""
    with pytest.raises(MalformedEventError, match=f"^{missing} is missing$"):
        parse(topic, payload)


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
def test_forgives_what_it_can_do_without(
    topic: str, path: tuple[str, ...], value: object
) -> None:
    """A field that is not as on the page costs that field, not the event."""
    payload: dict[str, Any] = deepcopy(EVENTS[topic])
    *way, last = path
    inner = payload
    for step in way:
        inner = inner[step]
    inner[last] = value
    assert type(parse(topic, payload)) is type(EXPECTED[topic])


def test_person_without_a_name_of_the_log() -> None:
    """First and last name make up for a missing `personName`."""
    payload = deepcopy(EVENTS["door.request.allowed"])
    del payload["metadata"], payload["body"]["personId"]
    event = parse("door.request.allowed", payload)
    assert isinstance(event, AccessEvent)
    assert (event.person, event.person_id) == ("Postman Test", 1)


def test_pin_ends_at_the_parser() -> None:
    """Somebody mistypes a PIN: it must not be seen anywhere."""
    payload = deepcopy(EVENTS["door.request.unknown"])
    payload["body"]["pin"] = "PIN-4711"
    assert "4711" not in repr(parse("door.request.unknown", payload))
    payload["body"]["doorId"] = "PIN-4711" * 10
    with pytest.raises(MalformedEventError) as raised:
        parse("door.request.unknown", payload)
    assert "4711" not in str(raised.value)


def test_pin_in_a_line_of_the_log_is_not_shown() -> None:
    """A live event of an unknown credential may have it among its placeholders."""
    line = {"info": "%s", "placeholders": [{"text": "PIN-4711", "type": "credential"}]}
    assert "4711" not in repr(parse("liveEvent", line))
