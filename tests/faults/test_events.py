"""Too many events, and events in disorder."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from homeassistant.const import EVENT_STATE_CHANGED
from tests.common import PANEL, Json, state_of, wait_for_state
from tests.pdk.common import emit, set_constants

from .figures import Record
from .site import LOCK, OTHER_LOCK, Site


def relay(state: str, door: int = 1, **payload: object) -> Json:
    """Return an event of a door's relay."""
    payload = {"body": {"doorId": door}, **payload}
    return {"topic": f"door.input.relay.{state}", "payload": payload}


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "count", [20_000, pytest.param(100_000, marks=pytest.mark.soak)]
)
async def test_flood(direct: Site, figure: Record, count: int) -> None:
    """Test that all events count, in order, and that a command is answered meanwhile."""
    set_constants(direct.monkeypatch, answer_timeout=60)
    await direct.pdk.faults(ping_interval=25, ping_timeout=20)
    await direct.set_up()
    now = direct.hass.loop.time
    began = now()
    events = [relay("on", 4)] * count + [relay("on", 1)]
    flood = asyncio.create_task(emit(direct.pdk, *events))
    await wait_for_state(direct.hass, OTHER_LOCK, "unlocked", 60)
    action = direct.unlock(OTHER_LOCK)
    await wait_for_state(direct.hass, LOCK, "unlocked", 120)
    seconds = now() - began
    await flood
    await asyncio.wait_for(action, 60)
    assert len(await direct.pdk.commands(PANEL)) == 1
    await direct.check_works(1)
    row = f"flood of {count:,} events"
    figure("matrix", row, "idle", f"all shown; {seconds:.1f} s")
    figure("matrix", row, "command pending", "action: done")


async def test_disorder(direct: Site, figure: Record) -> None:
    """Test that an event counts once, and that the last to arrive counts."""
    await direct.set_up()
    changes = async_capture_events(direct.hass, EVENT_STATE_CHANGED)
    await emit(
        direct.pdk,
        *[relay("on", id="one")] * 2,
        *[relay("off", id="two")] * 2,
        relay("on", id="late", metadata={"occurred": 9_000}),
        relay("off", id="early", metadata={"occurred": 1_000}),
        relay("on", id="middle", metadata={"occurred": 5_000}),
    )
    await direct.unlock(OTHER_LOCK)
    states = [
        change.data["new_state"].state
        for change in changes
        if change.data["entity_id"] == LOCK and change.data["new_state"]
    ]
    assert states == ["unlocked", "locked", "unlocked", "locked", "unlocked"]
    await direct.check_works(1)
    for name in ("events twice", "events out of order"):
        figure("matrix", name, "idle", "what the panel said last; no outage")


@pytest.mark.parametrize("result_first", [True, False])
async def test_disorder_around_a_command(
    direct: Site, figure: Record, result_first: bool
) -> None:
    """Test a result before the relay's event or after it, twice, and a stray rejection."""
    await direct.set_up()
    await direct.pdk.faults(result_first=result_first)
    await asyncio.wait_for(direct.unlock(), 5)
    await wait_for_state(direct.hass, LOCK, "unlocked")
    (command,) = await direct.pdk.commands(PANEL)
    await direct.pdk.carry_out(PANEL, command)
    await direct.pdk.emit(PANEL, "serverError", {"message": "of no command"})
    await direct.check_works(1)
    assert state_of(direct.hass, LOCK).state == "locked"
    name = "events twice" if result_first else "events out of order"
    figure("matrix", name, "command pending", "action: done; no outage")
