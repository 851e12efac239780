"""A user holds a door open until a time; it is locked then, whatever comes between."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
import voluptuous as vol

from custom_components.prodatakey import holds as holds_module
from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.services import _get_end
from homeassistant.const import EVENT_LOGBOOK_ENTRY
from homeassistant.core import Context, HomeAssistant, ServiceCall
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .common import ANSWER_TIMEOUT, FRONT, PANEL, Site, raises_error, wait_until

UNTIL = "sensor.front_door_held_open_until"
SOON = timedelta(seconds=0.4)


async def hold(site: Site, lasts: timedelta | None = SOON, **data: Any) -> datetime:
    """Hold the front door open for a time."""
    end = dt_util.utcnow() + (lasts or timedelta())
    if lasts is not None:
        data["until"] = end
    await site.act("prodatakey.hold_open", FRONT, **data)
    return end


def issue(site: Site) -> ir.IssueEntry | None:
    """Return the repair about doors that were not locked."""
    registry = ir.async_get(site.hass)
    return registry.async_get_issue(DOMAIN, f"hold_not_ended_{site.panel_id}")


async def until(end: datetime) -> None:
    """Wait until an end has passed, and until nothing of it is left to do."""
    await asyncio.sleep((end - dt_util.utcnow()).total_seconds() + 0.1)


async def test_until(site: Site) -> None:
    """The door is open until then, and locked once; the sensor shows when."""
    assert site.hass.states.get(UNTIL) is None
    end = await hold(site)
    assert site.state(FRONT).state == "unlocked"
    assert site.state(UNTIL).state == end.replace(microsecond=0).isoformat()
    await site.wait_for_state(FRONT, "locked")
    assert dt_util.utcnow() > end
    # the panel answers after its report
    await site.wait_for_state(UNTIL, "unknown")
    assert await site.sent() == ["door.actuate.open", "door.actuate.close"]


async def test_other_hands(site: Site) -> None:
    """Who locks the door ends it; a new call moves the end; without one there is none."""
    end = await hold(site)
    await site.happen(1, "lock")
    await site.wait_for_state(UNTIL, "unknown")
    await until(end)
    assert await site.sent() == ["door.actuate.open"]
    end = await hold(site)
    await hold(site, None)
    assert site.state(UNTIL).state == "unknown"
    await until(end)
    assert site.state(FRONT).state == "unlocked"
    await site.act("lock.lock")
    assert site.entry.runtime_data.holds.holds == {}


@pytest.mark.parametrize("what", ["outage", "stop"])
async def test_end_is_made_good(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    """An end that fell into an outage or a stop is made good once, and told of."""
    monkeypatch.setattr(holds_module, "LATE", timedelta())
    lines = async_capture_events(site.hass, EVENT_LOGBOOK_ENTRY)
    end = await hold(site)
    if what == "outage":
        await site.set_online(False)
        await until(end)
        await site.set_online(True)
    else:
        await site.hass.config_entries.async_unload(site.entry.entry_id)
        await until(end)
        await site.set_up()
    await site.wait_for_state(FRONT, "locked")
    await wait_until(lambda: lines)
    assert await site.sent() == ["door.actuate.open", "door.actuate.close"]
    assert "'Front door' was to be locked at" in caplog.text
    (line,) = lines
    assert (line.data["name"], line.data["entity_id"]) == ("Front door", FRONT)


async def test_locked_meanwhile(site: Site) -> None:
    """Nothing is sent for an end of the past if the door was locked by then."""
    end = await hold(site)
    await site.drop_connection()
    await site.wait_for_attribute(FRONT, "assumed_state", True)
    await site.pdk.sockets(PANEL, 1)
    await site.emit("door.input.relay.off")
    await site.wait_for_state(FRONT, "locked")
    await until(end)
    assert await site.sent() == ["door.actuate.open"]


async def test_end_is_rejected(site: Site) -> None:
    """A repair names the door until it is locked; the command is not repeated."""
    await hold(site)
    await site.faults(commands={"refuse": "Not now."})
    await wait_until(lambda: issue(site) is not None)
    placeholders = issue(site).translation_placeholders  # type: ignore[union-attr]
    assert placeholders == {"panel": "", "doors": "Front door"}
    assert site.state(UNTIL).state == "unknown"
    await site.set_up()
    assert issue(site)
    await site.faults(commands=None)
    await site.act("lock.lock")
    assert issue(site) is None
    assert await site.sent() == ["door.actuate.open", *["door.actuate.close"] * 2]


async def test_locked_by_hand_while_the_end_is_rejected(site: Site) -> None:
    """A door that somebody locks meanwhile needs no repair."""
    await hold(site)
    await site.faults(commands="ignored")
    await site.commands(after=1)
    site.deliver("door.input.relay.off", {"body": {"doorId": 1}})
    site.deliver("serverError", {"message": "Not now."})
    holds = site.entry.runtime_data.holds
    await wait_until(lambda: not holds.holds)
    assert issue(site) is None


async def test_opening_fails(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is held open after a rejection; without an answer the end stays."""
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.3)
    await site.faults(commands={"refuse": "Not now."})
    with raises_error("command_rejected"):
        await hold(site)
    assert site.state(UNTIL).state == "unknown"
    await site.faults(commands="ignored")
    with raises_error("no_answer"):
        await hold(site, timedelta(seconds=1))
    assert site.state(UNTIL).state != "unknown"
    await site.faults(commands=None)
    await site.wait_for_state(FRONT, "locked")
    assert (await site.sent())[-1] == "door.actuate.close"
    # its end comes while the panel has not answered yet
    await site.faults(commands="ignored")
    with raises_error("no_answer"):
        await hold(site, timedelta(seconds=0.1))
    await wait_until(lambda: issue(site) is not None)


