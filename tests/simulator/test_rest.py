"""The panel's REST API."""

import pytest

from tests.simulator_process import SimulatedPdk

from .wire import PANEL, Wire


async def _devices(
    wire: Wire, query: str = "", token: str | None = None
) -> tuple[int, dict[str, str], list[dict[str, object]]]:
    token = await wire.panel_token() if token is None else token
    url = f"{wire.pdk.panel_url(PANEL)}api/devices{query}"
    headers = {"Authorization": f"Bearer {token}"}
    return await wire.request("GET", url, headers=headers)


@pytest.mark.parametrize(
    ("query", "ids", "rels"),
    [
        ("", range(1, 11), {"first", "next", "last"}),
        ("?page=1", range(11, 21), {"first", "prev", "next", "last"}),
        ("?page=0&per_page=100", range(1, 101), {"first", "next", "last"}),
        ("?page=1&per_page=100", range(101, 106), {"first", "prev", "last"}),
        ("?page=0&per_page=1000", range(1, 101), {"first", "next", "last"}),
        ("?page=9&per_page=100", (), {"first", "prev", "last"}),
    ],
)
async def test_pages(
    simulator: SimulatedPdk, wire: Wire, query: str, ids: range, rels: set[str]
) -> None:
    """Pages count from 0, hold 10 by default and 100 at most."""
    doors = [{"id": number} for number in range(1, 106)]
    await simulator.reset({"panels": [{"id": PANEL, "doors": doors}]})
    _, headers, devices = await _devices(wire, query)
    assert [each["id"] for each in devices] == list(ids)
    assert headers["X-Total-Count"] == "105"
    assert {rel for rel in rels if f'rel="{rel}"' in headers["Link"]} == rels
    assert headers["Link"].count("rel=") == len(rels)


async def test_device(wire: Wire) -> None:
    """A device has the documented fields in their order."""
    _, _, devices = await _devices(wire)
    assert " ".join(devices[0]) == (
        "id name connection port partition type publicIcon inputTypes readerType"
        " delay dwell dps propAlarm propDelay rex forcedAlarm autoOpenAfterFirstAllow"
        " hardwareVersion serialNumber firmwareVersion created metadata"
    )


async def test_bad_token(simulator: SimulatedPdk, wire: Wire) -> None:
    """Tokens of nobody, of another panel and of the past are refused."""
    await simulator.faults("1070ABC", panel_token_lifetime=0)
    for token in ("", "x.y.z", await wire.panel_token("2080DEF"), None):
        status, _, _ = await _devices(wire, token=token)
        assert status == 401


async def test_devices_come_and_go(simulator: SimulatedPdk, wire: Wire) -> None:
    """Devices can be added, renamed and deleted."""
    await simulator.control("POST", f"panels/{PANEL}/doors", {"name": "Cellar"})
    await simulator.control("PATCH", f"panels/{PANEL}/doors/1", {"name": "Main"})
    await simulator.control("DELETE", f"panels/{PANEL}/doors/2")
    _, _, devices = await _devices(wire)
    names = {each["id"]: each["name"] for each in devices}
    assert (names[1], names[8]) == ("Main", "Cellar")
    assert 2 not in names
