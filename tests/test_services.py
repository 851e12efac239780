"""A user asks the wireless endpoints, and opens doors for a time of choice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util

from .common import PANEL, Json, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

NEAR, FAR = "0013a200400a393b", "0013a200400a3942"
SIGNAL = f"sensor.endpoint_{NEAR}_signal"
NOBODY: Json = {"io_link_id": 1, "address": "0013a200400affff"}
WAIT = 1


async def ask(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    action: str,
    **fields: Any,
) -> list[Json]:
    """Call one of the two questions, and return what the answer lists."""
    answer: Any = await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": entry.entry_id, **fields},
        blocking=True,
        return_response=True,
    )
    assert list(answer) == ["endpoints"]
    endpoints: list[Json] = answer["endpoints"]
    return endpoints


@pytest.fixture
async def discovered(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> list[Json]:
    """Discover the endpoints."""
    return await ask(hass, entry, "discover_endpoints", wait=WAIT)


async def questions(panel: SimulatedPdk) -> list[Json]:
    """Return the questions for a signal that the panel received."""
    received = await panel.commands(PANEL)
    return [c["body"] for c in received if c["topic"] == "endpoint.querysignal"]


async def test_discover(
    hass: HomeAssistant,
    discovered: list[Json],
    entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    """Each endpoint is in the answer, and becomes a device that outlasts a restart."""
    radio = {"io_link_type": "wirelessCoordinator", "io_link_name": "wimac"}
    meeting_room = {"id": 4, "port": 4, "name": "Meeting room"}
    gate = {"id": 5, "port": 5, "name": "Warehouse gate"}
    assert discovered == [
        {"io_link_id": 1, "address": NEAR, **radio, "doors": [meeting_room]},
        {"io_link_id": 1, "address": FAR, **radio, "doors": [gate]},
    ]
    for _ in range(2):
        await wait_for_state(hass, SIGNAL, "unknown")
        ours = {
            identifier: device
            for device in dr.async_entries_for_config_entry(
                device_registry, entry.entry_id
            )
            for identifier in device.identifiers
        }
        endpoint = ours[DOMAIN, f"{PANEL}_{NEAR}"]
        assert endpoint.via_device_id == ours[DOMAIN, PANEL].id
        await hass.config_entries.async_reload(entry.entry_id)
        await wait_until(lambda: entry.runtime_data.connected)


async def test_a_panel_without_wireless(
    hass: HomeAssistant, pdk: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """It has no endpoints: nothing is discovered, and nothing asked."""
    await pdk.reset({"panels": [{"id": PANEL, "doors": [{"id": 1, "name": "Front"}]}]})
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    assert await ask(hass, entry, "discover_endpoints", wait=WAIT) == []
    assert await ask(hass, entry, "query_signal") == []
    assert len(await pdk.commands(PANEL)) == 1
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("action", ["discover_endpoints", "query_signal"])
async def test_asked_in_vain(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    action: str,
    short_back_off: None,
) -> None:
    """A refusal comes in the panel's words; without a connection nothing is sent."""
    fields: Json = NOBODY if action == "query_signal" else {}
    await panel.faults(PANEL, commands={"refuse": "Command is not supported."})
    with pytest.raises(HomeAssistantError) as refused:
        await ask(hass, entry, action, **fields)
    assert refused.value.translation_key == "command_refused"
    assert refused.value.translation_placeholders
    placeholders = refused.value.translation_placeholders
    assert placeholders["reason"] == "Command is not supported."
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_until(lambda: not entry.runtime_data.connected)
    with pytest.raises(HomeAssistantError) as refused:
        await ask(hass, entry, action, **fields)
    assert refused.value.translation_key == "not_connected"


async def test_query_one(
    hass: HomeAssistant,
    discovered: list[Json],
    panel: SimulatedPdk,
    entry: MockConfigEntry,
) -> None:
    """The answer has its signal and when it came; the sensor shows it."""
    endpoint = {"io_link_id": 1, "address": NEAR}
    (signal,) = await ask(hass, entry, "query_signal", **endpoint)
    occurred = dt_util.parse_datetime(signal.pop("occurred"), raise_on_error=True)
    assert occurred.utcoffset() == timedelta(0)
    assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)
    assert signal == {**endpoint, "db_gain": 40}
    assert state_of(hass, SIGNAL).state == "40"
    relay = {"actuate_relay": True, "relay_dwell": 9}
    await ask(hass, entry, "query_signal", **endpoint, **relay)
    asked = {"ioLinkId": 1, "address": NEAR}
    assert await questions(panel) == [
        {**asked, "actuateRelay": False, "relayDwell": 5},
        {**asked, "actuateRelay": True, "relayDwell": 9},
    ]
    await hass.config_entries.async_reload(entry.entry_id)
    assert state_of(hass, SIGNAL).state == "40"


