"""A site moves from PDK 1.0 to PDK 2.0, or back, and its entry follows."""

from datetime import timedelta
from http import HTTPStatus
from itertools import product
import json
from typing import Any
from unittest.mock import AsyncMock

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.usage import async_describe
from homeassistant.config_entries import (
    ConfigEntries,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.helpers.json import json_bytes
from homeassistant.setup import async_setup_component

from .common import (
    CONNECTION,
    CREDENTIALS,
    ENDPOINT,
    ENTRIES,
    FRONT,
    PANEL,
    SIGNAL,
    TEXTS,
    Json,
    Site,
    wait_for_connection,
    wait_until,
)
from .test_issues import SYSTEM, issues, wait_for_issue

GATE = "lock.gate_3"
MOVE = f"{DOMAIN}.{PANEL}.move"
FORCE_CLOSE = "binary_sensor.front_door_do_not_disturb"
QUIET = "switch.quiet"


class Fix:
    """The fix of an issue, as the frontend goes through it."""

    def __init__(self, client: Any) -> None:
        """Initialize with a client of Home Assistant's API."""
        self._client = client
        self._url = "/api/repairs/issues/fix"

    async def start(self) -> Any:
        """Return the first form."""
        body = {"handler": DOMAIN, "issue_id": f"panel_moved_{PANEL}"}
        return await self._post(self._url, body)

    async def submit(self, form: Any, **choice: str) -> Any:
        """Submit a form, and return what comes next."""
        return await self._post(f"{self._url}/{form['flow_id']}", choice)

    async def _post(self, url: str, body: Any) -> Any:
        response = await self._client.post(url, json=body)
        assert response.status == HTTPStatus.OK
        form = await response.json()
        texts = TEXTS["issues"]["panel_moved"]["fix_flow"]
        if form["type"] == "form":
            assert texts["step"][form["step_id"]]["description"].format(
                **form["description_placeholders"]
            )
            assert set((form["errors"] or {}).values()) <= set(texts["error"])
        elif form["type"] == "abort":
            assert form["reason"] in texts["abort"]
        return form


@pytest.fixture
async def client(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Return a client of Home Assistant's API."""
    assert await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


async def moved(site: Site, client: Any) -> None:
    """Migrate the panel, and let its entry follow."""
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    await submitted(site, client)


async def moved_back(site: Site, client: Any) -> None:
    """Roll the migration back, and let the entry follow."""
    await site.pdk.migrate(PANEL, "rolledback")
    await submitted(site, client)


async def submitted(site: Site, client: Any) -> None:
    """Submit a repair that asks for nothing."""
    await wait_for_issue(site, "panel_moved")
    fix = Fix(client)
    assert (await fix.submit(await fix.start()))["type"] == "create_entry"
    await wait_for_connection(site.hass, site.entry)
    assert not issues(site.hass)


def use_front_door(site: Site) -> None:
    """Give the front door an area and names, as users do."""
    registry = er.async_get(site.hass)
    area = ar.async_get(site.hass).async_create("Lobby")
    device = site.device(1)
    assert device
    dr.async_get(site.hass).async_update_device(
        device.id, area_id=area.id, name_by_user="Our door"
    )
    registry.async_update_entity(FRONT, new_entity_id="lock.ours", name="Ours")
    dnd = "switch.front_door_do_not_disturb"
    registry.async_update_entity(dnd, new_entity_id=QUIET)


def automation(alias: str, **config: Any) -> Json:
    """Return an automation that is triggered by an event."""
    triggers = {"trigger": "event", "event_type": "go"}
    return {"alias": alias, "triggers": triggers, "actions": [], **config}


async def set_up_automations(hass: HomeAssistant, *automations: Json) -> None:
    """Set up automations."""
    config = {"automation": list(automations)}
    assert await async_setup_component(hass, "automation", config)


def picture(site: Site) -> Json:
    """Return all devices and entities of the panel, with what users made of them."""
    entry_id, hass = site.entry.entry_id, site.hass
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry_id)
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry_id)
    return {
        each.id: (each.unique_id, each.entity_id, each.name, each.disabled_by)
        for each in entities
    } | {
        each.id: (sorted(each.identifiers), each.name_by_user, each.area_id)
        for each in devices
    }


