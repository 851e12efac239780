"""Devices as the panel's REST API shows them."""

from collections.abc import Mapping
from typing import Any

type Device = dict[str, Any]

SECOND_READERS = ("additionalReader", "additionalElevatorReader")

# The order is the documentation's; a client may not depend on it, people comparing do.
_DEFAULTS: Device = {
    "id": 0,
    "name": "",
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


def device(source: Mapping[str, Any]) -> Device:
    """Complete a device with defaults."""
    door_id = source["id"]
    own = {"name": f"Door {door_id}", "port": door_id, "serialNumber": f"80{door_id}"}
    return _DEFAULTS | own | dict(source)


def on_the_stream(source: Device, order: tuple[str, ...]) -> dict[str, Any]:
    """Return the device as events embed it; REST says partition, they partitions."""
    short = source | {"partitions": [each["id"] for each in source["partition"]]}
    return {key: short[key] for key in order}
