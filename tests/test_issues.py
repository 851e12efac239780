"""What a user reads under Repairs, when it goes, and how a moved site is repaired."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component

from .common import (
    CONNECTION,
    CREDENTIALS,
    FRONT,
    MAX_DOORS,
    MIN_READ_INTERVAL,
    PANEL,
    TEXTS,
    Json,
    Site,
    let_pass,
    raises_error,
    wait_for_connection,
    wait_until,
)

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
async def test_no_permission_at_setup(new_site: Site, status: int) -> None:
    """It goes with the next panel token, even where the stream is rejected then."""
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
    for number, name in ((1, "Hall"), ("", "Annex")):
        device = site.device(number)
        assert device
        devices.async_update_device(device.id, name_by_user=name)
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


# --- a site moves from PDK 1.0 to PDK 2.0, or back, and its entry follows


class Fix:
    """The fix of an issue, as the frontend goes through it."""

    def __init__(self, client: Any, key: str) -> None:
        """Initialize with a client of Home Assistant's API."""
        self._client = client
        self._key = key
        self._url = "/api/repairs/issues/fix"

    async def start(self) -> Any:
        """Return the first form."""
        body = {"handler": DOMAIN, "issue_id": f"{self._key}_{PANEL}"}
        return await self._post(self._url, body)

    async def submit(self, form: Any, **choice: str) -> Any:
        """Submit a form, and return what comes next."""
        return await self._post(f"{self._url}/{form['flow_id']}", choice)

    async def _post(self, url: str, body: Any) -> Any:
        response = await self._client.post(url, json=body)
        assert response.status == HTTPStatus.OK
        form = await response.json()
        if form["type"] == "form":
            texts = TEXTS["issues"][self._key]["fix_flow"]
            assert texts["step"][form["step_id"]]["description"].format(
                **form["description_placeholders"]
            )
            assert set((form["errors"] or {}).values()) <= set(texts["error"])
        return form


@pytest.fixture
async def client(hass: HomeAssistant, hass_client: ClientSessionGenerator) -> Any:
    """Return a client of Home Assistant's API."""
    assert await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


async def wait_for_issue(site: Site, key: str) -> None:
    """Wait for an issue of the panel."""
    await wait_until(lambda: key in issues(site.hass), 20)


def registered(site: Site) -> dict[str, Any]:
    """Return what users have made of the entities and devices of the front door."""
    device = site.device(1)
    assert device
    registry = er.async_get(site.hass)
    entities = er.async_entries_for_device(registry, device.id, True)
    return {
        "device": (device.id, device.area_id, device.name_by_user),
        "entities": {(e.id, e.entity_id, e.name, e.area_id) for e in entities},
    }


async def test_there_and_back(site: Site, client: Any) -> None:
    """The same lock entity works before, on PDK 2.0, and on PDK 1.0 again."""
    registry = er.async_get(site.hass)
    area = ar.async_get(site.hass).async_create("Lobby")
    device = site.device(1)
    assert device
    dr.async_get(site.hass).async_update_device(device.id, area_id=area.id)
    registry.async_update_entity(FRONT, new_entity_id="lock.ours", name="Ours")
    dnd = registry.async_get_entity_id("switch", DOMAIN, f"{PANEL}_1_do_not_disturb")
    assert dnd
    registry.async_update_entity(dnd, new_entity_id="switch.quiet")
    before = registered(site)
    await site.pdk.migrate(PANEL, "started")
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    await wait_for_issue(site, "panel_migrated")
    fix = Fix(client, "panel_migrated")
    form = await fix.start()
    assert SYSTEM in form["description_placeholders"].values()
    assert (await fix.submit(form))["type"] == "create_entry"
    assert site.entry.data["system_id"] == SYSTEM
    assert site.entry.unique_id == PANEL
    await wait_for_connection(site.hass, site.entry)
    assert not ir.async_get(site.hass).issues
    lock = registry.async_get("lock.ours")
    assert lock
    assert not lock.unique_id.startswith(f"{PANEL}_1_")
    moved = dr.async_get(site.hass).async_get(device.id)
    assert moved
    assert moved.area_id == area.id
    assert not site.hass.states.get("switch.quiet")
    await site.act("lock.unlock", "lock.ours")
    assert site.state("lock.ours").state == "unlocked"
    (command,) = await site.commands()
    assert command["topic"] == "open"
    await site.pdk.subscriptions(PANEL, 1)
    await site.happen(1, "lock")
    await site.wait_for_state("lock.ours", "locked")

    await site.pdk.migrate(PANEL, "rolledback")
    await wait_for_issue(site, "panel_moved_back")
    fix = Fix(client, "panel_moved_back")
    assert (await fix.submit(await fix.start()))["type"] == "create_entry"
    assert site.entry.data == {**CREDENTIALS, "panel_id": PANEL}
    await wait_for_connection(site.hass, site.entry)
    await site.wait_for_state("switch.quiet", "unknown")
    after = registered(site)
    assert after["device"] == before["device"]
    assert {each[1:] for each in after["entities"]} == {
        each[1:] for each in before["entities"]
    }
    await site.act("lock.unlock", "lock.ours")
    assert site.state("lock.ours").state == "unlocked"


