"""A user discovers the wireless endpoints, and queries their signal."""

import asyncio
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
    FRONT,
    PANEL,
    SIGNAL,
    SIGNAL_TIMEOUT,
    TEXTS,
    Json,
    ask,
    device_of,
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


@pytest.fixture
async def discovered(hass: HomeAssistant, panel: SimulatedPdk) -> list[Json]:
    """Discover the endpoints."""
    return await ask(hass, "discover_endpoints", wait=1)


async def test_actions_without_an_entry(hass: HomeAssistant) -> None:
    """They are there before any entry is, and each has its texts."""
    assert await async_setup_component(hass, DOMAIN, {})
    actions = hass.services.async_services_for_domain(DOMAIN)
    assert actions.keys() == TEXTS["services"].keys()


async def test_discover(
    hass: HomeAssistant,
    discovered: list[Json],
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """Each endpoint is in the answer, and becomes a device that outlasts a restart."""
    radio = {"io_link_type": "wirelessCoordinator", "io_link_name": "wimac"}
    meeting_room = {"id": 4, "port": 4, "name": "Meeting room"}
    gate = {"id": 5, "port": 5, "name": "Warehouse gate"}
    assert discovered == [
        {"io_link_id": 1, "address": NEAR, **radio, "doors": [meeting_room]},
        {"io_link_id": 1, "address": FAR, **radio, "doors": [gate]},
    ]
    signal = entity_registry.async_get(SIGNAL)
    assert signal
    assert (signal.unique_id, signal.entity_category) == (
        f"{PANEL}_endpoint_1_{NEAR}_signal",
        "diagnostic",
    )
    assert TEXTS["entity"]["sensor"][signal.translation_key]["name"] == "Signal"
    for _ in range(2):
        await wait_for_state(hass, SIGNAL, "unknown")
        endpoint, cloud_node = (
            device_of(hass, entry, f"endpoint_1_{NEAR}"),
            device_of(hass, entry),
        )
        assert endpoint
        assert cloud_node
        assert endpoint.via_device_id == cloud_node.id
        assert (endpoint.name, endpoint.model) == (
            "Endpoint Meeting room",
            "Wireless endpoint",
        )
        await setup_integration(hass, entry)


async def test_a_panel_without_endpoints(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Nothing is discovered, and nothing queried."""
    await pdk.reset({"panels": [{"id": PANEL, "doors": [{"id": 1, "name": "Front"}]}]})
    await setup_integration(hass, entry)
    assert await ask(hass, "discover_endpoints", wait=1) == []
    assert await ask(hass, "query_signal") == []
    assert await sent(pdk) == ["endpoint.discover"]


@pytest.mark.parametrize(
    ("action", "data"), [("discover_endpoints", {}), ("query_signal", SILENT)]
)
async def test_rejected_or_not_connected(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    action: str,
    data: Json,
    short_backoff: None,
) -> None:
    """The user reads the panel's reason; without a connection nothing is sent."""
    reason = "Command is not supported."
    await panel.faults(PANEL, commands={"refuse": reason})
    with raises_error("command_rejected", reason=reason):
        await ask(hass, action, **data)
    await set_online(panel, False)
    await wait_for_state(hass, CONNECTION, "off")
    with raises_error("not_connected"):
        await ask(hass, action, **data)


async def test_query_one_endpoint(
    hass: HomeAssistant,
    discovered: list[Json],
    panel: SimulatedPdk,
    entry: MockConfigEntry,
) -> None:
    """The answer has its signal and the time; the sensor shows it."""
    endpoint: Json = {"io_link_id": 1, "address": NEAR}
    (signal,) = await ask(hass, "query_signal", **endpoint)
    occurred = dt_util.parse_datetime(signal.pop("occurred"), raise_on_error=True)
    assert occurred.utcoffset() == timedelta(0)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)
    assert signal == {**endpoint, "db_gain": 40}
    assert state_of(hass, SIGNAL).state == "40"
    await ask(hass, "query_signal", **endpoint, actuate_relay=True, relay_dwell=9)
    query = {"ioLinkId": 1, "address": NEAR}
    assert [command["body"] for command in (await panel.commands(PANEL))[1:]] == [
        {**query, "actuateRelay": False, "relayDwell": 5},
        {**query, "actuateRelay": True, "relayDwell": 9},
    ]
    await setup_integration(hass, entry)
    assert state_of(hass, SIGNAL).state == "40"


async def test_query_all_endpoints(
    hass: HomeAssistant,
    discovered: list[Json],
    panel: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each discovered one is queried; of a silent one the sensor keeps its value."""
    signals = await ask(hass, "query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: 40, FAR: 67}
    monkeypatch.setattr(SIGNAL_TIMEOUT, 0.3)
    signals = await ask(hass, "query_signal", **SILENT)
    assert signals == [{**SILENT, "db_gain": None, "occurred": None}]
    await panel.faults(commands="ignored")
    signals = await ask(hass, "query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: None, FAR: None}
    assert state_of(hass, SIGNAL).state == "40"


async def test_two_queries_at_once(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Their answers come in the other order, and reach the right ones."""
    await panel.faults(commands="ignored")
    queries = []
    for count, address in enumerate((NEAR, FAR)):
        query = ask(hass, "query_signal", io_link_id=1, address=address)
        queries.append(hass.async_create_task(query))
        await panel.commands(PANEL, after=count)
    for address, gain in ((FAR, 67), (NEAR, 40)):
        body = {"ioLinkId": 1, "address": address, "dbGain": gain}
        await panel.emit(PANEL, "endpoint.signal", {"body": body})
    for command in await panel.commands(PANEL):
        await panel.carry_out(PANEL, command)
    answers = await asyncio.gather(*queries)
    assert [answer[0]["db_gain"] for answer in answers] == [40, 67]


@pytest.mark.parametrize("incomplete", [{"address": NEAR}, {"io_link_id": 1}])
async def test_incomplete_endpoint(
    hass: HomeAssistant, panel: SimulatedPdk, incomplete: Json
) -> None:
    """An address without its link is rejected, and so is the reverse."""
    with raises_error("endpoint_incomplete"):
        await ask(hass, "query_signal", **incomplete)
    assert await sent(panel) == []


async def test_same_address_on_two_links(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """Each is discovered, and answers for itself."""
    discovering = hass.async_create_task(ask(hass, "discover_endpoints", wait=1))
    await panel.commands(PANEL)
    for link in (1, 2):
        endpoint = {"body": {"ioLinkId": link, "address": "A"}}
        await panel.emit(PANEL, "endpoint.discovered", endpoint)
    found = [each["io_link_id"] for each in await discovering if each["address"] == "A"]
    assert found == [1, 2]
    await panel.faults(PANEL, commands="ignored")
    query = ask(hass, "query_signal", io_link_id=2, address="A")
    querying = hass.async_create_task(query)
    (command,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, command)
    for link, gain in ((1, 10), (2, 20)):
        body = {"ioLinkId": link, "address": "A", "dbGain": gain}
        await panel.emit(PANEL, "endpoint.signal", {"body": body})
    (signal,) = await querying
    assert (signal["io_link_id"], signal["db_gain"]) == (2, 20)


@pytest.fixture
async def device_id(hass: HomeAssistant, panel: SimulatedPdk) -> str:
    """Discover the endpoints; return the device of the meeting room's."""
    await ask(hass, "discover_endpoints", wait=1)
    entity = er.async_get(hass).async_get(SIGNAL)
    assert entity and entity.device_id
    return entity.device_id


async def test_device(hass: HomeAssistant, device_id: str) -> None:
    """Only this endpoint is queried, and its sensor updated."""
    (signal,) = await ask(hass, "query_signal", endpoint=device_id)
    assert (signal["io_link_id"], signal["address"]) == (1, ENDPOINT)
    await wait_for_state(hass, SIGNAL, str(signal["db_gain"]))
    with raises_error("endpoint_incomplete"):
        await ask(hass, "query_signal", endpoint=device_id, address=ENDPOINT)


async def test_rejected(
    hass: HomeAssistant, panel: SimulatedPdk, device_id: str
) -> None:
    """The error names the endpoint as the user does."""
    await panel.faults(PANEL, commands={"refuse": "No."})
    with raises_error("command_rejected", name="Endpoint Meeting room", reason="No."):
        await ask(hass, "query_signal", endpoint=device_id)
    dr.async_get(hass).async_update_device(device_id, name_by_user="Radio")
    with raises_error("command_rejected", name="Radio"):
        await ask(hass, "query_signal", endpoint=device_id)
    with raises_error("command_rejected", name=SILENT["address"]):
        await ask(hass, "query_signal", **SILENT)


async def test_not_an_endpoint(
    hass: HomeAssistant, panel: SimulatedPdk, device_id: str
) -> None:
    """A door, and a device that does not exist, cannot be queried."""
    door = er.async_get(hass).async_get(FRONT)
    assert door and door.device_id
    for other in (door.device_id, "gone"):
        with raises_error("unknown_endpoint", panel="Headquarters"):
            await ask(hass, "query_signal", endpoint=other)
    assert await sent(panel) == ["endpoint.discover"]
