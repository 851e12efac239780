"""Doors as REST lists them."""

from typing import Any

import pytest

from custom_components.prodatakey.pdk.models import DoorInfo, DoorKind
from custom_components.prodatakey.pdk.parser import parse_door, parse_door_id

# The documented one, without most of what is not read.
DEVICE: dict[str, Any] = {
    "id": 1,
    "name": "Test Device",
    "partition": [{"id": 0, "name": "Default"}],
    "type": "primaryReader",
    "publicIcon": "swingingDoor",
    "delay": 0,
    "dwell": 30,
    "dps": False,
    "propAlarm": False,
    "rex": False,
    "forcedAlarm": False,
    "hardwareVersion": "red1cn.d",
    "serialNumber": "8003323",
    "firmwareVersion": "1.1.41",
}


def _door(**changes: Any) -> DoorInfo:
    """Return the documented device with changes."""
    door = parse_door(DEVICE | changes)
    assert door is not None
    return door


def test_documented_device() -> None:
    """Test what is read of a device of the documentation."""
    assert _door() == DoorInfo(
        id=1,
        name="Test Device",
        type="primaryReader",
        icon="swingingDoor",
        dwell=3.0,
        hardware="red1cn.d",
        firmware="1.1.41",
        serial="8003323",
    )


@pytest.mark.parametrize(
    ("type_", "primary_reader", "expected"),
    [
        ("additionalReader", "7", 7),
        ("additionalReader", "1", None),
        ("primaryReader", "1", None),
        ("primaryReader", 7, None),
    ],
)
def test_primary_reader(
    type_: str, primary_reader: object, expected: int | None
) -> None:
    """Test that only an additional reader has a primary reader, and none has itself."""
    door = _door(type=type_, primaryReader=primary_reader)
    assert door.primary_reader == expected


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
def test_kind(
    type_: str | None, icon: str | None, kind: DoorKind, has_reader: bool
) -> None:
    """Test that a device's kind follows from its type, for I/O devices from its icon."""
    door = _door(type=type_, publicIcon=icon)
    assert (door.kind, door.has_reader) == (kind, has_reader)


@pytest.mark.parametrize("raw", [None, [], "door", {}, {"id": None}, {"id": ""}])
def test_device_without_an_id(raw: object) -> None:
    """Test that a device without an id is ignored."""
    assert parse_door(raw) is None


@pytest.mark.parametrize(
    ("name", "parsed"), [(None, None), ("", None), (5, None), ("x" * 300, "x" * 100)]
)
def test_name(name: object, parsed: str | None) -> None:
    """Test that a device's name is cut to what an entity id can hold.

    A device without a name has none here; Home Assistant gives it a translated one.
    """
    assert parse_door({"id": 5, "name": name}) == DoorInfo(id=5, name=parsed)


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
def test_door_id(raw: object, door_id: int | str | None) -> None:
    """Test that a door's id becomes a number only if that is written the same."""
    assert parse_door_id(raw) == door_id