async def test_query_all(
    hass: HomeAssistant, discovered: list[Json], entry: MockConfigEntry
) -> None:
    """Without an endpoint, every discovered one is asked."""
    signals = await ask(hass, entry, "query_signal")
    assert {s["address"]: s["db_gain"] for s in signals} == {NEAR: 40, FAR: 67}


async def test_an_endpoint_that_does_not_answer(
    hass: HomeAssistant,
    discovered: list[Json],
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its answer is null; its sensor keeps its value, not the silence."""
    await ask(hass, entry, "query_signal")
    endpoints = "custom_components.prodatakey.endpoints"
    monkeypatch.setattr(f"{endpoints}.ANSWER_TIMEOUT", 0.5)
    signals = await ask(hass, entry, "query_signal", **NOBODY)
    assert signals == [{**NOBODY, "db_gain": None, "occurred": None}]
    await panel.faults(commands="ignored")
    signals = await ask(hass, entry, "query_signal")
    gains = {s["address"]: s["db_gain"] for s in signals}
    assert gains == {NEAR: None, FAR: None}
    assert state_of(hass, SIGNAL).state == "40"


async def test_two_questions_at_once(
    hass: HomeAssistant,
    discovered: list[Json],
    panel: SimulatedPdk,
    entry: MockConfigEntry,
) -> None:
    """Their answers come the wrong way round, and reach the right ones."""
    await panel.faults(commands="ignored")
    asked = [
        hass.async_create_task(
            ask(hass, entry, "query_signal", io_link_id=1, address=address)
        )
        for address in (NEAR, FAR)
    ]
    async with asyncio.timeout(10):
        while len(received := (await panel.commands(PANEL, after=1))) < 2:
            pass
    for address, gain in ((FAR, 67), (NEAR, 40)):
        body = {"ioLinkId": 1, "address": address, "dbGain": gain}
        await panel.emit(PANEL, "endpoint.signal", {"body": body})
    for command in received:
        body = {"commandId": command["id"]}
        await panel.emit(PANEL, "command.result.succeed", {"body": body})
    gains = [(await answer)[0]["db_gain"] for answer in asked]
    assert gains == [40, 67]


@pytest.mark.parametrize("incomplete", [{"address": NEAR}, {"io_link_id": 1}])
async def test_half_an_endpoint(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry, incomplete: Json
) -> None:
    """An address without its connection is refused, and so is the reverse."""
    with pytest.raises(HomeAssistantError) as refused:
        await ask(hass, entry, "query_signal", **incomplete)
    assert refused.value.translation_key == "endpoint_incomplete"
    assert await panel.commands(PANEL, wait=0) == []


async def test_two_radios_of_one_address(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """They hang on two connections: each is found, and answers for itself."""
    discovering = hass.async_create_task(ask(hass, entry, "discover_endpoints", wait=1))
    await panel.commands(PANEL)
    for link in (1, 2):
        await panel.emit(
            PANEL, "endpoint.discovered", {"body": {"ioLinkId": link, "address": "A"}}
        )
    found = [each["io_link_id"] for each in await discovering if each["address"] == "A"]
    assert found == [1, 2]
    await panel.faults(PANEL, commands="ignored")
    asking = hass.async_create_task(
        ask(hass, entry, "query_signal", io_link_id=2, address="A")
    )
    (command,) = await panel.commands(PANEL, after=1)
    await panel.carry_out(PANEL, command)
    for link, gain in ((1, 10), (2, 20)):
        await panel.emit(
            PANEL,
            "endpoint.signal",
            {"body": {"ioLinkId": link, "address": "A", "dbGain": gain}},
        )
    (signal,) = await asking
    assert (signal["io_link_id"], signal["db_gain"]) == (2, 20)
