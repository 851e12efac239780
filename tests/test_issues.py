"""What a user reads under Repairs, and when it goes."""

from collections.abc import Iterator

import pytest

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from .common import (
    CONNECTION,
    FRONT,
    MAX_DOORS,
    MIN_READ_INTERVAL,
    PANEL,
    TEXTS,
    Json,
    Site,
    let_pass,
    raises_error,
    wait_until,
)

SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"
NO_PERMISSION = {"permission_missing": {"panel": "Headquarters"}}


def _texts(issue: Json) -> Iterator[str]:
    """Yield the texts of an issue; those of its fix are formatted by its forms."""
    yield issue["title"]
    if "fix_flow" in issue:
        yield issue["fix_flow"]["step"]["confirm"]["title"]
    else:
        yield issue["description"]


def issues(hass: HomeAssistant) -> dict[str, dict[str, str]]:
    """Return the active issues with their placeholders; each has its texts."""
    active = {
        str(issue.translation_key): issue.translation_placeholders or {}
        for (domain, _), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active
    }
    for key, placeholders in active.items():
        for text in _texts(TEXTS["issues"][key]):
            assert text.format(**placeholders)
    return active


async def wait_for_issue(site: Site, key: str) -> None:
    """Wait for an issue of the panel."""
    await wait_until(lambda: key in issues(site.hass), 20)


@pytest.mark.parametrize("status", [403, 404])
async def test_no_permission_at_setup(new_site: Site, status: int) -> None:
    """The issue ends with the next panel token, even if the stream is rejected then."""
    await new_site.pdk.faults(panel_token={"status": status})
    await new_site.hass.config_entries.async_setup(new_site.entry.entry_id)
    assert new_site.entry.state is ConfigEntryState.SETUP_RETRY
    assert issues(new_site.hass) == NO_PERMISSION
    await new_site.pdk.faults(
        panel_token=None, handshake={"mode": "http", "status": 503}
    )
    await new_site.hass.config_entries.async_reload(new_site.entry.entry_id)
    assert issues(new_site.hass) == {}


async def test_names_of_the_user(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Errors, log lines and repairs name a door and its panel as the user has named them."""
    site.hass.config_entries.async_update_entry(site.entry, title="Office")
    devices = dr.async_get(site.hass)
    for number, name in ((1, "Hall"), (4, "Parlour"), ("", "Annex")):
        device = site.device(number)
        assert device
        devices.async_update_device(device.id, name_by_user=name)
    await site.entry.runtime_data.panel.endpoints.discover(0)
    await site.wait_for_state("sensor.endpoint_parlour_signal", "unknown")
    await site.faults(commands={"refuse": "No."})
    for action in ("lock.unlock", "button.press"):
        entity_id = FRONT if action == "lock.unlock" else "button.front_door_open"
        with raises_error("command_rejected", name="Hall"):
            await site.act(action, entity_id)
    await site.set_online(False)
    await site.wait_for_state(FRONT, "unavailable")
    with raises_error("not_connected", name="Garage, Hall"):
        await site.act("prodatakey.open_door", [FRONT, "lock.garage"], duration=1)
    assert "Annex" in caplog.text
    await site.set_online(True)
    await site.faults(panel_token={"status": 403})
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    assert issues(site.hass) == {"permission_missing": {"panel": "Annex"}}
    assert "Annex" in str(site.entry.reason)
    device = site.device()
    assert device
    devices.async_update_device(device.id, name_by_user=None)
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    assert issues(site.hass) == {"permission_missing": {"panel": "Office"}}


async def test_no_permission_while_running(
    new_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator takes the permission away, and gives it back.

    Without that for the list of doors alone, the panel stays connected.
    """
    await new_site.pdk.faults(panel_token_lifetime=1)
    await new_site.set_up()
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    await new_site.pdk.faults(devices={"status": 403, "count": 1})
    let_pass(new_site.hass, hours=1, seconds=1)
    await wait_until(lambda: issues(new_site.hass))
    assert issues(new_site.hass) == NO_PERMISSION
    connected = new_site.state(CONNECTION)
    assert connected.state == "on"
    await wait_until(lambda: not issues(new_site.hass))
    assert new_site.state(CONNECTION) is connected

    await new_site.pdk.faults(panel_token_lifetime=None)
    await new_site.pdk.faults(
        panel_token={"status": 403}, handshake={"mode": "error44", "count": 1}
    )
    await new_site.drop_connection()
    await wait_until(lambda: issues(new_site.hass))
    assert issues(new_site.hass) == NO_PERMISSION
    await new_site.wait_for_state(FRONT, "unavailable")
    await new_site.pdk.faults(panel_token=None)
    await wait_until(lambda: not issues(new_site.hass))
    await new_site.wait_for_state(FRONT, "unknown")


async def test_too_many_doors(new_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user reads how many are not set up; a door takes the place of a deleted one."""
    monkeypatch.setattr(MAX_DOORS, 6)
    await new_site.set_up()
    assert new_site.hass.states.get("event.front_door_inside_access") is None
    skipped: Json = {"panel": "Headquarters", "left_out": "1", "most": "6"}
    assert issues(new_site.hass) == {"too_many_doors": skipped}
    await new_site.emit("door.input.relay.on", 9)
    await wait_until(lambda: issues(new_site.hass)["too_many_doors"]["left_out"] == "2")
    assert new_site.hass.states.get("lock.door_9") is None
    # Only now: the reading at the connection is not to be one of the two.
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    doors = f"panels/{PANEL}/doors"
    for number in (4, 7):
        await new_site.pdk.control("DELETE", f"{doors}/{number}")
    await new_site.pdk.control("POST", doors, {"id": 9, "name": "Vault"})
    let_pass(new_site.hass, hours=1, seconds=1)
    await wait_until(lambda: issues(new_site.hass)["too_many_doors"]["left_out"] == "1")
    let_pass(new_site.hass, hours=1, seconds=1)
    await wait_until(lambda: not issues(new_site.hass))
    await new_site.hass.async_block_till_done()
    assert new_site.hass.states.get("lock.vault")


async def test_entry_is_removed(site: Site) -> None:
    """All issues are removed with their entry; a restart keeps that of a migration."""
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_moved")
    (issue,) = ir.async_get(site.hass).issues.values()
    assert issue.is_persistent
    assert issue.learn_more_url
    await site.set_up()
    await site.pdk.faults(panel_token={"status": 404})
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    assert issues(site.hass).keys() == {"panel_moved", "permission_missing"}
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    assert issues(site.hass) == {}