async def test_there_and_back(site: Site, client: Any) -> None:
    """The same lock entity works before, on PDK 2.0, and on PDK 1.0 again.

    What PDK 2.0 does not have is gone there, and comes back as it was. Those who were
    let in stay counted.
    """
    use_front_door(site)
    await site.emit("door.request.allowed")
    await site.wait_for_state(ENTRIES, "1")
    await site.discover()
    before = picture(site)
    await site.pdk.migrate(PANEL, "started")
    await moved(site, client)
    assert site.entry.data == {**CREDENTIALS, "panel_id": PANEL, "system_id": SYSTEM}
    assert site.entry.unique_id == PANEL
    registry = er.async_get(site.hass)
    lock = registry.async_get("lock.ours")
    assert lock
    assert not lock.unique_id.startswith(f"{PANEL}_1_")
    for gone in (QUIET, SIGNAL, "sensor.headquarters_last_activity"):
        assert not registry.async_get(gone)
    assert not site.device(f"endpoint_1_{ENDPOINT}")
    await site.act("lock.unlock", "lock.ours")
    assert site.state("lock.ours").state == "unlocked"
    assert (await site.sent())[-1] == "open"
    await site.pdk.subscriptions(PANEL, 1)
    # nothing else shows do not disturb there
    await site.happen(1, "dnd")
    await site.wait_for_state(FORCE_CLOSE, "on")
    await site.pdk.report(PANEL, "device.request.allowed", 1)
    await site.wait_for_state(ENTRIES, "2")
    await site.pdk.report(PANEL, "device.alarm.circuitbreaker.on", 1)
    problem = "binary_sensor.headquarters_circuit_breaker"
    await site.wait_for_state(problem, "on")

    await moved_back(site, client)
    assert site.entry.data == {**CREDENTIALS, "panel_id": PANEL}
    await site.wait_for_state(QUIET, "on")
    assert picture(site) == before
    assert site.state(ENTRIES).state == "2"
    assert not site.hass.states.get(problem)
    await site.act("lock.lock", "lock.ours")
    assert site.state("lock.ours").state == "locked"


# --- Home Assistant is killed in the middle


def saved_registries(hass: HomeAssistant) -> list[Json]:
    """Return what would be saved of the registries now."""
    registries = (dr.async_get(hass), er.async_get(hass))
    return [json.loads(json_bytes(each._data_to_save())) for each in registries]


async def load_registries(
    hass: HomeAssistant, hass_storage: Json, saved: tuple[Json, ...]
) -> None:
    """Load the registries as they were saved, as a start does; no state is left."""
    for entity_id in hass.states.async_entity_ids():
        hass.states.async_remove(entity_id)
    for module, data in zip((dr, er), saved, strict=True):
        registry = module.async_get(hass)
        hass_storage[module.STORAGE_KEY] = {
            "version": module.STORAGE_VERSION_MAJOR,
            "minor_version": module.STORAGE_VERSION_MINOR,
            "data": data,
        }
        store = registry._store
        store._load_empty, store._data = False, None
        # Home Assistant 2026.11 loads a registry only once
        if (loaded := getattr(registry, "_loaded_event", None)) is not None:
            loaded.clear()
        await registry.async_load()


