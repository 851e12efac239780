"""A phone is notified of a forced or propped door."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from tests.common import (
    PANEL,
    act,
    emit,
    set_online,
    setup_integration,
    state_of,
    wait_for_state,
    wait_until,
)

from .conftest import Home, Phone, notify

BLUEPRINT = "forced_or_propped_door"
FORCED = "binary_sensor.front_door_forced_open"
PROPPED = "binary_sensor.front_door_propped_open"
ALARMS = [FORCED, PROPPED]


async def test_forced_door_with_a_picture(home: Home, phone: Phone) -> None:
    """The first alarm ever comes from unknown, and is one like any other."""
    await home.automate(
        BLUEPRINT,
        alarms=ALARMS,
        phone=phone.device_id,
        camera="camera.entrance",
        critical=True,
        more_actions=notify("{{ title }}: {{ message }}"),
    )
    await home.pdk.act(PANEL, 1, "force")
    message = await home.message()
    notification = await phone.notification()
    assert notification["title"] == "Alarm: Front door"
    assert notification["message"].startswith("Forced open at ")
    assert message.startswith("Alarm: Front door: Forced open at ")
    data = notification["data"]
    assert (data["image"], data["tag"]) == (
        "/api/camera_proxy/camera.entrance",
        FORCED,
    )
    assert data["push"]["sound"]["critical"] == 1


async def test_propped_door_until_it_is_closed(home: Home, phone: Phone) -> None:
    """The end replaces the notification; without a camera there is no picture."""
    await home.automate(BLUEPRINT, alarms=ALARMS, phone=phone.device_id)
    await home.pdk.control("PATCH", f"panels/{PANEL}/doors/1", {"propDelay": 0.05})
    await home.pdk.act(PANEL, 1, "hold")
    await home.pdk.act(PANEL, 1, "open")
    start = await phone.notification()
    await home.pdk.act(PANEL, 1, "close")
    end = await phone.notification(2)
    assert start["message"].startswith("Held open too long at ")
    assert end["message"].startswith("Closed again at ")
    data = {"tag": PROPPED, "group": "prodatakey", "ttl": 0, "priority": "high"}
    assert start["data"] == end["data"] == data


async def test_no_notification_of_the_end(
    hass: HomeAssistant, home: Home, phone: Phone
) -> None:
    """It can be left out."""
    await home.automate(BLUEPRINT, alarms=ALARMS, phone=phone.device_id, tell_end=False)
    await home.pdk.act(PANEL, 1, "force")
    await phone.notification()
    await act(hass, "button.press", "button.front_door_clear_forced_alarm")
    await wait_for_state(hass, FORCED, "off")
    await hass.async_block_till_done()
    assert len(phone.calls) == 1


async def test_more_actions_although_the_phone_fails(
    hass: HomeAssistant, home: Home, phone: Phone
) -> None:
    """A phone that cannot be reached does not prevent the other actions."""
    more = notify("Alarm")
    await home.automate(
        BLUEPRINT, alarms=ALARMS, phone=phone.device_id, more_actions=more
    )
    hass.services.async_remove("notify", "mobile_app_amelia_s_phone")

    async def fail(_: ServiceCall) -> None:
        raise HomeAssistantError("Not reachable")

    hass.services.async_register("notify", "mobile_app_amelia_s_phone", fail)
    await home.pdk.act(PANEL, 1, "force")
    assert await home.message() == "Alarm"


@pytest.mark.parametrize("restart", [False, True])
async def test_alarm_from_before_a_gap(
    hass: HomeAssistant,
    home: Home,
    entry: MockConfigEntry,
    phone: Phone,
    short_back_off: None,
    restart: bool,
) -> None:
    """After an outage or a restart it is assumed, then reported: it is the same."""
    await home.pdk.act(PANEL, 1, "force")
    await wait_for_state(hass, FORCED, "on")
    if restart:
        await hass.config_entries.async_unload(entry.entry_id)
        hass.states.async_remove(FORCED)
    await home.automate(BLUEPRINT, alarms=ALARMS, phone=phone.device_id)
    if restart:
        await setup_integration(hass, entry)
    else:
        await set_online(home.pdk, False)
        await wait_for_state(hass, FORCED, "unavailable")
        await set_online(home.pdk, True)
    assert (await wait_for_state(hass, FORCED, "on")).attributes["assumed_state"]
    await emit(home.pdk, "door.alarm.forced")
    await wait_until(lambda: "assumed_state" not in state_of(hass, FORCED).attributes)
    await hass.async_block_till_done()
    assert not phone.calls


@pytest.mark.parametrize("before", ["unknown", "off"])
async def test_assumed_state_is_no_alarm(
    hass: HomeAssistant, home: Home, phone: Phone, before: str
) -> None:
    """Whatever the state was before, only what the panel reports now counts."""
    await home.automate(BLUEPRINT, alarms=ALARMS, phone=phone.device_id)
    hass.states.async_set(FORCED, before)
    assumed = {"device_class": "tamper", "assumed_state": True}
    hass.states.async_set(FORCED, "on", assumed)
    await hass.async_block_till_done()
    assert not phone.calls


async def test_two_doors_at_once(home: Home, phone: Phone) -> None:
    """The second does not wait for the first; its name may look like a number."""
    home.rename("lock.server_room", "2.10")
    await home.automate(
        BLUEPRINT,
        alarms=[FORCED, "binary_sensor.server_room_forced_open"],
        phone=phone.device_id,
        more_actions=[{"delay": {"minutes": 10}}],
    )
    await home.pdk.act(PANEL, 1, "force")
    await phone.notification()
    await home.pdk.act(PANEL, 3, "force")
    assert (await phone.notification(2))["title"] == "Alarm: 2.10"
