"""A site on PDK 2.0: set up, events, commands, problems, and what it does not have."""

from typing import Any

import pytest

from custom_components.prodatakey.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er

from .common import (
    ANSWER_TIMEOUT,
    CREDENTIALS,
    OTHER_PANEL,
    PANEL,
    PIN,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    Json,
    Site,
    add_entry,
    raises_error,
    setup_integration,
    wait_for_connection,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk
from .test_config_flow import offered, start, submit

SIDE = "lock.side_entrance"
SIDE_ACCESS = "event.side_entrance_access"
SIDE_PERSON = "sensor.side_entrance_last_person"
CONNECTION = "binary_sensor.workshop_connection"

pytestmark = pytest.mark.usefixtures("short_waits", "unload_at_end")


@pytest.fixture
def site(workshop_site: Site) -> Site:
    """Return the site of PDK 2.0 instead of the panel."""
    return workshop_site


async def report(site: Site, topic: str, door: object = None, **content: Any) -> None:
    """Emit an event of a door or of the site, in the envelope of PDK 2.0."""
    await site.pdk.report(WORKSHOP, topic, door, **content)


async def sent(site: Site) -> list[tuple[str, Any]]:
    """Return action and body of the commands that the site has received."""
    received = await site.commands(wait=0)
    return [(each["topic"], each["body"].get("dwell")) for each in received]


async def test_user_flow(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """One list has the sites of both generations, and a site of PDK 2.0 is validated."""
    form = await start(hass)
    assert offered(form)[OTHER_PANEL] == "Branch office (2080DEF) · Branches · PDK 1.0"
    assert offered(form)[WORKSHOP] == "Workshop (3090GHI) · Workshop · PDK 2.0"
    await pdk.switches(WORKSHOP, refuses_stream=True)
    form = await submit(hass, form, panel_id=WORKSHOP)
    assert form["errors"] == {"base": "stream_refused"}
    await pdk.switches(WORKSHOP, refuses_stream=False)
    form = await submit(hass, form, panel_id=WORKSHOP)
    done = await submit(hass, form, unlock_mode="hold")
    assert done["type"] is FlowResultType.CREATE_ENTRY
    entry = done["result"]
    assert entry.unique_id == WORKSHOP
    assert entry.data == {
        **CREDENTIALS,
        "panel_id": WORKSHOP,
        "system_id": WORKSHOP_SYSTEM,
    }
    await wait_for_connection(hass, entry)
    assert WORKSHOP not in offered(await start(hass))


async def test_one_generation_cannot_be_listed(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """If one generation cannot be listed, the sites of the other can be set up.

    Without any site the error is shown.
    """
    await pdk.faults(organizations={"status": 500})
    assert list(offered(await start(hass))) == [PANEL, OTHER_PANEL]
    await pdk.faults(organizations=None, ous={"status": 500})
    assert list(offered(await start(hass))) == [WORKSHOP]
    await pdk.faults(organizations={"status": 403})
    assert (await start(hass))["errors"] == {"base": "cannot_connect"}


async def test_what_there_is(site: Site) -> None:
    """Entities without a known command or event on PDK 2.0 do not exist."""
    registry = er.async_get(site.hass)
    keys = {
        entity.translation_key: entity
        for entity in er.async_entries_for_config_entry(registry, site.entry.entry_id)
    }
    assert {"lock", "open", "relay", "access", "last_person", "force_close"} <= set(
        keys
    )
    assert not {
        "do_not_disturb",
        "force_toggle",
        "clear_forced",
        "last_activity",
    } & set(keys)
    assert keys["force_close"].disabled_by is None
    await report(site, "device.forceclose.on", 1)
    await site.wait_for_state("binary_sensor.side_entrance_do_not_disturb", "on")
    await site.happen(3, "schedule", on=True)
    await site.wait_for_state("binary_sensor.cold_store_unlocked_by_schedule", "on")
    for action in ("discover_endpoints", "query_signal"):
        with raises_error("no_endpoints"):
            await site.ask(action)


async def test_access(site: Site) -> None:
    """The person is on the event and the lock; a found holder is no second access.

    Duress is an event of its own, and nothing else shows who asked for help.
    """
    amelia = "Amelia Hartmann"
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(SIDE, "unlocked")
    await site.wait_for_attribute(SIDE, "changed_by", amelia)
    event = site.state(SIDE_ACCESS).attributes
    assert (event["event_type"], event["person"]) == ("access_granted", amelia)
    assert site.state(SIDE_PERSON).state == amelia
    await site.wait_for_state("sensor.side_entrance_entries", "1")
    await report(site, "device.request.found", 1, holderName="Somebody else")
    await report(site, "device.request.unknown", 1, pin=PIN)
    await site.wait_for_attribute(SIDE_ACCESS, "event_type", "access_unknown")
    assert all(
        PIN not in repr(state.attributes) for state in site.hass.states.async_all()
    )
    assert site.state(SIDE_PERSON).state == amelia
    await report(site, "device.request.duress", 1, holderName="Jonas Okafor")
    await site.wait_for_attribute(SIDE_ACCESS, "event_type", "access_duress")
    shown = [state for state in site.hass.states.async_all() if "Jonas" in repr(state)]
    assert [state.entity_id for state in shown] == [SIDE_ACCESS]


async def test_commands(site: Site) -> None:
    """Each command is one request; a 2xx is its answer."""
    await site.pdk.switches(WORKSHOP, status=204)
    await site.act("lock.unlock", SIDE)
    assert site.state(SIDE).state == "unlocked"
    await site.act("lock.lock", SIDE)
    # the report of the first command may come during the second: it is on the stream
    await site.wait_for_state(SIDE, "locked")
    await site.act("prodatakey.open_door", SIDE, duration=2.5)
    await site.act("button.press", "button.side_entrance_open")
    assert await sent(site) == [
        ("open", None),
        ("close", None),
        ("try-open", 25),
        ("try-open", None),
    ]


@pytest.mark.parametrize(
    ("switches", "error"),
    [
        ({"status": 403}, "role_too_small"),
        ({"status": 409}, "command_rejected"),
        ({"status": 503}, "no_answer"),
        ({"answers": False}, "no_answer"),
    ],
)
async def test_commands_fail(
    site: Site, monkeypatch: pytest.MonkeyPatch, switches: dict[str, Any], error: str
) -> None:
    """The user reads why a command failed; an unanswered one is sent once."""
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.5)
    await site.act("lock.lock", SIDE)
    await site.pdk.switches(WORKSHOP, **switches)
    with raises_error(error):
        await site.act("lock.unlock", SIDE)
    assert len(await sent(site)) == 2
    assert site.state(SIDE).attributes.get("assumed_state", False) is (
        error == "no_answer"
    )


@pytest.mark.parametrize("event", [True, False])
async def test_the_site_is_offline(
    site: Site, caplog: pytest.LogCaptureFixture, event: bool
) -> None:
    """Doors of an offline site are unavailable and take no command."""
    await report(site, "device.input.relay.on", 1)
    await site.wait_for_state(SIDE, "unlocked")
    await site.pdk.set_online(WORKSHOP, False, event=event)
    if not event:
        # the next connection reads it
        await site.pdk.kick(WORKSHOP)
    await site.wait_for_state(SIDE, "unavailable")
    await site.wait_for_state(CONNECTION, "off")
    with raises_error("not_connected"):
        await site.act("prodatakey.open_door", SIDE, duration=1)
    await site.pdk.set_online(WORKSHOP, True)
    state = await site.wait_for_state(SIDE, "unlocked")
    assert state.attributes["assumed_state"]
    assert site.state(CONNECTION).state == "on"
    assert caplog.text.count("Workshop is unavailable") == 1
    assert caplog.text.count("Workshop is available again") == 1
    assert await sent(site) == []


async def test_problems_of_the_site(site: Site) -> None:
    """A problem is a sensor once reported, ends with its last source, and is kept.

    One event ends all propped alarms.
    """
    breaker = "binary_sensor.workshop_circuit_breaker"
    assert not site.hass.states.get(breaker)
    for door in (1, 3):
        await report(site, "device.alarm.circuitbreaker.on", door)
        await report(site, "device.alarm.propped.on", door)
    await site.wait_for_state(breaker, "on")
    await report(site, "device.alarm.circuitbreaker.off", 1)
    await report(site, "controller.alarm.comloss.on")
    await report(site, "controller.input.lp.on")
    await site.wait_for_state("binary_sensor.workshop_communication_loss", "on")
    await site.wait_for_state("binary_sensor.workshop_low_power", "on")
    assert site.state(breaker).state == "on"
    propped = [
        f"binary_sensor.{door}_propped_open" for door in ("side_entrance", "cold_store")
    ]
    for sensor in propped:
        assert site.state(sensor).state == "on"
    await report(site, "device.alarm.propped.alloff")
    for sensor in propped:
        await site.wait_for_state(sensor, "off")
    await site.set_up()
    assert site.state(breaker).attributes["assumed_state"]
    await site.pdk.subscriptions(WORKSHOP, 2)
    await report(site, "device.alarm.circuitbreaker.off", 3)
    state = await site.wait_for_state(breaker, "off")
    assert "assumed_state" not in state.attributes


async def test_diagnostics(site: Site) -> None:
    """Diagnostics name topics that came and that never came, and unknown keys."""
    topic = "device.input.dps.opened"
    body = {"deviceId": "x", "surprise": "secret-value"}
    await site.pdk.emit(WORKSHOP, topic, {"body": body, "cloudNodeSN": WORKSHOP})
    await wait_until(lambda: site.entry.runtime_data.site.stream.stats.topics[topic])
    diagnostics = await async_get_config_entry_diagnostics(site.hass, site.entry)
    assert diagnostics["pdk"] == "2.0"
    stream = diagnostics["stream"]
    assert stream["topics"][topic] == 1
    assert "device.request.duress" in stream["topics_never_received"]
    assert topic not in stream["topics_never_received"]
    assert "body.surprise" in diagnostics["unknown_keys"]
    assert "secret-value" not in repr(diagnostics)
    assert WORKSHOP_SYSTEM not in repr(diagnostics)


async def test_two_entries_of_one_system(hass: HomeAssistant, site: Site) -> None:
    """Entries of one system have one connection: unloading one leaves the other's."""
    system = {"id": WORKSHOP_SYSTEM, "cloud_node": "annex"}
    panel = {"id": "4000XYZ", "generation": 2, "system": system}
    door = {"id": 1, "name": "Annex"}
    await site.pdk.control("POST", "panels", {**panel, "doors": [door]})
    annex = add_entry(hass, "4000XYZ", "Annex", system_id=WORKSHOP_SYSTEM)
    await setup_integration(hass, annex)
    diagnostics = await async_get_config_entry_diagnostics(hass, annex)
    assert diagnostics["stream"]["shared_by"] == 2
    assert diagnostics["stream"]["connects"] == 1
    await hass.config_entries.async_unload(site.entry.entry_id)
    await site.pdk.report("4000XYZ", "device.input.relay.on", 1)
    await wait_for_state(hass, "lock.annex", "unlocked")
    assert site.state(SIDE).state == "unavailable"
    await site.set_up()
    await site.act("lock.unlock", "lock.annex")
    await report(site, "device.input.relay.on", 1)
    await site.wait_for_state(SIDE, "unlocked")
    state = await site.pdk.system(WORKSHOP)
    assert (state["most_clients"], len(state["subscriptions"])) == (1, 1)
    for entry in (site.entry, annex):
        await hass.config_entries.async_unload(entry.entry_id)
    await site.pdk.sockets(WORKSHOP, 0)


async def test_start_while_pdk_io_is_away(
    site: Site, hass_storage: Json, caplog: pytest.LogCaptureFixture
) -> None:
    """Doors are unavailable at a start without pdk.io, and connect by themselves.

    An event is known as the site's by its door, before the list can be read.
    """
    entries = site.hass.config_entries
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(SIDE_PERSON, "Amelia Hartmann")
    await entries.async_unload(site.entry.entry_id)
    await site.pdk.faults(token={"status": 503})
    await site.pdk.faults(system_devices={"status": 503}, cloud_nodes={"abort": True})
    caplog.set_level("INFO", "custom_components.prodatakey")
    caplog.clear()
    await entries.async_setup(site.entry.entry_id)
    assert site.state(SIDE).state == "unavailable"
    assert site.state(CONNECTION).state == "off"
    assert site.state(SIDE_PERSON).state == "Amelia Hartmann"
    await site.pdk.faults(token=None, cloud_nodes=None)
    await site.wait_for_state(CONNECTION, "on")
    await site.pdk.subscriptions(WORKSHOP, 2)
    # the list cannot be read yet, and the event does not name the cloud node
    coordinator = site.entry.runtime_data
    (side,) = [d for d in coordinator.panel.doors.values() if d.name == "Side entrance"]
    payload = {"body": {"deviceId": side.id}}
    await site.pdk.emit(WORKSHOP, "device.input.dps.opened", payload)
    await site.wait_for_state("binary_sensor.side_entrance_door_position", "on")
    lines = [r for r in caplog.records if "prodatakey" in r.name]
    assert [line.levelname for line in lines] == ["INFO", "INFO"]
