"""Doors as the panel's REST lists them, and their state as events change it."""

from typing import Any

import pytest

from custom_components.prodatakey.pdk.doors import (
    Aspect,
    Door,
    DoorKind,
    DoorState,
    after_gap,
    apply,
    parse_door,
    parse_door_id,
)

DEVICE: dict[str, Any] = {
    "id": 1,
    "name": "Test Device",
    "connection": 1,
    "port": 1,
    "partition": [{"id": 0, "name": "Default"}],
    "type": "primaryReader",
    "publicIcon": "swingingDoor",
    "inputTypes": ["wiegand"],
    "readerType": "red",
    "delay": 0,
    "dwell": 30,
    "dps": False,
    "propAlarm": False,
    "propDelay": 0,
    "rex": False,
    "forcedAlarm": False,
    "autoOpenAfterFirstAllow": False,
    "hardwareVersion": "red1cn.d",
    "serialNumber": "8003323",
    "firmwareVersion": "1.1.41",
    "created": "2023-05-17 15:59:30",
    "metadata": {},
}


def test_device_of_the_documentation() -> None:
    """The documented device, with what the integration needs of it."""
    assert parse_door(DEVICE) == Door(
        id=1,
        name="Test Device",
        type="primaryReader",
        icon="swingingDoor",
        hardware="red1cn.d",
        firmware="1.1.41",
        serial="8003323",
    )


def test_second_reader_knows_its_first() -> None:
    """A reader on the inside has no relay of its own."""
    door = parse_door(DEVICE | {"type": "additionalReader", "primaryReader": "7"})
    assert door is not None
    assert (door.kind, door.primary_reader) == (DoorKind.SECOND_READER, 7)


@pytest.mark.parametrize("type_", ["additionalReader", "primaryReader"])
def test_reader_that_names_itself(type_: str) -> None:
    """It belongs to no other, and neither does a door."""
    own = parse_door(DEVICE | {"type": type_, "primaryReader": str(DEVICE["id"])})
    assert own is not None
    assert own.primary_reader is None
    door = parse_door(DEVICE | {"primaryReader": 7})
    assert door is not None
    assert door.primary_reader is None


@pytest.mark.parametrize(
    ("type_", "icon", "kind", "has_reader"),
    [
        ("primaryReader", "swingingDoor", DoorKind.DOOR, True),
        ("primaryReader", "fan", DoorKind.DOOR, True),
        ("elevatorReader", "other", DoorKind.DOOR, True),
        ("ioDevice", "rollUpDoor", DoorKind.DOOR, False),
        ("premiumIoDevice", "swingingGate", DoorKind.DOOR, False),
        ("ioDevice", "fan", DoorKind.OUTPUT, False),
        ("floorRelay", "other", DoorKind.OUTPUT, False),
        ("additionalReader", "swingingDoor", DoorKind.SECOND_READER, True),
        ("additionalElevatorReader", "other", DoorKind.SECOND_READER, True),
        ("somethingNew", "other", DoorKind.DOOR, True),
        (None, None, DoorKind.DOOR, True),
    ],
)
def test_kinds(
    type_: str | None, icon: str | None, kind: DoorKind, has_reader: bool
) -> None:
    """What a device is for follows from its type, for I/O devices from its icon."""
    door = parse_door(DEVICE | {"type": type_, "publicIcon": icon})
    assert door is not None
    assert (door.kind, door.has_reader) == (kind, has_reader)


@pytest.mark.parametrize("raw", [None, [], "door", {}, {"id": None}, {"id": ""}])
def test_device_without_an_id(raw: object) -> None:
    """Nothing can be done with it, and nothing breaks."""
    assert parse_door(raw) is None


@pytest.mark.parametrize("name", [None, "", 5])
def test_device_without_a_name(name: object) -> None:
    """People still can tell it apart."""
    assert parse_door({"id": 5, "name": name}) == Door(id=5, name="Door 5")


@pytest.mark.parametrize(
    ("raw", "door_id"),
    [
        (1, 1),
        ("1", 1),
        ("0", 0),
        ("007", "007"),
        ("１", "１"),
        ("²", "²"),
        ("-1", "-1"),
        ("9" * 18, int("9" * 18)),
        ("9" * 64, "9" * 64),
        ("9" * 65, None),
        (True, None),
        (1.0, None),
        (None, None),
    ],
)
def test_door_ids(raw: object, door_id: int | str | None) -> None:
    """A number as text is that number, but only where it comes back the same."""
    assert parse_door_id(raw) == door_id


@pytest.mark.parametrize("aspect", Aspect)
@pytest.mark.parametrize("value", [True, False])
def test_event_changes_one_aspect(aspect: Aspect, value: bool) -> None:
    """The other aspects stay unknown, and a repetition is no change."""
    state = apply(DoorState(), aspect, value)
    assert {each: state.value(each) for each in Aspect} == (
        dict.fromkeys(Aspect) | {aspect: value}
    )
    assert apply(state, aspect, value) is state
    assert apply(state, aspect, not value).value(aspect) is not value


def test_gap_leaves_assumptions() -> None:
    """The stream was down: what was known is assumed until it is said again."""
    state = apply(apply(DoorState(), Aspect.RELAY, True), Aspect.DPS, False)
    gap = after_gap(state)
    assert (gap.relay, gap.dps, gap.rex) == (True, False, None)
    assert gap.assumed == {Aspect.RELAY, Aspect.DPS}
    assert after_gap(gap) is gap

    said_again = apply(gap, Aspect.RELAY, True)
    assert said_again.assumed == {Aspect.DPS}
    assert apply(said_again, Aspect.DPS, True).assumed == frozenset()


def test_gap_in_silence() -> None:
    """Nothing known, nothing assumed."""
    assert after_gap(DoorState()) == DoorState()
