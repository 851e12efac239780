"""The panel's REST API."""

import pytest

from tests.common import PANEL

from .wire import Wire


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


async def test_devices_have_the_keys_of_the_page(wire: Wire) -> None:
    """Devices have the keys of the documentation, in its order."""
    _, _, devices = await wire.devices()
    assert " ".join(devices[1]) == (
        "id name connection port partition type publicIcon inputTypes readerType"
        " delay dwell dps propAlarm propDelay rex forcedAlarm autoOpenAfterFirstAllow"
        " hardwareVersion serialNumber firmwareVersion created metadata"
    )
