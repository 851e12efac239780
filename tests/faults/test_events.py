"""Too many events, and events in disorder."""

import asyncio

import pytest

from homeassistant.core import Event, EventStateChangedData, callback
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


@pytest.mark.parametrize(
    ("name", "events", "states"),
    [
        (
            "events twice",
            [
                *(relay("on", id="one"), relay("on", id="one")),
                *(relay("off", id="two"), relay("off", id="two")),
            ],
            ["unlocked", "locked"],
        ),
        (
            "events out of order",
            # the order of arrival counts, not the panel's clock
            [
                relay("on", id="late", metadata={"occurred": 9_000}),
                relay("off", id="early", metadata={"occurred": 1_000}),
                relay("on", id="middle", metadata={"occurred": 5_000}),
            ],
            ["unlocked", "locked", "unlocked"],
        ),
    ],
)
async def test_disorder(
    direct: Site, figure: Record, name: str, events: list[Json], states: list[str]
) -> None:
    """Test that an event counts once, and that the last one counts."""
    await direct.set_up()
    changes: list[str] = []

    @callback
    def record(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if event.data["entity_id"] == LOCK and new:
            changes.append(new.state)

    direct.hass.bus.async_listen("state_changed", record)
    await emit(direct.pdk, *events)
    await direct.unlock(OTHER_LOCK)
    assert changes == states
    await direct.check_works(1)
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
