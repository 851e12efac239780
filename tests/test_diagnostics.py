"""A user downloads what helps to find the cause of trouble, and sends it to a stranger."""

import json

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.prodatakey.const import DOMAIN
from homeassistant.components.diagnostics import REDACTED
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component

from .common import PANEL, Json, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

CODE = "open sesame"
PIN = "48151623"
SECRETS = ("demo-secret", CODE, PIN, "Amelia", "Hartmann", "eyJ", "token=", "Bearer")


async def download(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, path: str
) -> Json:
    """Download diagnostics as a browser does; nothing in them is anybody's secret."""
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()
    response = await client.get(f"/api/diagnostics/{path}")
    assert response.status == 200
    text = await response.text()
    assert not [secret for secret in SECRETS if secret in text]
    downloaded: Json = json.loads(text)["data"]
    return downloaded


async def somebody_comes_in(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """Type a PIN that nobody has, then badge in."""
    await pdk.act(PANEL, 1, "badge", pin=PIN)
    await pdk.act(PANEL, 1, "badge", person=1)
    lock = await wait_for_state(hass, "lock.front_door", "unlocked")
    assert lock.attributes["changed_by"] == "Amelia Hartmann"


@pytest.mark.usefixtures("short_back_off")
async def test_of_an_entry(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """What became of the connection, and what is known of the doors."""
    hass.config_entries.async_update_entry(entry, options={"code": CODE})
    await pdk.faults(clock_offset=-7200)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    await pdk.faults(handshake={"mode": "http", "status": 403, "count": 1})
    await pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await wait_until(lambda: entry.runtime_data.stream.history.connects == 2)
    await pdk.emit(PANEL, "serverError", {"message": f"PIN {PIN}"})
    await somebody_comes_in(hass, pdk)

    data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert data["entry"] == {
        "data": {
            "client_id": REDACTED,
            "client_secret": REDACTED,
            "panel_id": PANEL,
        },
        "options": {"code": REDACTED},
        "state": "loaded",
        "reason": None,
    }
    assert data["panel"]["id"] == PANEL
    stream = data["stream"]
    assert stream["status"] == "connected"
    assert stream["clock_offset"] == pytest.approx(7200, abs=5)
    assert (stream["connects"], stream["renewals"], stream["refusals"]) == (2, 0, 1)
    assert stream["back_off"] == pytest.approx(0.1, abs=0.1)
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
    assert "lock" in front["entities"]
    assert len(data["doors"]) == 7
    await hass.config_entries.async_unload(entry.entry_id)


async def test_counts_renewals(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """Each new panel token on a living connection counts."""
    await pdk.faults(panel_token_lifetime=1.5)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.stream.history.renewals)
    data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert data["stream"]["renewals"] >= 1
    assert data["stream"]["connects"] == 1
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("part", "doors", "endpoints"),
    [
        ("_1", ["Front door"], []),
        ("_0013a200400a393b", [], ["0013a200400a393b"]),
        ("", [], []),
    ],
)
async def test_of_a_device(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    device_registry: dr.DeviceRegistry,
    part: str,
    doors: list[str],
    endpoints: list[str],
) -> None:
    """One door or one endpoint, and the connection that it hangs on."""
    await hass.services.async_call(
        DOMAIN,
        "discover_endpoints",
        {"config_entry_id": entry.entry_id, "wait": 1},
        blocking=True,
        return_response=True,
    )
    await somebody_comes_in(hass, panel)
    device = device_registry.async_get_device_by_identifier(
        (DOMAIN, f"{PANEL}{part}"), entry.entry_id
    )
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
    """Trouble is when they are wanted: also where no connection ever came about."""
    await pdk.faults(handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_for_state(hass, "lock.front_door", "unavailable")
    data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert data["stream"]["status"] == "down"
    assert data["stream"]["clock_offset"] is None
    assert "503" in data["stream"]["errors"][0]["text"]
    await hass.config_entries.async_unload(entry.entry_id)


async def test_of_an_entry_that_is_not_loaded(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
) -> None:
    """A set-up that fails can be looked into as well."""
    await pdk.faults(panel_token={"status": 500})
    await hass.config_entries.async_setup(entry.entry_id)
    data = await download(hass, hass_client, f"config_entry/{entry.entry_id}")
    assert data["entry"]["data"]["client_secret"] == REDACTED
    assert data["entry"]["state"] == "setup_retry"
    assert data["entry"]["reason"] == "cannot_connect"
