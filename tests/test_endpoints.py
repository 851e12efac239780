"""A user discovers the wireless endpoints, and queries their signal."""

from datetime import timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import (
    CONNECTION,
    ENDPOINT,
    PANEL,
    SIGNAL,
    SIGNAL_TIMEOUT,
    TEXTS,
    Json,
    ask,
    device_of,
    discover,
    raises_error,
    sent,
    set_online,
    setup_integration,
    state_of,
    wait_for_state,
)
from .simulator_process import SimulatedPdk

NEAR, FAR = ENDPOINT, "0013a200400a3942"
SILENT: Json = {"io_link_id": 1, "address": "0013a200400affff"}


async def test_actions_without_an_entry(hass: HomeAssistant) -> None:
    """They are there before any entry is, and each has its texts."""
    assert await async_setup_component(hass, DOMAIN, {})
    actions = hass.services.async_services_for_domain(DOMAIN)
    assert actions.keys() == TEXTS["services"].keys()


async def test_discover(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Each endpoint is in the answer, and becomes a device that outlasts a restart.

    An address may be there on two links; each answers for itself.
    """
    discovering = hass.async_create_task(ask(hass, "discover_endpoints", wait=1))
    await panel.commands(PANEL)
    await panel.emit(
        PANEL, "endpoint.discovered", {"body": {"ioLinkId": 2, "address": NEAR}}
    )
    radio = {"io_link_type": "wirelessCoordinator", "io_link_name": "wimac"}
    meeting_room = {"id": 4, "port": 4, "name": "Meeting room"}
    gate = {"id": 5, "port": 5, "name": "Warehouse gate"}
    near, far, other = await discovering
    assert near == {"io_link_id": 1, "address": NEAR, **radio, "doors": [meeting_room]}
    assert far == {"io_link_id": 1, "address": FAR, **radio, "doors": [gate]}
    assert (other["io_link_id"], other["address"]) == (2, NEAR)
    await panel.faults(PANEL, commands="ignored")
    query = ask(hass, "query_signal", io_link_id=2, address=NEAR)
    querying = hass.async_create_task(query)
    (command,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, command)
    for link, gain in ((1, 10), (2, 20)):
        body = {"ioLinkId": link, "address": NEAR, "dbGain": gain}
        await panel.emit(PANEL, "endpoint.signal", {"body": body})
    (signal,) = await querying
    assert (signal["io_link_id"], signal["db_gain"]) == (2, 20)
    unique_id = f"{PANEL}_endpoint_1_{NEAR}_signal"
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) == SIGNAL
    for _ in range(2):
        await wait_for_state(hass, SIGNAL, "10")
        endpoint = device_of(hass, entry, f"endpoint_1_{NEAR}")
        cloud_node = device_of(hass, entry)
        assert endpoint
        assert cloud_node
        assert endpoint.via_device_id == cloud_node.id
        assert (endpoint.name, endpoint.model) == (
            "Endpoint Meeting room",
            "Wireless endpoint",
        )
        await setup_integration(hass, entry)


async def test_query_one_endpoint(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """It is named by its link and address, or by its device; its sensor is updated."""
    await discover(hass, entry)
    endpoint: Json = {"io_link_id": 1, "address": NEAR}
    (signal,) = await ask(hass, "query_signal", **endpoint)
    occurred = dt_util.parse_datetime(signal.pop("occurred"), raise_on_error=True)
    assert occurred.utcoffset() == timedelta(0)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)
    assert signal == {**endpoint, "db_gain": 40}
    assert state_of(hass, SIGNAL).state == "40"
    device, door = (
        device_of(hass, entry, f"endpoint_1_{NEAR}"),
        device_of(hass, entry, 1),
    )
    assert device
    assert door
    relay: Json = {"actuate_relay": True, "relay_dwell": 9}
    (signal,) = await ask(hass, "query_signal", endpoint=device.id, **relay)
    assert (signal["address"], signal["db_gain"]) == (NEAR, 40)
    incomplete_endpoints: list[Json] = [
        {"address": NEAR},
        {"io_link_id": 1},
        {"endpoint": device.id, "address": NEAR},
    ]
    for incomplete in incomplete_endpoints:
        with raises_error("endpoint_incomplete"):
            await ask(hass, "query_signal", **incomplete)
    for other in (door.id, "gone"):
        with raises_error("unknown_endpoint", panel="Headquarters"):
            await ask(hass, "query_signal", endpoint=other)
    query = {"ioLinkId": 1, "address": NEAR}
    assert [command["body"] for command in (await panel.commands(PANEL))[1:]] == [
        {**query, "actuateRelay": False, "relayDwell": 5},
        {**query, "actuateRelay": True, "relayDwell": 9},
    ]


async def test_query_all_endpoints(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each discovered one is queried; of a silent one the sensor keeps its value."""
    assert await ask(hass, "query_signal") == []
    assert await sent(panel) == []
    await discover(hass, entry)
    signals = await ask(hass, "query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: 40, FAR: 67}
    monkeypatch.setattr(SIGNAL_TIMEOUT, 0.3)
    signals = await ask(hass, "query_signal", **SILENT)
    assert signals == [{**SILENT, "db_gain": None, "occurred": None}]
    await panel.faults(commands="ignored")
    signals = await ask(hass, "query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: None, FAR: None}
    assert state_of(hass, SIGNAL).state == "40"


async def test_rejected_or_not_connected(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
) -> None:
    """The error names the endpoint as the user does; offline nothing is sent."""
    await discover(hass, entry)
    device = device_of(hass, entry, f"endpoint_1_{NEAR}")
    assert device
    endpoint: Json = {"endpoint": device.id}
    reason = "Command is not supported."
    await panel.faults(PANEL, commands={"refuse": reason})
    with raises_error("command_rejected", name="Headquarters", reason=reason):
        await ask(hass, "discover_endpoints")
    with raises_error("command_rejected", name="Endpoint Meeting room", reason=reason):
        await ask(hass, "query_signal", **endpoint)
    dr.async_get(hass).async_update_device(device.id, name_by_user="Radio")
    with raises_error("command_rejected", name="Radio"):
        await ask(hass, "query_signal", **endpoint)
    with raises_error("command_rejected", name=SILENT["address"]):
        await ask(hass, "query_signal", **SILENT)
    count = len(await sent(panel))
    await set_online(panel, False)
    await wait_for_state(hass, CONNECTION, "off")
    with raises_error("not_connected"):
        await ask(hass, "discover_endpoints")
    with raises_error("not_connected"):
        await ask(hass, "query_signal", **endpoint)
    assert len(await sent(panel)) == count
