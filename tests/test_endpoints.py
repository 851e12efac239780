"""A user discovers the wireless endpoints, and queries their signal."""

from datetime import timedelta
import json

import pytest
import voluptuous as vol

from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.endpoint_services import QUERY_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.translation import async_load_integrations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict

from .common import (
    ANSWER_TIMEOUT,
    COMPONENT,
    CONNECTION,
    ENDPOINT,
    PANEL,
    SIGNAL,
    SIGNAL_TIMEOUT,
    TEXTS,
    Json,
    Site,
    raises_error,
    wait_until,
)

NEAR, FAR = ENDPOINT, "0013a200400a3942"
SILENT: Json = {"io_link_id": 1, "address": "0013a200400affff"}


async def test_actions_without_an_entry(hass: HomeAssistant) -> None:
    """The actions are registered without an entry, and each has its texts."""
    assert await async_setup_component(hass, DOMAIN, {})
    actions = hass.services.async_services_for_domain(DOMAIN)
    assert actions.keys() == TEXTS["services"].keys()


async def test_discover(site: Site) -> None:
    """Each discovered endpoint is returned, and becomes a device that is kept.

    An address may be there on two links; each answers for itself.
    """
    discovering = site.hass.async_create_task(site.ask("discover_endpoints", wait=1))
    await site.commands()
    await site.pdk.emit(
        PANEL, "endpoint.discovered", {"body": {"ioLinkId": 2, "address": NEAR}}
    )
    radio = {"io_link_type": "wirelessCoordinator", "io_link_name": "wimac"}
    meeting_room = {"id": 4, "port": 4, "name": "Meeting room"}
    gate = {"id": 5, "port": 5, "name": "Warehouse gate"}
    near, far, other = await discovering
    assert near == {"io_link_id": 1, "address": NEAR, **radio, "doors": [meeting_room]}
    assert far == {"io_link_id": 1, "address": FAR, **radio, "doors": [gate]}
    assert (other["io_link_id"], other["address"]) == (2, NEAR)
    await site.faults(commands="ignored")
    query = site.ask("query_signal", io_link_id=2, address=NEAR)
    querying = site.hass.async_create_task(query)
    (command,) = await site.commands(after=1)
    await site.carry_out(command)
    for link, gain in ((1, 10), (2, 20)):
        body = {"ioLinkId": link, "address": NEAR, "dbGain": gain}
        await site.pdk.emit(PANEL, "endpoint.signal", {"body": body})
    await site.carry_out(command)
    (signal,) = await querying
    assert (signal["io_link_id"], signal["db_gain"]) == (2, 20)
    unique_id = f"{PANEL}_endpoint_1_{NEAR}_signal"
    registry = er.async_get(site.hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) == SIGNAL
    assert site.state(SIGNAL).name == "Endpoint Meeting room Signal"
    for _ in range(2):
        await site.wait_for_state(SIGNAL, "10")
        endpoint = site.device(f"endpoint_1_{NEAR}")
        cloud_node = site.device()
        assert endpoint
        assert cloud_node
        assert endpoint.via_device_id == cloud_node.id
        assert (endpoint.name, endpoint.model) == (
            "Endpoint Meeting room",
            "Wireless endpoint",
        )
        await site.set_up()


async def test_models_are_translated(site: Site) -> None:
    """Models of doors and endpoints are texts in Home Assistant's language.

    The form of `query_signal` offers the endpoints by their model, in each language.
    """
    hass = site.hass
    hass.config.language = "de"
    await async_load_integrations(hass, {DOMAIN})
    await site.set_up()
    await site.entry.runtime_data.panel.endpoints.discover(0)
    await wait_until(lambda: site.device(f"endpoint_1_{NEAR}"))
    for device, model in (
        (site.device(1), "Leser"),
        (site.device(f"endpoint_1_{NEAR}"), "Funk-Endpunkt"),
    ):
        assert device
        assert device.model == model
    services = load_yaml_dict(str(COMPONENT / "services.yaml"))
    selector = services["query_signal"]["fields"]["endpoint"]["selector"]
    assert {each["model"] for each in selector["device"]["filter"]} == {
        json.loads(path.read_text("utf-8"))["common"]["model_wireless_endpoint"]
        for path in (COMPONENT / "translations").iterdir()
    }