async def test_the_migration_was_not_seen(site: Site, client: Any) -> None:
    """A refused token is enough; also for an entry that could not be set up since.

    The form says why the site does not work yet, and nothing changes until it does.
    """
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_migrated")
    fix = Fix(client, "panel_migrated")
    form = await fix.submit(await fix.start())
    assert form["errors"] == {"base": "not_moved"}
    assert "system_id" not in site.entry.data
    ir.async_delete_issue(site.hass, DOMAIN, f"panel_migrated_{PANEL}")
    await site.pdk.migrate(PANEL, "completed", systemId=SYSTEM, event=False)
    await wait_for_issue(site, "panel_migrated")
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


async def test_names_do_not_tell(new_site: Site, client: Any) -> None:
    """Two doors of one name are asked for; one without a choice goes."""
    doors = [{"id": number, "name": "Gate"} for number in (1, 2, 3)]
    panel = {"id": PANEL, "doors": [*doors, {"id": 4, "name": "Front door"}]}
    await new_site.pdk.reset({"applications": [CREDENTIALS], "panels": [panel]})
    await new_site.set_up()
    await new_site.pdk.migrate(PANEL, "completed", systemId=SYSTEM)
    await wait_for_issue(new_site, "panel_migrated")
    fix = Fix(client, "panel_migrated")
    form = await fix.submit(await fix.start())
    assert form["step_id"] == "match"
    fields = [field["name"] for field in form["data_schema"]]
    assert fields == ["Gate (1)", "Gate (2)", "Gate (3)"]
    select = form["data_schema"][0]["selector"]["select"]
    first, second, _ = (option["value"] for option in select["options"])
    twice = await fix.submit(form, **{"Gate (1)": first, "Gate (2)": first})
    assert twice["errors"] == {"base": "chosen_twice"}
    done = await fix.submit(form, **{"Gate (1)": second, "Gate (2)": first})
    assert done["type"] == "create_entry"
    await wait_for_connection(new_site.hass, new_site.entry)
    registry = er.async_get(new_site.hass)
    for new_id, entity_id in ((second, "lock.gate"), (first, "lock.gate_2")):
        unique_id = f"{PANEL}_{new_id}_lock"
        assert registry.async_get_entity_id("lock", DOMAIN, unique_id) == entity_id
    front = registry.async_get("lock.front_door")
    assert front
    assert not front.unique_id.startswith(f"{PANEL}_4_")


async def test_entry_is_removed(site: Site) -> None:
    """All issues go with it; that of the migration outlasts a restart until then."""
    await site.pdk.emit(PANEL, "migration.completed", {"systemId": SYSTEM})
    await wait_for_issue(site, "panel_migrated")
    (issue,) = ir.async_get(site.hass).issues.values()
    assert issue.is_persistent
    assert issue.learn_more_url
    await site.set_up()
    await site.pdk.faults(panel_token={"status": 404})
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    assert issues(site.hass).keys() == {"panel_migrated", "permission_missing"}
    await site.hass.config_entries.async_remove(site.entry.entry_id)
    assert issues(site.hass) == {}
