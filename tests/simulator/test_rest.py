"""The panel's REST API."""

import pytest

from .wire import PANEL, Wire


@pytest.mark.parametrize(
    ("query", "ids", "rels"),
    [
        ("", range(1, 11), {"first", "next", "last"}),
        ("?page=1", range(11, 21), {"first", "prev", "next", "last"}),
        ("?page=0&per_page=1000", range(1, 101), {"first", "next", "last"}),
        ("?page=1&per_page=100", range(101, 106), {"first", "prev", "last"}),
        ("?page=9&per_page=100", (), {"first", "prev", "last"}),
    ],
)
async def test_devices_come_in_pages(
    wire: Wire, query: str, ids: range, rels: set[str]
) -> None:
    """Pages count from 0, have 10 devices by default and 100 at most."""
    doors = [{"id": number} for number in range(1, 106)]
    await wire.pdk.reset({"panels": [{"id": PANEL, "doors": doors}]})
    _, headers, devices = await wire.devices(query)
    assert [each["id"] for each in devices] == list(ids)
    assert headers["X-Total-Count"] == "105"
    assert {rel for rel in rels if f'rel="{rel}"' in headers["Link"]} == rels
    assert headers["Link"].count("rel=") == len(rels)


async def test_devices_change(wire: Wire) -> None:
    """They can be added, changed and deleted, and the list can come back empty."""
    doors = f"panels/{PANEL}/doors"
    await wire.pdk.control("POST", doors, {"name": "Cellar"})
    await wire.pdk.control("PATCH", f"{doors}/1", {"forcedAlarm": False})
    await wire.pdk.control("DELETE", f"{doors}/2")
    await wire.pdk.faults(PANEL, devices={"body": [], "count": 1})
    assert (await wire.devices())[2] == []
    devices = {each["id"]: each for each in (await wire.devices())[2]}
    assert 2 not in devices
    assert (devices[8]["name"], devices[1]["forcedAlarm"]) == ("Cellar", False)
    assert " ".join(devices[1]) == (
        "id name connection port partition type publicIcon inputTypes readerType"
        " delay dwell dps propAlarm propDelay rex forcedAlarm autoOpenAfterFirstAllow"
        " hardwareVersion serialNumber firmwareVersion created metadata"
    )
