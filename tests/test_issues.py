"""What a user reads under Repairs, and when it goes."""

from collections.abc import Iterator

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .common import (
    CONNECTION,
    FRONT,
    MAX_DOORS,
    MIN_READ_INTERVAL,
    PANEL,
    TEXTS,
    Json,
    drop_connection,
    emit,
    let_pass,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk

SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"
NO_PERMISSION = {"permission_missing": {"panel": "Headquarters"}}


def _texts(issue: Json) -> Iterator[str]:
    """Yield the texts of an issue, those of its fix included."""
    yield issue["title"]
    if "fix_flow" in issue:
        yield from issue["fix_flow"]["step"]["confirm"].values()
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


@pytest.mark.parametrize("status", [403, 404])
async def test_no_permission_at_setup(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry, status: int
) -> None:
    """It goes with the next panel token, even where the stream is rejected then."""
    await pdk.faults(panel_token={"status": status})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert issues(hass) == NO_PERMISSION
    await pdk.faults(panel_token=None, handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues(hass) == {}


async def test_no_permission_while_running(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An administrator takes the permission away, and gives it back.

    Without that for the list of doors alone, the panel stays connected.
    """
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    await pdk.faults(panel_token_lifetime=1)
    await setup_integration(hass, entry)
    await pdk.faults(devices={"status": 403, "count": 1})
    let_pass(hass, hours=1, seconds=1)
    await wait_until(lambda: issues(hass))
    assert issues(hass) == NO_PERMISSION
    connected = state_of(hass, CONNECTION)
    assert connected.state == "on"
    await wait_until(lambda: not issues(hass))
    assert state_of(hass, CONNECTION) is connected

    await pdk.faults(
        panel_token={"status": 403}, handshake={"mode": "error44", "count": 1}
    )
    await drop_connection(pdk)
    await wait_until(lambda: issues(hass))
    assert issues(hass) == NO_PERMISSION
    await wait_for_state(hass, FRONT, "unavailable")
    await pdk.faults(panel_token=None)
    await wait_until(lambda: not issues(hass))
    await wait_for_state(hass, FRONT, "unknown")


async def test_panel_migrates(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The user reads where the panel is now; all issues go with the entry."""
    await panel.emit(PANEL, "migration.staged", {"systemId": SYSTEM})
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    assert issues(hass) == {}
    assert "The migration of Headquarters to PDK 2.0 has staged" in caplog.text
    await panel.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_until(lambda: issues(hass))
    migrated = {"panel_migrated": {"panel": "Headquarters", "system_id": SYSTEM}}
    assert issues(hass) == migrated
    # the panel announces it only once
    await setup_integration(hass, entry)
    assert issues(hass) == migrated
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.is_persistent
    assert issue.learn_more_url
    await panel.faults(panel_token={"status": 404})
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues(hass) == migrated | NO_PERMISSION
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == {}


async def test_too_many_doors(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The user reads how many are not set up; a door takes the place of a deleted one."""
    monkeypatch.setattr(MAX_DOORS, 6)
    await setup_integration(hass, entry)
    assert hass.states.get("event.front_door_inside_access") is None
    skipped: Json = {"panel": "Headquarters", "left_out": "1", "most": "6"}
    assert issues(hass) == {"too_many_doors": skipped}
    await emit(pdk, "door.input.relay.on", 9)
    await wait_until(lambda: issues(hass)["too_many_doors"]["left_out"] == "2")
    assert hass.states.get("lock.door_9") is None
    # Only now: the reading at the connection is not to be one of the two.
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    doors = f"panels/{PANEL}/doors"
    for number in (4, 7):
        await pdk.control("DELETE", f"{doors}/{number}")
    await pdk.control("POST", doors, {"id": 9, "name": "Vault"})
    let_pass(hass, hours=1, seconds=1)
    await wait_until(lambda: issues(hass)["too_many_doors"]["left_out"] == "1")
    let_pass(hass, hours=1, seconds=1)
    await wait_until(lambda: not issues(hass))
    await hass.async_block_till_done()
    assert hass.states.get("lock.vault")