async def submit_and_die(
    site: Site, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Submit a repair; nothing follows after the move was written down."""
    await wait_for_issue(site, "panel_moved")
    fix = Fix(client)
    with monkeypatch.context() as mp:
        mp.setattr(ConfigEntries, "async_reload", AsyncMock())
        ended = await fix.submit(await fix.start())
    assert ended["reason"] == "not_completed"


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_killed_in_the_middle(
    site: Site, client: Any, hass_storage: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start finishes a move that was interrupted, and duplicates nothing.

    Entry data and the registries of devices and entities are saved at different times.
    """
    hass, entry = site.hass, site.entry
    use_front_door(site)
    await site.discover()
    before = picture(site)
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    for generation in ("2.0", "1.0"):
        await submit_and_die(site, client, monkeypatch)
        await hass.config_entries.async_unload(entry.entry_id)
        old_data, old = dict(entry.data), saved_registries(hass)
        await hass.config_entries.async_setup(entry.entry_id)
        new_data, new = dict(entry.data), saved_registries(hass)
        after = picture(site)
        assert new_data != old_data
        assert not issues(hass)
        for data, devices, entities in product((0, 1), repeat=3):
            await hass.config_entries.async_unload(entry.entry_id)
            saved = (old, new)[devices][0], (old, new)[entities][1]
            await load_registries(hass, hass_storage, saved)
            hass.config_entries.async_update_entry(
                entry, data=(old_data, new_data)[data]
            )
            await hass.config_entries.async_setup(entry.entry_id)
            assert entry.state is ConfigEntryState.LOADED
            assert dict(entry.data) == new_data
            assert picture(site) == after
        # a version that knew nothing of this has doubled all doors
        await hass.config_entries.async_unload(entry.entry_id)
        await load_registries(hass, hass_storage, tuple(old))
        with monkeypatch.context() as mp:
            mp.setattr("custom_components.prodatakey.async_finish_move", AsyncMock())
            await hass.config_entries.async_setup(entry.entry_id)
        assert hass.states.get("lock.garage_2")
        await hass.config_entries.async_reload(entry.entry_id)
        assert picture(site) == after
        assert not hass.states.get("lock.garage_2")
        await wait_for_connection(hass, entry)
        if generation == "2.0":
            await site.pdk.migrate(PANEL, "rolledback")
    assert picture(site) == before
    # the last move is over: a new migration is not taken for it
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_moved")
    await hass.config_entries.async_reload(entry.entry_id)
    assert issues(hass)["panel_moved"]["generation"] == "2.0"
    hass_storage[MOVE]["data"]["new_ids"] = None
    await hass.config_entries.async_reload(entry.entry_id)
    assert picture(site) == before
    await hass.config_entries.async_remove(entry.entry_id)
    assert MOVE not in hass_storage


# --- which doors are which


async def test_the_migration_was_not_seen(site: Site, client: Any) -> None:
    """A refused token is enough to offer the move, also if the set-up failed since.

    The form says why the site does not work yet, and nothing changes until it does.
    """
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_moved")
    fix = Fix(client)
    form = await fix.submit(await fix.start())
    assert form["errors"] == {"base": "not_moved"}
    assert "system_id" not in site.entry.data
    ir.async_delete_issue(site.hass, DOMAIN, f"panel_moved_{PANEL}")
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM, event=False)
    await wait_for_issue(site, "panel_moved")
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    assert site.entry.state is ConfigEntryState.SETUP_RETRY
    await site.pdk.switches(PANEL, refuses_stream=True)
    form = await fix.submit(await fix.start())
    assert form["errors"] == {"base": "stream_refused"}
    assert "system_id" not in site.entry.data
    await site.pdk.switches(PANEL, refuses_stream=False)
    assert (await fix.submit(form))["type"] == "create_entry"
    await wait_for_connection(site.hass, site.entry)
    assert not ir.async_get(site.hass).issues


async def ask_for_doors(site: Site, client: Any) -> tuple[Fix, Any]:
    """Confirm a repair; return it and the form that asks for doors."""
    await wait_for_issue(site, "panel_moved")
    fix = Fix(client)
    return fix, await fix.submit(await fix.start())


def lock_id(site: Site, door: object) -> str | None:
    """Return the lock entity of a door."""
    unique_id = f"{PANEL}_{door}_lock"
    return er.async_get(site.hass).async_get_entity_id("lock", DOMAIN, unique_id)


async def set_up_doors(site: Site, *names: str) -> None:
    """Set up a panel with doors of these names."""
    doors = [{"id": number, "name": name} for number, name in enumerate(names, 1)]
    panel = {"id": PANEL, "doors": doors}
    await site.pdk.reset({"applications": [CREDENTIALS], "panels": [panel]})
    await site.set_up()