async def test_held_again_while_it_is_locked(site: Site) -> None:
    """A door that is held open again while it is being locked is locked at its new end."""
    await hold(site)
    await site.faults(commands="ignored")
    (locking,) = await site.commands(after=1)
    lasts = timedelta(seconds=1.5)
    again = site.hass.async_create_task(hold(site, lasts))
    (opening,) = await site.commands(after=2)
    for command in (locking, opening):
        await site.carry_out(command)
    end = await again
    assert site.state(UNTIL).state == end.replace(microsecond=0).isoformat()
    await site.faults(commands=None)
    await site.wait_for_state(FRONT, "locked")
    assert (await site.sent())[-1] == "door.actuate.close"


async def test_evacuation_is_first(site: Site) -> None:
    """An end that falls into an evacuation waits for its end."""
    end = await hold(site)
    evacuation = site.entry.runtime_data.site.evacuation
    await evacuation.turn_on()
    await until(end)
    assert "door.actuate.close" not in await site.sent()
    await evacuation.turn_off()
    await site.wait_for_state(FRONT, "locked")


async def test_code_and_fields(site: Site) -> None:
    """A code is required where one is set, and an end is one of two and not too far."""
    for data in ({"duration": {"hours": 25}}, {"duration": 0}):
        with pytest.raises(vol.Invalid):
            await hold(site, None, **data)
    with pytest.raises(vol.Invalid):
        await hold(site, SOON, duration={"hours": 1})
    with raises_error("until_has_passed"):
        await hold(site, -SOON)
    await site.set_up(code="1234")
    with raises_error("wrong_code"):
        await hold(site)
    assert await site.sent() == []
    await hold(site, None, duration={"hours": 24}, code="1234")
    assert site.state(FRONT).state == "unlocked"


async def test_pdk_2(workshop_site: Site) -> None:
    """It works the same on PDK 2.0."""
    site = workshop_site
    end = dt_util.utcnow() + SOON
    lock = "lock.side_entrance"
    await site.act("prodatakey.hold_open", lock, until=end)
    await site.wait_for_state(lock, "unlocked")
    await site.wait_for_state(lock, "locked")


@pytest.mark.parametrize(
    ("present", "end"),
    [
        ("2026-07-01T14:00:00+00:00", "2026-07-01T16:30:00+00:00"),
        ("2026-07-01T16:30:00+00:00", "2026-07-02T16:30:00+00:00"),
    ],
)
async def test_time_of_day(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, present: str, end: str
) -> None:
    """A time of day is the next one in Home Assistant's time zone."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(present)
    data = {"until": datetime(2026, 1, 1, 18, 30, tzinfo=UTC).time()}
    call = ServiceCall(hass, DOMAIN, "hold_open", data, Context())
    assert _get_end(call) == datetime.fromisoformat(end)


async def test_clocks_are_set_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """A time that comes twice is the next of both."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    data = {"until": datetime(2026, 1, 1, 2, 30, tzinfo=UTC).time()}
    call = ServiceCall(hass, DOMAIN, "hold_open", data, Context())
    for present, end in (("00:00", "00:30"), ("00:45", "01:30")):
        freezer.move_to(f"2026-10-25T{present}:00+00:00")
        assert _get_end(call) == datetime.fromisoformat(f"2026-10-25T{end}:00+00:00")
