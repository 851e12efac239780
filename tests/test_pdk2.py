"""A site on PDK 2.0: set up, events, commands, problems, and what it does not have."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

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
    act,
    ask,
    raises_error,
    setup_integration,
    state_of,
    wait_for_attribute,
    wait_for_connection,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk
from .test_config_flow import offered, start, submit

SIDE = "lock.side_entrance"
SIDE_ACCESS = "event.side_entrance_access"
SIDE_DPS = "binary_sensor.side_entrance_door"
SIDE_PERSON = "sensor.side_entrance_last_person"
CONNECTION = "binary_sensor.workshop_connection"

pytestmark = pytest.mark.usefixtures("unload_at_end")


@pytest.fixture
def entry(workshop: MockConfigEntry) -> MockConfigEntry:
    """Return the entry of the site, not set up yet."""
    return workshop


@pytest.fixture
async def site(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> SimulatedPdk:
    """Set up the site, and wait until it is subscribed."""
    await setup_integration(hass, entry)
    await pdk.subscriptions(WORKSHOP, 1)
    return pdk


async def sent(pdk: SimulatedPdk) -> list[tuple[str, Any]]:
    """Return action and body of the commands that the site has received."""
    received = await pdk.commands(WORKSHOP, wait=0)
    return [(each["topic"], each["body"].get("dwell")) for each in received]


async def test_user_flow(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """One list of sites, each with its generation; the whole way is validated."""
    form = await start(hass)
    assert offered(form)[OTHER_PANEL] == "Branch office (2080DEF) · PDK 1.0"
    assert offered(form)[WORKSHOP] == "Workshop (3090GHI) · PDK 2.0"
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
    """The sites of the other one can be set up; without any the error is shown."""
    await pdk.faults(organizations={"status": 500})
    assert list(offered(await start(hass))) == [PANEL, OTHER_PANEL]
    await pdk.faults(organizations=None, ous={"status": 500})
    assert list(offered(await start(hass))) == [WORKSHOP]
    await pdk.faults(organizations={"status": 403})
    assert (await start(hass))["errors"] == {"base": "cannot_connect"}


async def test_what_there_is(
    hass: HomeAssistant, site: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """What PDK 2.0 has no known way for does not exist; do not disturb can be seen."""
    registry = er.async_get(hass)
    keys = {
        entity.translation_key: entity
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
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
    await site.report(WORKSHOP, "device.forceclose.on", 1)
    await wait_for_state(hass, "binary_sensor.side_entrance_force_close", "on")
    for action in ("discover_endpoints", "query_signal"):
        with raises_error("no_endpoints"):
            await ask(hass, action)


async def test_access(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """The person is on the event and the lock; a found holder is no second access.

    Duress is an event of its own, and nothing else shows who asked for help.
    """
    amelia = "Amelia Hartmann"
    await site.act(WORKSHOP, 1, "badge", person=1)
    await wait_for_state(hass, SIDE, "unlocked")
    await wait_for_attribute(hass, SIDE, "changed_by", amelia)
    event = state_of(hass, SIDE_ACCESS).attributes
    assert (event["event_type"], event["person"]) == ("access_granted", amelia)
    assert state_of(hass, SIDE_PERSON).state == amelia
    await site.report(WORKSHOP, "device.request.found", 1, holderName="Somebody else")
    await site.report(WORKSHOP, "device.request.unknown", 1, pin=PIN)
    await wait_for_attribute(hass, SIDE_ACCESS, "event_type", "access_unknown")
    assert all(PIN not in repr(state.attributes) for state in hass.states.async_all())
    assert state_of(hass, SIDE_PERSON).state == amelia
    await site.report(WORKSHOP, "device.request.duress", 1, holderName="Jonas Okafor")
    await wait_for_attribute(hass, SIDE_ACCESS, "event_type", "access_duress")
    shown = [state for state in hass.states.async_all() if "Jonas" in repr(state)]
    assert [state.entity_id for state in shown] == [SIDE_ACCESS]


async def test_commands(hass: HomeAssistant, site: SimulatedPdk) -> None:
    """Each is one request; a 2xx is the answer."""
    await site.switches(WORKSHOP, status=204)
    await act(hass, "lock.unlock", SIDE)
    assert state_of(hass, SIDE).state == "unlocked"
    await act(hass, "lock.lock", SIDE)
    assert state_of(hass, SIDE).state == "locked"
    await act(hass, "prodatakey.open_door", SIDE, duration=2.5)
    await act(hass, "button.press", "button.side_entrance_open")
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
    hass: HomeAssistant,
    site: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    switches: dict[str, Any],
    error: str,
) -> None:
    """The user reads why; a command without an answer is sent once, and assumed."""
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.5)
    await act(hass, "lock.lock", SIDE)
    await site.switches(WORKSHOP, **switches)
    with raises_error(error):
        await act(hass, "lock.unlock", SIDE)
    assert len(await sent(site)) == 2
    assert state_of(hass, SIDE).attributes.get("assumed_state", False) is (
        error == "no_answer"
    )


@pytest.mark.parametrize("event", [True, False])
async def test_the_site_is_offline(
    hass: HomeAssistant,
    site: SimulatedPdk,
    caplog: pytest.LogCaptureFixture,
    event: bool,
) -> None:
    """Its doors are unavailable and take no command, although the stream is connected."""
    await site.report(WORKSHOP, "device.input.relay.on", 1)
    await wait_for_state(hass, SIDE, "unlocked")
    await site.set_online(WORKSHOP, False, event=event)
    if not event:
        # the next connection reads it
        await site.kick(WORKSHOP)
    await wait_for_state(hass, SIDE, "unavailable")
    await wait_for_state(hass, CONNECTION, "off")
    with raises_error("not_connected"):
        await act(hass, "prodatakey.open_door", SIDE, duration=1)
    await site.set_online(WORKSHOP, True)
    state = await wait_for_state(hass, SIDE, "unlocked")
    assert state.attributes["assumed_state"]
    assert state_of(hass, CONNECTION).state == "on"
    assert caplog.text.count("Workshop is unavailable") == 1
    assert caplog.text.count("Workshop is available again") == 1
    assert await sent(site) == []


async def test_problems_of_the_site(
    hass: HomeAssistant, site: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Each is a sensor once it was reported, ends with its last source, and is kept.

    One event ends all propped alarms.
    """
    breaker = "binary_sensor.workshop_circuit_breaker"
    assert not hass.states.get(breaker)
    for door in (1, 3):
        await site.report(WORKSHOP, "device.alarm.circuitbreaker.on", door)
        await site.report(WORKSHOP, "device.alarm.propped.on", door)
    await wait_for_state(hass, breaker, "on")
    await site.report(WORKSHOP, "device.alarm.circuitbreaker.off", 1)
    await site.report(WORKSHOP, "controller.alarm.comloss.on")
    await site.report(WORKSHOP, "controller.input.lp.on")
    await wait_for_state(hass, "binary_sensor.workshop_communication_loss", "on")
    await wait_for_state(hass, "binary_sensor.workshop_low_power", "on")
    assert state_of(hass, breaker).state == "on"
    propped = [
        f"binary_sensor.{door}_propped_open" for door in ("side_entrance", "cold_store")
    ]
    for sensor in propped:
        assert state_of(hass, sensor).state == "on"
    await site.report(WORKSHOP, "device.alarm.propped.alloff")
    for sensor in propped:
        await wait_for_state(hass, sensor, "off")
    await setup_integration(hass, entry)
    assert state_of(hass, breaker).attributes["assumed_state"]
    await site.subscriptions(WORKSHOP, 2)
    await site.report(WORKSHOP, "device.alarm.circuitbreaker.off", 3)
    state = await wait_for_state(hass, breaker, "off")
    assert "assumed_state" not in state.attributes


async def test_diagnostics(
    hass: HomeAssistant, site: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """They name topics that came and that never came, and keys that nobody knew."""
    topic = "device.input.dps.opened"
    body = {"deviceId": "x", "surprise": "secret-value"}
    await site.emit(WORKSHOP, topic, {"body": body, "cloudNodeSN": WORKSHOP})
    await wait_until(lambda: entry.runtime_data.stream.stats.topics[topic])
    diagnostics = await async_get_config_entry_diagnostics(hass, entry)
    assert diagnostics["pdk"] == "2.0"
    stream = diagnostics["stream"]
    assert stream["topics"][topic] == 1
    assert "device.request.duress" in stream["topics_never_received"]
    assert topic not in stream["topics_never_received"]
    assert "body.surprise" in diagnostics["unknown_keys"]
    assert "secret-value" not in repr(diagnostics)
    assert WORKSHOP_SYSTEM not in repr(diagnostics)