async def test_names_do_not_tell(new_site: Site, client: Any) -> None:
    """The form asks for doors of the same name; one without a choice is removed.

    So moving back never meets its old id.
    """
    site = new_site
    await set_up_doors(site, "Gate", "Gate", "Gate", "Front door")
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    fix, form = await ask_for_doors(site, client)
    assert form["step_id"] == "match"
    fields = [field["name"] for field in form["data_schema"]]
    assert fields == ["Gate (1)", "Gate (2)", "Gate (3)"]
    select = form["data_schema"][0]["selector"]["select"]
    first, second, third = (option["value"] for option in select["options"])
    twice = await fix.submit(form, **{"Gate (1)": first, "Gate (2)": first})
    assert twice["errors"] == {"base": "chosen_twice"}
    done = await fix.submit(form, **{"Gate (1)": second, "Gate (2)": first})
    assert done["type"] == "create_entry"
    await wait_for_connection(site.hass, site.entry)
    assert (lock_id(site, second), lock_id(site, first)) == ("lock.gate", "lock.gate_2")
    assert lock_id(site, 3) is None
    assert not site.device(3)
    assert site.device(third)
    front = er.async_get(site.hass).async_get("lock.front_door")
    assert front
    assert not front.unique_id.startswith(f"{PANEL}_4_")

    await site.pdk.migrate(PANEL, "rolledback")
    fix, form = await ask_for_doors(site, client)
    chosen = {f"Gate ({second})": "1", f"Gate ({first})": "2", f"Gate ({third})": "3"}
    assert {field["name"] for field in form["data_schema"]} == chosen.keys()
    assert (await fix.submit(form, **chosen))["type"] == "create_entry"
    assert [lock_id(site, number) for number in (1, 2, 3, 4)] == [
        *("lock.gate", "lock.gate_2", GATE, "lock.front_door")
    ]


async def test_a_door_is_gone(new_site: Site, client: Any) -> None:
    """The form names a door that is gone, and what uses it."""
    site = new_site
    await set_up_doors(site, "Front door", "Gate")
    lock = {"action": "lock.lock", "target": {"entity_id": "lock.gate"}}
    await set_up_automations(site.hass, automation("Close", actions=[lock]))
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM, event=False)
    await site.pdk.control("DELETE", f"panels/{PANEL}/doors/2")
    fix, form = await ask_for_doors(site, client)
    assert (form["step_id"], form["data_schema"]) == ("remove", [])
    assert form["description_placeholders"]["doors"] == "- Gate (2)"
    assert form["description_placeholders"]["used"] == "- Close"
    assert lock_id(site, 2) == "lock.gate"
    assert (await fix.submit(form))["type"] == "create_entry"
    registry = er.async_get(site.hass)
    assert not registry.async_get("lock.gate")
    assert registry.async_get("lock.front_door")
    assert not site.device(2)


# --- what uses that which goes


def uses_of_quiet(site: Site) -> dict[str, Json]:
    """Return automations that use do not disturb, by how they name it."""
    device, quiet = site.device(1), er.async_get(site.hass).async_get(QUIET)
    assert device
    assert quiet
    state = {"condition": "state", "entity_id": QUIET, "state": "on"}
    trigger = {
        "trigger": "device",
        "domain": "switch",
        "type": "turned_on",
        "device_id": device.id,
        "entity_id": quiet.id,
    }
    condition = {
        "condition": f"{DOMAIN}.is_do_not_disturb",
        "target": {"area_id": device.area_id},
        "options": {"behavior": "any"},
    }
    return {
        "By area": {"conditions": [condition]},
        "By device": {"triggers": trigger},
        "By state": {"conditions": {"not": [state]}},
        "By template": {"conditions": ["{{ states.switch.quiet.state == 'on' }}"]},
    }


