"""What a user is told under Repairs, and when it goes."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.prodatakey import door_list
from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .common import CREDENTIALS, PANEL, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

SYSTEM = "ea5df7cb-8ea9-443d-9866-b5c44c05b46d"


def told(hass: HomeAssistant) -> dict[str, dict[str, str]]:
    """Return what the user reads: translation keys with their placeholders."""
    issues = ir.async_get(hass).issues
    return {
        str(issue.translation_key): issue.translation_placeholders or {}
        for (domain, _), issue in issues.items()
        if domain == DOMAIN and issue.active
    }


async def migrate(pdk: SimulatedPdk, stage: str, **what: str) -> None:
    """Let the panel tell of its move to PDK 2.0."""
    await pdk.control("POST", f"panels/{PANEL}/migrate", {"stage": stage, **what})


@pytest.mark.parametrize("status", [403, 404])
async def test_no_permission_at_set_up(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry, status: int
) -> None:
    """It goes with the next panel token, even where the stream is refused then."""
    await pdk.faults(panel_token={"status": status})
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert told(hass) == {"permission_missing": {"panel": "Headquarters"}}
    await pdk.faults(panel_token=None, handshake={"mode": "http", "status": 503})
    await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("short_back_off")
async def test_no_permission_while_running(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """An administrator takes the permission away, and gives it back."""
    await panel.faults(
        panel_token={"status": 403}, handshake={"mode": "error44", "count": 1}
    )
    await panel.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await wait_until(lambda: told(hass))
    assert told(hass) == {"permission_missing": {"panel": "Headquarters"}}
    await wait_for_state(hass, "lock.front_door", "unavailable")
    await panel.faults(panel_token=None)
    await wait_until(lambda: not told(hass))
    await wait_for_state(hass, "lock.front_door", "unknown")


async def test_the_list_of_doors_is_refused(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection stands, and its next token takes the message back."""
    await pdk.faults(panel_token_lifetime=4)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    monkeypatch.setattr(door_list, "YOUNG", -1)
    await pdk.faults(devices={"status": 403, "count": 1})
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1, seconds=1))
    await wait_until(lambda: told(hass))
    assert told(hass) == {"permission_missing": {"panel": "Headquarters"}}
    assert entry.runtime_data.connected
    await wait_until(lambda: not told(hass))
    assert entry.runtime_data.stream.history.connects == 1
    await hass.config_entries.async_unload(entry.entry_id)


async def test_the_panel_moves(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The user is told what happens and, once it is over, where the panel is now."""
    moving = {"panel_migrating": {"panel": "Headquarters"}}
    await migrate(panel, "started")
    await wait_until(lambda: told(hass))
    assert told(hass) == moving
    for task in ("EXPORT_LEGACY_DATA", "ACTIVATE_SYSTEM"):
        await migrate(panel, "task.started", task=task)
        await migrate(panel, "task.completed", task=task)
    await migrate(panel, "staged", systemId=SYSTEM)
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, "lock.front_door", "unlocked")
    assert told(hass) == moving
    await migrate(panel, "completed", systemId=SYSTEM)
    await wait_until(lambda: told(hass) != moving)
    moved = {"panel": "Headquarters", "system_id": SYSTEM}
    assert told(hass) == {"panel_migrated": moved}


async def test_tasks_alone_tell_nothing(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Steps of a move that nobody has announced change nothing."""
    await migrate(panel, "task.started", task="CREATE_SYSTEM")
    await migrate(panel, "task.completed", task="CREATE_SYSTEM")
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, "lock.front_door", "unlocked")
    assert told(hass) == {}


async def test_the_move_outlasts_a_reload(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """It is told but once, so it must not be forgotten."""
    await migrate(panel, "staged", systemId=SYSTEM)
    await wait_until(lambda: told(hass))
    await hass.config_entries.async_reload(entry.entry_id)
    assert "panel_migrating" in told(hass)
    persistent = [issue.is_persistent for issue in ir.async_get(hass).issues.values()]
    assert persistent == [True]


async def test_all_go_with_the_entry(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Nothing is left to repair of a panel that is removed."""
    await migrate(panel, "completed", systemId=SYSTEM)
    await migrate(panel, "started")
    await wait_until(lambda: len(told(hass)) == 2)
    await panel.faults(panel_token={"status": 404})
    await hass.config_entries.async_reload(entry.entry_id)
    assert len(told(hass)) == 3
    await hass.config_entries.async_remove(entry.entry_id)
    assert told(hass) == {}


async def test_more_doors_than_home_assistant_takes(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some 900 doors are set up, and the user reads how many are not."""
    monkeypatch.setattr("custom_components.prodatakey.PLATFORMS", [Platform.LOCK])
    await pdk.reset(
        {
            "applications": [CREDENTIALS],
            "panels": [{"id": PANEL, "doors": [{"id": n} for n in range(1, 906)]}],
        }
    )
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    assert len(hass.states.async_entity_ids("lock")) == door_list.MOST_DOORS == 900
    assert told(hass) == {
        "too_many_doors": {"panel": PANEL, "left_out": "5", "most": "900"}
    }
    await pdk.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 906}})
    await wait_until(lambda: told(hass)["too_many_doors"]["left_out"] == "6")
    assert hass.states.get("lock.door_906") is None
    await hass.config_entries.async_unload(entry.entry_id)


async def test_room_for_all_again(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It goes when the panel has no more doors than that."""
    monkeypatch.setattr(door_list, "MOST_DOORS", 6)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    assert told(hass)["too_many_doors"]["left_out"] == "1"
    await pdk.control("DELETE", f"panels/{PANEL}/doors/7")
    await hass.config_entries.async_reload(entry.entry_id)
    assert told(hass) == {}
    await hass.config_entries.async_unload(entry.entry_id)


async def test_one_door_in_place_of_another(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reading that takes the old one away has room for the new one."""
    monkeypatch.setattr(door_list, "MOST_DOORS", 7)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    # only now: the connection's own reading is not to be one of the two
    monkeypatch.setattr(door_list, "YOUNG", -1)
    await pdk.control("DELETE", f"panels/{PANEL}/doors/4")
    await pdk.control("POST", f"panels/{PANEL}/doors", {"id": 9, "name": "Vault"})
    await entry.runtime_data.doors.read()
    assert told(hass)["too_many_doors"]["left_out"] == "1"
    await entry.runtime_data.doors.read()
    assert told(hass) == {}
    await hass.async_block_till_done()
    assert hass.states.get("lock.vault")
    await hass.config_entries.async_unload(entry.entry_id)
