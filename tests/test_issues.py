"""What a user reads under Repairs, and when it goes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .common import (
    CONNECTION,
    CREDENTIALS,
    FRONT,
    MAX_DOORS,
    MIN_READ_INTERVAL,
    PANEL,
    TEXTS,
    Json,
    drop_connection,
    emit,
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


async def migrate(pdk: SimulatedPdk, stage: str, **details: str) -> None:
    """Let the panel report a stage of its migration to PDK 2.0."""
    await pdk.emit(PANEL, f"migration.{stage}", *([details] if details else []))


def an_hour_passes(hass: HomeAssistant) -> None:
    """Let the list of doors be read."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1, seconds=1))


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
    hass: HomeAssistant, panel: SimulatedPdk, short_backoff: None
) -> None:
    """An administrator takes the permission away, and gives it back."""
    await panel.faults(
        panel_token={"status": 403}, handshake={"mode": "error44", "count": 1}
    )
    await drop_connection(panel)
    await wait_until(lambda: issues(hass))
    assert issues(hass) == NO_PERMISSION
    await wait_for_state(hass, FRONT, "unavailable")
    await panel.faults(panel_token=None)
    await wait_until(lambda: not issues(hass))
    await wait_for_state(hass, FRONT, "unknown")


async def test_no_permission_for_the_list_of_doors(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The panel stays connected, and its next token removes the issue."""
    await pdk.faults(panel_token_lifetime=2)
    await setup_integration(hass, entry)
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    await pdk.faults(devices={"status": 403, "count": 1})
    an_hour_passes(hass)
    await wait_until(lambda: issues(hass))
    assert issues(hass) == NO_PERMISSION
    connected = state_of(hass, CONNECTION)
    assert connected.state == "on"
    await wait_until(lambda: not issues(hass))
    assert state_of(hass, CONNECTION) is connected


async def test_panel_migrates(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While it lasts nothing is to be done; then the user reads where the panel is."""
    await migrate(panel, "started")
    for task in ("EXPORT_LEGACY_DATA", "ACTIVATE_SYSTEM"):
        await migrate(panel, "task.started", task=task)
        await migrate(panel, "task.completed", task=task)
    await migrate(panel, "staged", systemId=SYSTEM)
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    assert issues(hass) == {}
    assert "The migration of Headquarters to PDK 2.0 has staged" in caplog.text
    await migrate(panel, "completed", systemId=SYSTEM)
    await wait_until(lambda: issues(hass))
    migrated = {"panel_migrated": {"panel": "Headquarters", "system_id": SYSTEM}}
    assert issues(hass) == migrated
    # the panel announces it only once
    await setup_integration(hass, entry)
    assert issues(hass) == migrated
    (issue,) = ir.async_get(hass).issues.values()
    assert issue.is_persistent
    assert issue.learn_more_url


async def test_entry_is_removed(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """All issues go with it."""
    await migrate(panel, "completed", systemId=SYSTEM)
    await wait_until(lambda: issues(hass))
    await panel.faults(panel_token={"status": 404})
    await hass.config_entries.async_reload(entry.entry_id)
    assert len(issues(hass)) == 2
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == {}


async def test_too_many_doors(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """900 doors are set up, and the user reads how many are not."""
    monkeypatch.setattr("custom_components.prodatakey.PLATFORMS", [Platform.LOCK])
    panel = {"id": PANEL, "doors": [{"id": number} for number in range(1, 906)]}
    await pdk.reset({"applications": [CREDENTIALS], "panels": [panel]})
    await hass.config_entries.async_setup(entry.entry_id)
    await pdk.sockets(PANEL, 1)
    assert len(hass.states.async_entity_ids("lock")) == 900
    skipped: Json = {"panel": PANEL, "left_out": "5", "most": "900"}
    assert issues(hass) == {"too_many_doors": skipped}
    await emit(pdk, "door.input.relay.on", 906)
    await wait_until(lambda: issues(hass)["too_many_doors"]["left_out"] == "6")
    assert hass.states.get("lock.door_906") is None


async def test_a_door_takes_the_place_of_another(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reading that removes the old door adds the new one, and the issue goes."""
    monkeypatch.setattr(MAX_DOORS, 7)
    await setup_integration(hass, entry)
    # Only now: the reading at the connection is not to be one of the two.
    monkeypatch.setattr(MIN_READ_INTERVAL, -1)
    await pdk.control("DELETE", f"panels/{PANEL}/doors/4")
    await pdk.control("POST", f"panels/{PANEL}/doors", {"id": 9, "name": "Vault"})
    an_hour_passes(hass)
    await wait_until(lambda: issues(hass))
    assert issues(hass)["too_many_doors"]["left_out"] == "1"
    an_hour_passes(hass)
    await wait_until(lambda: not issues(hass))
    await hass.async_block_till_done()
    assert hass.states.get("lock.vault")