async def test_used_by(site: Site, client: Any) -> None:
    """The form names what uses the entities that PDK 2.0 lacks."""
    hass = site.hass
    use_front_door(site)
    await site.discover()
    device = site.device(1)
    assert device
    uses = uses_of_quiet(site)
    lock = {"action": "lock.lock", "target": {"device_id": device.id}}
    await set_up_automations(
        hass,
        *(automation(alias, **config) for alias, config in uses.items()),
        automation("Endpoint", conditions=[f"{{{{ states('{SIGNAL}') }}}}"]),
        automation("Not at all", actions=[lock]),
    )
    turn_on = {"action": "switch.turn_on", "target": {"entity_id": QUIET}}
    scripts = {"hush": {"alias": "Hush", "sequence": [turn_on]}}
    assert await async_setup_component(hass, "script", {"script": scripts})
    scene = {"name": "Night", "entities": {QUIET: "on"}}
    assert await async_setup_component(hass, "scene", {"scene": [scene]})
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    await wait_for_issue(site, "panel_moved")
    form = await Fix(client).start()
    used = form["description_placeholders"]["used"].splitlines()
    assert used == [f"- {each}" for each in (*uses, "Endpoint", "Hush", "Night")]
    for number in range(40):
        hass.states.async_set(f"scene.{number}", "on", {"friendly_name": "x\n" * 99})
    listed = async_describe(hass, [f"scene.{number}" for number in range(40)])
    assert listed.count("\n") == 20
    assert len(listed) < 2000


async def test_force_close_has_found_a_use(site: Site, client: Any) -> None:
    """*Force close* is disabled again on the way back if nothing uses it."""
    registry = er.async_get(site.hass)
    await moved(site, client)
    shown = f"{{{{ states('{FORCE_CLOSE}') }}}}"
    await set_up_automations(site.hass, automation("Look", conditions=[shown]))
    await moved_back(site, client)
    disabled = {
        each.entity_id
        for each in er.async_entries_for_config_entry(registry, site.entry.entry_id)
        if each.translation_key == "force_close" and each.disabled
    }
    assert len(disabled) > 1
    assert FORCE_CLOSE not in disabled


# --- the entry is in the middle of something else


async def test_set_up_at_the_same_time(site: Site, client: Any) -> None:
    """A repair waits for a set-up that is running, and is submitted once."""
    hass, entry = site.hass, site.entry
    entries = hass.config_entries
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    await wait_for_issue(site, "panel_moved")
    fix = Fix(client)
    form, other, late = [await fix.start() for _ in range(3)]
    await entries.async_set_disabled_by(entry.entry_id, ConfigEntryDisabler.USER)
    assert (await fix.submit(form))["reason"] == "entry_disabled"
    await entries.async_set_disabled_by(entry.entry_id, None)
    await site.pdk.faults(panel={"delay": 0.3})
    reloading = hass.async_create_task(entries.async_reload(entry.entry_id))
    await wait_until(lambda: entry.state is ConfigEntryState.SETUP_IN_PROGRESS)
    assert (await fix.submit(other))["type"] == "create_entry"
    await reloading
    assert entry.data["system_id"] == SYSTEM
    assert (await fix.submit(late))["reason"] == "already_moved"
    await wait_for_connection(hass, entry)


async def test_cannot_be_unloaded(
    site: Site, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start finishes the move of an entry that cannot be unloaded."""
    hass, entry = site.hass, site.entry
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    await wait_for_issue(site, "panel_moved")
    fix = Fix(client)
    form, late, last = [await fix.start() for _ in range(3)]
    with monkeypatch.context() as mp:
        unload = AsyncMock(return_value=False)
        mp.setattr(hass.config_entries, "async_unload_platforms", unload)
        assert (await fix.submit(form))["reason"] == "not_completed"
    assert (await fix.submit(late))["reason"] == "not_completed"
    entry.mock_state(hass, ConfigEntryState.LOADED)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.data["system_id"] == SYSTEM
    await wait_for_connection(hass, entry)
    assert not issues(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    assert (await fix.submit(last))["reason"] == "entry_removed"


async def test_rolled_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repair is removed when a migration is rolled back, also without its event."""
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_moved")
    await site.pdk.migrate(PANEL, "rolledback")
    await wait_until(lambda: not issues(site.hass))
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_moved")
    # pdk.io may need some time until PDK 2.0 has the panel
    await site.set_up()
    coordinator = site.entry.runtime_data
    await coordinator._reading
    assert issues(site.hass)
    monkeypatch.setattr(
        "custom_components.prodatakey.issues.MIGRATION_TIME", timedelta()
    )
    await site.set_up()
    await wait_until(lambda: not issues(site.hass))
    assert site.state(CONNECTION).state == "on"
