"""What a user gives to a stranger for help: diagnostics, and the system information."""

import asyncio
import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.prodatakey.const import DOMAIN
from homeassistant.components.diagnostics import REDACTED
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .common import (
    CONNECTION,
    ENDPOINT,
    FRONT,
    OTHER_PANEL,
    PANEL,
    PIN,
    TEXTS,
    WORKSHOP,
    Json,
    Site,
    add_entry,
    raises_error,
    wait_until,
)
from .test_activity import ACTIVITY

CODE = "open sesame"
SECRETS = ("demo-secret", CODE, PIN, "Amelia", "Hartmann", "eyJ", "token=", "Bearer")


async def download(
    site: Site, hass_client: ClientSessionGenerator, device: str = ""
) -> Json:
    """Download diagnostics as a browser does; they hold no secret."""
    assert await async_setup_component(site.hass, "diagnostics", {})
    client = await hass_client()
    path = f"/api/diagnostics/config_entry/{site.entry.entry_id}"
    response = await client.get(f"{path}/device/{device}" if device else path)
    assert response.status == 200
    text = await response.text()
    assert not [secret for secret in SECRETS if secret in text]
    downloaded: Json = json.loads(text)["data"]
    return downloaded


async def use_the_door(site: Site) -> None:
    """Type an unknown PIN, then badge in."""
    await site.happen(1, "badge", pin=PIN)
    await site.happen(1, "badge", person=1)
    lock = await site.wait_for_state(FRONT, "unlocked")
    assert lock.attributes["changed_by"] == "Amelia Hartmann"


async def test_of_an_entry(new_site: Site, hass_client: ClientSessionGenerator) -> None:
    """Diagnostics have the history of the connection, and what is known of the doors."""
    await new_site.pdk.faults(clock_offset=-7200)
    future = {"aFieldOfTheFuture": "secret"}
    await new_site.pdk.control("PATCH", f"panels/{PANEL}/doors/1", future)
    await new_site.set_up(code=CODE)
    await new_site.pdk.faults(handshake={"mode": "http", "status": 403, "count": 1})
    await new_site.drop_connection()
    await new_site.wait_for_state(CONNECTION, "off")
    await new_site.wait_for_state(CONNECTION, "on")
    await new_site.pdk.emit(PANEL, "serverError", {"message": f"PIN {PIN}"})
    await use_the_door(new_site)
    for photo in ("https://pdk.io/token=1", {"token=": PIN}, [PIN], 1.5, True):
        line = {"info": str(type(photo)), "photo": photo}
        await new_site.pdk.emit(PANEL, "liveEvent", line)
    await new_site.pdk.emit(PANEL, "liveEvent", {"info": "The last one"})
    await new_site.wait_for_state(ACTIVITY, "The last one")

    data = await download(new_site, hass_client)
    types = {"array", "boolean", "missing", "null", "number", "object", "string"}
    assert set(data["photo_types"]) == types
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
    await new_site.pdk.emit(PANEL, "invalidToken")
    while not data["stream"]["renewals"]:
        data = await download(new_site, hass_client)
    assert (data["stream"]["connects"], data["stream"]["renewals"]) == (2, 1)


async def test_of_the_whole_site(
    site: Site, hass_client: ClientSessionGenerator
) -> None:
    """Diagnostics have what was asked for, and which door has not confirmed it."""
    await site.act("prodatakey.hold_open", "lock.garage", duration={"hours": 1})
    await site.faults(commands={"refuse": "Not now.", "doors": [2]})
    with raises_error("lockdown_on_failed", doors="Garage"):
        await site.act("switch.turn_on", "switch.headquarters_lockdown")
    data = await download(site, hass_client)
    lockdown = data["lockdown"]
    assert (lockdown["requested"], lockdown["unconfirmed"]) == (True, [2])
    assert sorted(lockdown["begun"]) == [1, 3, 4, 5]
    assert data["evacuation"]["requested"] is False
    (held,) = data["holds"]
    assert (held["door_id"], held["failed"]) == (2, False)
    doors = site.entry.runtime_data.site.lockdown.doors
    await wait_until(lambda: not any(door.toggling.locked() for door in doors))


async def test_of_a_device(site: Site, hass_client: ClientSessionGenerator) -> None:
    """A device's diagnostics have one door or endpoint, and the panel's connection."""
    await site.discover()
    await use_the_door(site)
    for part, doors, endpoints in (
        (1, ["Front door"], []),
        (f"endpoint_1_{ENDPOINT}", [], [REDACTED]),
        ("", [], []),
    ):
        device = site.device(part)
        assert device
        data = await download(site, hass_client, device.id)
        assert [each["door"]["name"] for each in data["doors"]] == doors
        assert [each["address"] for each in data["endpoints"]] == endpoints
        assert data["stream"]["topics"]["endpoint.discovered"] == 2


async def test_while_the_panel_cannot_be_reached(
    new_site: Site, hass_client: ClientSessionGenerator
) -> None:
    """There are diagnostics even if the panel has never been connected."""
    await new_site.pdk.faults(handshake={"mode": "http", "status": 503})
    await new_site.hass.config_entries.async_setup(new_site.entry.entry_id)
    await new_site.wait_for_state(FRONT, "unavailable")
    data = await download(new_site, hass_client)
    assert data["stream"]["status"] == "down"
    assert data["stream"]["clock_offset"] is None
    assert "503" in data["stream"]["errors"][0]["text"]


async def get_info(hass: HomeAssistant) -> Json:
    """Return the information, with what is checked only when it is asked for."""
    assert await async_setup_component(hass, "system_health", {})
    info: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    assert info.keys() == TEXTS["system_health"]["info"].keys()
    for key, value in info.items():
        if asyncio.iscoroutine(value):
            info[key] = await value
    return info


async def test_system_health(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """System health shows a panel that connects, goes offline, and pdk.io unreachable.

    A disabled panel does not count.
    """
    info = await get_info(site.hass)
    assert info["can_reach_server"] == "ok"
    assert info["panels_connected"] == "1 / 1"
    add_entry(site.hass, OTHER_PANEL)
    disabled = add_entry(site.hass, WORKSHOP)
    user = ConfigEntryDisabler.USER
    await site.hass.config_entries.async_set_disabled_by(disabled.entry_id, user)
    await site.set_online(False)
    await site.wait_for_state(CONNECTION, "off")
    info = await get_info(site.hass)
    assert info["panels_connected"] == "0 / 2"
    monkeypatch.setenv("PDK_ACCOUNTS_URL", "http://127.0.0.1:1")
    info = await get_info(site.hass)
    assert info["can_reach_server"] == {"type": "failed", "error": "unreachable"}
