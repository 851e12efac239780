"""What happened before rings not, whatever the panel's clock shows."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .common import PANEL, state_of, wait_for_state, wait_until
from .front_door import FRONT, HOURS, REFUSED, Rings, emit, let_in
from .simulator_process import SimulatedPdk


@pytest.fixture
def rings(hass: HomeAssistant, panel: SimulatedPdk) -> Rings:
    """Listen to the front door."""
    return Rings(hass, panel)


async def test_what_happened_before_rings_not(
    hass: HomeAssistant, panel: SimulatedPdk, rings: Rings
) -> None:
    """An event older than a minute is history, and one of 55 seconds is not."""
    await emit(
        panel, let_in("fresh"), let_in("old", seconds_ago=61), let_in("older", HOURS)
    )
    await rings.settle()
    assert state_of(hass, FRONT).attributes["changed_by"] == "fresh"
    await emit(panel, let_in("younger", seconds_ago=55))
    await rings.settle()
    assert rings.people == ["fresh", "younger"]
    occurred = datetime.fromisoformat(rings.heard[1]["occurred"])
    assert 54 < (datetime.now(UTC) - occurred).total_seconds() < 65


@pytest.mark.parametrize("hours_wrong", [-7, 3])
async def test_a_panel_whose_clock_is_hours_off(
    hass: HomeAssistant, panel: SimulatedPdk, rings: Rings, hours_wrong: int
) -> None:
    """Its events ring, told by this machine's clock; old ones do not."""
    wrong = hours_wrong * HOURS
    await panel.faults(PANEL, clock_offset=wrong)
    await panel.act(PANEL, 1, "badge", person=1)
    await panel.act(PANEL, 1, "badge", person=2)
    await emit(panel, let_in("old", seconds_ago=61 - wrong))
    await rings.settle()
    assert rings.people == ["Amelia Hartmann", "Jonas Okafor"]
    for attributes in rings.heard:
        occurred = datetime.fromisoformat(attributes["occurred"])
        assert abs(dt_util.utcnow() - occurred) < timedelta(seconds=5)


async def test_a_clock_that_is_put_right(
    panel: SimulatedPdk, rings: Rings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forwards that is seen at once; backwards when five in a row disagree."""
    monkeypatch.setattr("custom_components.prodatakey.pdk.clock.LONGEST_BURST", 0)
    await panel.faults(PANEL, clock_offset=-2 * HOURS)
    await panel.act(PANEL, 1, "badge", person=1)
    await panel.faults(PANEL, clock_offset=0)
    await panel.act(PANEL, 1, "badge", person=1)
    await rings.settle()
    assert len(rings.heard) == 2
    await panel.faults(PANEL, clock_offset=-2 * HOURS)
    for _ in range(4):
        await panel.act(PANEL, 1, "badge", person=1)
    await rings.settle()
    assert len(rings.heard) == 2
    await panel.act(PANEL, 1, "badge", person=2)
    await panel.act(PANEL, 1, "badge", person=3)
    await rings.settle()
    assert rings.people[2:] == ["Jonas Okafor", "Søren Lindqvist"]


async def test_the_clock_is_learned_anew_with_each_connection(
    hass: HomeAssistant, panel: SimulatedPdk, rings: Rings, short_back_off: None
) -> None:
    """A panel that comes back with another clock is not late for ever."""
    await panel.act(PANEL, 1, "badge", person=1)
    await rings.settle()
    await panel.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await wait_for_state(hass, "binary_sensor.headquarters_connection", "off")
    await wait_for_state(hass, "binary_sensor.headquarters_connection", "on")
    await panel.faults(PANEL, clock_offset=-2 * HOURS)
    await panel.act(PANEL, 1, "badge", person=2)
    await rings.settle()
    assert rings.people == ["Amelia Hartmann", "Jonas Okafor"]


async def test_what_was_held_back_by_a_dead_token(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The token expires unnoticed; nobody can tell how old the first flushed one is."""
    renewal = "custom_components.prodatakey.pdk.renewal"
    monkeypatch.setattr(f"{renewal}.SHORTEST_TOKEN_LIFE", 60)
    await pdk.faults(panel_token_lifetime=1)
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: entry.runtime_data.connected)
    rings = Rings(hass, pdk)
    await pdk.faults(panel_token_lifetime=300, panel_token={"delay": 0.3, "count": 1})
    while not entry.runtime_data.stream.holds_back:
        await pdk.emit(PANEL, "door.autoopen.on", {"body": {"doorId": 1}})
    await emit(pdk, let_in("old", seconds_ago=2 * HOURS), let_in("young", 20))
    await rings.settle()
    assert (await pdk.requests())["renewed"] == 1
    assert rings.heard == []
    assert state_of(hass, FRONT).attributes.get("changed_by") is None
    await hass.config_entries.async_unload(entry.entry_id)


async def test_what_was_held_back_but_is_fresh(
    panel: SimulatedPdk, rings: Rings
) -> None:
    """Once the offset is known, what is younger than a minute rings although flushed."""
    await emit(panel, let_in("before"), REFUSED, let_in("old", 90), let_in("young", 30))
    await rings.settle()
    assert rings.people == ["before", "young"]


async def test_the_same_event_twice(panel: SimulatedPdk, rings: Rings) -> None:
    """The same id counts once; without one, each counts."""
    twice = let_in("once", id="0153463f-d9ba-435f-b099-60f2b7c8d7e3")
    await emit(panel, twice, twice, let_in("each"), let_in("each"))
    await rings.settle()
    assert rings.people == ["once", "each", "each"]
