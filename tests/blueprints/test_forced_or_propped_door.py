"""A forced or propped door is told to a phone."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError
from tests.common import PANEL, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .conftest import Automate, rename

FORCED = "binary_sensor.front_door_forced_open"
PROPPED = "binary_sensor.front_door_propped_open"
ALARMS = [FORCED, PROPPED]
MORE = [
    {"action": "notify.everybody", "data": {"message": "{{ title }}: {{ message }}"}}
]


async def test_a_forced_door_with_a_picture(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
    told: list[ServiceCall],
) -> None:
    """The first alarm ever comes from unknown, and is told as any other."""
    await automate(
        "forced_or_propped_door",
        alarms=ALARMS,
        phone=phone,
        camera="camera.entrance",
        critical=True,
        more_actions=MORE,
    )
    await panel.act(PANEL, 1, "force")
    await wait_until(lambda: told)
    (call,) = on_the_phone
    assert call.data["title"] == "Alarm: Front door"
    assert call.data["message"].startswith("Forced open at ")
    assert call.data["data"]["image"] == "/api/camera_proxy/camera.entrance"
    assert call.data["data"]["tag"] == FORCED
    assert call.data["data"]["push"]["sound"]["critical"] == 1
    assert told[0].data["message"].startswith("Alarm: Front door: Forced open at ")


async def test_a_propped_door_until_it_is_closed(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
) -> None:
    """The end replaces the notification; without a camera there is no picture."""
    await automate("forced_or_propped_door", alarms=ALARMS, phone=phone)
    await panel.control("PATCH", f"panels/{PANEL}/doors/1", {"propDelay": 0.05})
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 1, "open")
    await wait_until(lambda: on_the_phone)
    await panel.act(PANEL, 1, "close")
    await wait_until(lambda: len(on_the_phone) == 2)
    began, ended = (call.data for call in on_the_phone)
    assert began["message"].startswith("Held open too long at ")
    assert ended["message"].startswith("Closed again at ")
    assert began["data"] == ended["data"]
    assert began["data"] == {
        "tag": PROPPED,
        "group": "prodatakey",
        "ttl": 0,
        "priority": "high",
    }


async def test_the_end_is_not_told_if_not_wanted(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
) -> None:
    """Only the alarm is."""
    await automate("forced_or_propped_door", alarms=ALARMS, phone=phone, tell_end=False)
    await panel.act(PANEL, 1, "force")
    await wait_until(lambda: on_the_phone)
    await hass.services.async_call(
        "button",
        "press",
        {"entity_id": "button.front_door_clear_forced_alarm"},
        blocking=True,
    )
    await wait_for_state(hass, FORCED, "off")
    await hass.async_block_till_done()
    assert len(on_the_phone) == 1


async def test_more_actions_although_the_phone_is_out_of_reach(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    told: list[ServiceCall],
) -> None:
    """Nobody answers at the phone's push address."""
    await automate(
        "forced_or_propped_door", alarms=ALARMS, phone=phone, more_actions=MORE
    )
    hass.services.async_remove("notify", "mobile_app_amelia_s_phone")

    async def fail(_: ServiceCall) -> None:
        raise HomeAssistantError("No way to the phone")

    hass.services.async_register("notify", "mobile_app_amelia_s_phone", fail)
    await panel.act(PANEL, 1, "force")
    await wait_until(lambda: told)


async def test_an_alarm_from_before_a_gap(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
    short_back_off: None,
) -> None:
    """It comes back from unavailable, assumed: that is no news."""
    await panel.act(PANEL, 1, "force")
    await wait_for_state(hass, FORCED, "on")
    await automate("forced_or_propped_door", alarms=ALARMS, phone=phone)
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, FORCED, "unavailable")
    await panel.control("POST", f"panels/{PANEL}/online")
    state = await wait_for_state(hass, FORCED, "on")
    assert state.attributes["assumed_state"]
    await hass.async_block_till_done()
    assert not on_the_phone


async def test_an_alarm_from_before_a_restart(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
    hass_storage: dict[str, Any],
) -> None:
    """It is there again, assumed, when the automation runs already: that is no news."""
    hass_storage[f"prodatakey.{PANEL}"] = {
        "version": 1,
        "key": f"prodatakey.{PANEL}",
        "data": {
            "doors": [
                {
                    "id": 1,
                    "name": "Front door",
                    "type": "primaryReader",
                    "icon": None,
                    "primary_reader": None,
                    "state": {"forced": True},
                    "shown": ["dps", "forced", "propped"],
                    "changed_by": None,
                }
            ]
        },
    }
    await automate("forced_or_propped_door", alarms=ALARMS, phone=phone)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    assert (await wait_for_state(hass, FORCED, "on")).attributes["assumed_state"]
    await hass.async_block_till_done()
    assert not on_the_phone
    # Said again by the panel it is the same alarm still.
    await pdk.emit(PANEL, "door.alarm.forced", {"body": {"doorId": 1}})
    await wait_until(
        lambda: "assumed_state" not in hass.states.get(FORCED).attributes  # type: ignore[union-attr]
    )
    assert not on_the_phone
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("before", ["unknown", "off"])
async def test_an_assumed_state_is_no_alarm(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
    before: str,
) -> None:
    """Whatever was there before, only what the panel says now counts."""
    await automate("forced_or_propped_door", alarms=ALARMS, phone=phone)
    hass.states.async_set(FORCED, before)
    hass.states.async_set(
        FORCED, "on", {"device_class": "tamper", "assumed_state": True}
    )
    await hass.async_block_till_done()
    assert not on_the_phone


async def test_a_second_door_does_not_wait_for_the_first(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automate: Automate,
    phone: str,
    on_the_phone: list[ServiceCall],
) -> None:
    """The first door's light is on for ten minutes; its name is as it is written."""
    rename(hass, "lock.server_room", "2.10")
    await automate(
        "forced_or_propped_door",
        alarms=[FORCED, "binary_sensor.server_room_forced_open"],
        phone=phone,
        more_actions=[{"delay": {"minutes": 10}}],
    )
    await panel.act(PANEL, 1, "force")
    await wait_until(lambda: on_the_phone)
    await panel.act(PANEL, 3, "force")
    await wait_until(lambda: len(on_the_phone) == 2)
    assert on_the_phone[1].data["title"] == "Alarm: 2.10"