async def test_query_one_endpoint(site: Site) -> None:
    """An endpoint is queried by its link and address, or by its device."""
    await site.discover()
    endpoint: Json = {"io_link_id": 1, "address": NEAR}
    (signal,) = await site.ask("query_signal", **endpoint)
    occurred = dt_util.parse_datetime(signal.pop("occurred"), raise_on_error=True)
    assert occurred.utcoffset() == timedelta(0)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)
    assert signal == {**endpoint, "db_gain": 40}
    assert site.state(SIGNAL).state == "40"
    device, door = (site.device(f"endpoint_1_{NEAR}"), site.device(1))
    assert device
    assert door
    relay: Json = {"actuate_relay": True, "relay_dwell": 9}
    (signal,) = await site.ask("query_signal", endpoint=device.id, **relay)
    assert (signal["address"], signal["db_gain"]) == (NEAR, 40)
    incomplete_endpoints: list[Json] = [
        {"address": NEAR},
        {"io_link_id": 1},
        {"endpoint": device.id, "address": NEAR},
    ]
    for incomplete in incomplete_endpoints:
        with raises_error("endpoint_incomplete"):
            await site.ask("query_signal", **incomplete)
    for other in (door.id, "gone"):
        with raises_error("unknown_endpoint", panel="Headquarters"):
            await site.ask("query_signal", endpoint=other)
    query = {"ioLinkId": 1, "address": NEAR}
    assert [command["body"] for command in (await site.commands())[1:]] == [
        {**query, "actuateRelay": False, "relayDwell": 5},
        {**query, "actuateRelay": True, "relayDwell": 9},
    ]


async def test_query_all_endpoints(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """All endpoints are queried; a silent one keeps its value."""
    assert await site.ask("query_signal") == []
    assert await site.sent() == []
    await site.discover()
    signals = await site.ask("query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: 40, FAR: 67}
    monkeypatch.setattr(SIGNAL_TIMEOUT, 0.3)
    signals = await site.ask("query_signal", **SILENT)
    assert signals == [{**SILENT, "db_gain": None, "occurred": None}]
    assert site.state(SIGNAL).state == "40"


async def test_panel_does_not_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query without an answer is an error, unless the endpoint has answered."""
    await site.discover()
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.2)
    await site.faults(commands="ignored")
    for endpoint in ({}, SILENT):
        with raises_error("no_answer"):
            await site.ask("query_signal", **endpoint)
    await site.faults(commands="silent")
    signals = await site.ask("query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: 40, FAR: 67}


def test_number_that_is_not_whole() -> None:
    """A number that is not whole is refused, not rounded."""
    query: Json = {"config_entry_id": "1", "io_link_id": 0, "relay_dwell": "300"}
    valid = QUERY_SCHEMA(query)
    assert (valid["io_link_id"], valid["relay_dwell"]) == (0, 300)
    for key in ("io_link_id", "relay_dwell"):
        for value in (2.5, -1, "2.5", "x", True, None, 1e300, float("nan")):
            with pytest.raises(vol.Invalid, match=key):
                QUERY_SCHEMA({**query, key: value})


async def test_rejected_or_not_connected(site: Site) -> None:
    """The error names the endpoint as the user does; offline nothing is sent."""
    await site.discover()
    device = site.device(f"endpoint_1_{NEAR}")
    assert device
    endpoint: Json = {"endpoint": device.id}
    reason = "Command is not supported."
    await site.faults(commands={"refuse": reason})
    with raises_error("command_rejected", name="Headquarters", reason=reason):
        await site.ask("discover_endpoints")
    with raises_error("command_rejected", name="Endpoint Meeting room", reason=reason):
        await site.ask("query_signal", **endpoint)
    dr.async_get(site.hass).async_update_device(device.id, name_by_user="Radio")
    with raises_error("command_rejected", name="Radio"):
        await site.ask("query_signal", **endpoint)
    with raises_error("command_rejected", name=SILENT["address"]):
        await site.ask("query_signal", **SILENT)
    count = len(await site.sent())
    await site.set_online(False)
    await site.wait_for_state(CONNECTION, "off")
    with raises_error("not_connected"):
        await site.ask("discover_endpoints")
    with raises_error("not_connected"):
        await site.ask("query_signal", **endpoint)
    assert len(await site.sent()) == count
