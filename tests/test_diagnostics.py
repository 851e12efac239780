"""A user downloads diagnostics, and sends them to a stranger."""

import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .common import (
    CONNECTION,
    ENDPOINT,
    FRONT,
    PANEL,
    PIN,
    Json,
    device_of,
    discover,
    drop_connection,
    setup_integration,
    wait_for_state,
)
from .simulator_process import SimulatedPdk

CODE = "open sesame"
SECRETS = ("demo-secret", CODE, PIN, "Amelia", "Hartmann", "eyJ", "token=", "Bearer")


async def download(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, path: str
) -> Json:
    """Download diagnostics as a browser does; they hold no secret."""
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()
    response = await client.get(f"/api/diagnostics/{path}")
    assert response.status == 200
    text = await response.text()
    assert not [secret for secret in SECRETS if secret in text]
    downloaded: Json = json.loads(text)["data"]
    return downloaded


async def use_the_door(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """Type an unknown PIN, then badge in."""
    await pdk.act(PANEL, 1, "badge", pin=PIN)
    await pdk.act(PANEL, 1, "badge", person=1)
    lock = await wait_for_state(hass, FRONT, "unlocked")
    assert lock.attributes["changed_by"] == "Amelia Hartmann"


async def test_of_an_entry(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """The history of the connection, and what is known of the doors."""
    await pdk.faults(clock_offset=-7200)
    future = {"aFieldOfTheFuture": "secret"}
    await pdk.control("PATCH", f"panels/{PANEL}/doors/1", future)
    await setup_integration(hass, entry, code=CODE)
    await pdk.faults(handshake={"mode": "http", "status": 403, "count": 1})
    await drop_connection(pdk)
    await wait_for_state(hass, CONNECTION, "off")
    await wait_for_state(hass, CONNECTION, "on")
    await pdk.emit(PANEL, "serverError", {"message": f"PIN {PIN}"})
    await use_the_door(hass, pdk)

    data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert data["entry"] == {
        "data": {
            "client_id": REDACTED,
            "client_secret": REDACTED,
            "panel_id": REDACTED,
        },
        "options": {"code": REDACTED},
        "state": "loaded",
        "reason": None,
    }
    stream = data["stream"]
    assert stream["status"] == "connected"
    assert stream["clock_offset"] == pytest.approx(7200, abs=5)
    assert (stream["connects"], stream["renewals"], stream["rejections"]) == (2, 0, 1)
    assert stream["backoff"] == pytest.approx(0.1, abs=0.1)
    assert stream["topics"]["door.request.allowed"] == 1
    assert stream["topics"]["door.request.unknown"] == 1
    assert [end.keys() for end in stream["ends"]] == [{"text", "at"}]
    assert [error["text"] for error in stream["errors"]] == [
        "StreamRefusedError: HTTP 403"
    ]
    front = data["doors"][0]
    assert front["door"]["name"] == "Front door"
    assert front["state"]["relay"] is True
    assert front["state"]["assumed"] == []
    assert front["door"]["serial"] == REDACTED
    assert data["unknown_keys"] == ["aFieldOfTheFuture"]
    assert len(data["doors"]) == 7
    await pdk.emit(PANEL, "invalidToken")
    while not data["stream"]["renewals"]:
        data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert (data["stream"]["connects"], data["stream"]["renewals"]) == (2, 1)


async def test_of_a_device(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """One door or one endpoint, and the connection of its panel."""
    await discover(hass, entry)
    await use_the_door(hass, panel)
    for part, doors, endpoints in (
        (1, ["Front door"], []),
        (f"endpoint_1_{ENDPOINT}", [], [REDACTED]),
        ("", [], []),
    ):
        device = device_of(hass, entry, part)
        assert device
        path = f"config_entry/{entry.entry_id}/device/{device.id}"
        data = await download(hass, hass_client, path)
        assert [each["door"]["name"] for each in data["doors"]] == doors
        assert [each["address"] for each in data["endpoints"]] == endpoints
        assert data["stream"]["topics"]["endpoint.discovered"] == 2


async def test_while_the_panel_cannot_be_reached(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """They are there also where there has never been a connection."""
    await pdk.faults(handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_state(hass, FRONT, "unavailable")
    data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert data["stream"]["status"] == "down"
    assert data["stream"]["clock_offset"] is None
    assert "503" in data["stream"]["errors"][0]["text"]
