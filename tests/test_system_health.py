"""What the system health page says of the panels."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    get_system_health_info,
)

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import CONNECTION, OTHER_PANEL, TEXTS, Json, Site, add_entry


async def get_info(hass: HomeAssistant) -> Json:
    """Return the information, with what is checked only when it is asked for."""
    assert await async_setup_component(hass, "system_health", {})
    info: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    assert info.keys() == TEXTS["system_health"]["info"].keys()
    for key, value in info.items():
        if asyncio.iscoroutine(value):
            info[key] = await value
    return info


async def test_info(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The panel is connected, then offline; another is not loaded; pdk.io is away.

    Events are counted from midnight.
    """
    info = await get_info(site.hass)
    assert info["can_reach_server"] == "ok"
    assert info["panels_connected"] == "1 / 1"
    assert isinstance(info["last_token"], datetime)
    assert abs(dt_util.utcnow() - info["last_token"]) < timedelta(minutes=1)
    await site.emit("door.input.relay.on", 4)
    await site.wait_for_state("lock.meeting_room", "unlocked")
    assert (await get_info(site.hass))["events_today"] == info["events_today"] + 1
    tomorrow = dt_util.now() + timedelta(days=1)
    async_fire_time_changed(site.hass, dt_util.start_of_local_day(tomorrow))
    assert (await get_info(site.hass))["events_today"] == 0
    await site.emit("door.input.relay.off", 4)
    await site.wait_for_state("lock.meeting_room", "locked")
    assert (await get_info(site.hass))["events_today"] == 1

    add_entry(site.hass, OTHER_PANEL)
    await site.set_online(False)
    await site.wait_for_state(CONNECTION, "off")
    info = await get_info(site.hass)
    assert (info["panels_connected"], info["last_token"]) == ("0 / 2", None)
    monkeypatch.setenv("PDK_ACCOUNTS_URL", "http://127.0.0.1:1")
    info = await get_info(site.hass)
    assert info["can_reach_server"] == {"type": "failed", "error": "unreachable"}
