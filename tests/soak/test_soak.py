"""A million events, a thousand reconnects, a thousand reloads; or a hundredth of that.

Memory is the process's resident memory (RSS), after garbage collection, against what it
was after the warm-up.
"""

from collections.abc import Callable

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.pdk.commands import TryOpen
from homeassistant.core import HomeAssistant
from tests.common import PANEL, Json, state_of, wait_for_state, wait_until
from tests.simulator_process import SimulatedPdk

from .left import MOST, Held, held, nothing_is_left, resident

EVENTS = 1_000_000
TIMES = 1_000
BATCH = 2_000
DOORS = (1, 2, 4, 5)
SHARES = [
    pytest.param(0.01, id="1 percent"),
    pytest.param(1.0, id="all", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
]
BACK_OFF = "custom_components.prodatakey.pdk.back_off"
LOCK = "lock.front_door"

type Record = Callable[[str, object], None]


def note(
    record: Record, what: str, count: int, growth: float, before: Held, after: Held
) -> None:
    """Keep the figures."""
    row = f"{count:,} {what}"
    for column, value in (
        ("memory after warm-up (RSS)", f"{growth:+.1f} MB"),
        ("tasks", f"{before.tasks} → {after.tasks}"),
        ("timers", f"{before.timers} → {after.timers}"),
        (
            "files and sockets",
            f"{before.files_and_sockets} → {after.files_and_sockets}",
        ),
        ("listeners", f"{before.listeners} → {after.listeners}"),
    ):
        record("figure", ["soak", row, column, value])


def batch() -> list[Json]:
    """Return events of every kind, at several doors, with people and live events."""
    events: list[Json] = []
    for number in range(BATCH // 5):
        door = DOORS[number % len(DOORS)]
        on = number // len(DOORS) % 2 == 0
        body = {"doorId": door}
        person = {"personId": number, "person": {"id": number, "firstName": "Some"}}
        events += [
            event(f"door.input.relay.{'on' if on else 'off'}", {"body": body}),
            event(f"door.input.dps.{'opened' if on else 'closed'}", {"body": body}),
            event(f"door.input.rex.{'on' if on else 'off'}", {"body": body}),
            event(
                "door.request.allowed",
                {"id": f"event {number}", "body": {**body, **person}},
            ),
            event(
                "liveEvent",
                {"info": 'Person "%s"', "placeholders": [{"text": f"No {number}"}]},
            ),
        ]
    return events


def event(topic: str, payload: Json) -> Json:
    """Return an event as the simulator is told to emit it."""
    return {"topic": topic, "payload": payload}


@pytest.mark.parametrize("share", SHARES)
async def test_events(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    record_property: Record,
    share: float,
) -> None:
    """Memory and all else stay as they are after the first few thousand."""
    hass.loop.set_debug(False)
    events = batch()
    end = event("door.input.relay.on", {"body": {"doorId": "the end"}})
    start = event("door.input.relay.off", {"body": {"doorId": "the end"}})

    async def one_batch() -> None:
        for last, shown in ((start, "locked"), (end, "unlocked")):
            body = {"events": [*events, last]}
            await panel.control("POST", f"panels/{PANEL}/emit", body)
            await wait_for_state(hass, "lock.door_the_end", shown, 60)

    for _ in range(5):
        await one_batch()
    before, memory = held(hass), resident()
    count = 0
    while count < EVENTS * share:
        await one_batch()
        count += 2 * BATCH
    growth = resident() - memory
    after = await nothing_is_left(hass, before)
    note(record_property, "events", count, growth, before, after)
    assert growth < MOST


@pytest.mark.parametrize("share", SHARES)
async def test_reconnects(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Record,
    share: float,
) -> None:
    """The panel comes and goes, in every way that a connection can end."""
    monkeypatch.setattr(f"{BACK_OFF}.BACK_OFF", (0.01,))
    monkeypatch.setattr(f"{BACK_OFF}.LONGEST_BACK_OFF", 0.01)
    hass.loop.set_debug(False)
    history = entry.runtime_data.stream.history

    async def drop(way: int) -> None:
        connects = history.connects
        frames = ("41", '44"No."', "1")
        if way < len(frames):
            path, body = f"panels/{PANEL}/raw", {"frame": frames[way]}
        else:
            how = "abort" if way % 2 else "close"
            path, body = f"panels/{PANEL}/kick", {"how": how}
        await panel.control("POST", path, body)
        await wait_until(
            lambda: history.connects > connects and entry.runtime_data.connected
        )

    for way in range(50):
        await drop(way % 5)
    # once a command is answered, all that belongs to a connection is there
    await entry.runtime_data.stream.send(TryOpen(door_id=1))
    before, memory = held(hass), resident()
    count = int(TIMES * share)
    for number in range(count):
        await drop(number % 5)
    growth = resident() - memory
    after = await nothing_is_left(hass, before)
    note(record_property, "reconnects", count, growth, before, after)
    assert growth < MOST
    await panel.sockets(PANEL, 1)


@pytest.mark.parametrize("share", SHARES)
async def test_reloads(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    record_property: Record,
    share: float,
) -> None:
    """An entry is unloaded and set up again and again."""
    hass.loop.set_debug(False)

    async def reload() -> None:
        assert await hass.config_entries.async_reload(entry.entry_id)
        await wait_until(lambda: entry.runtime_data.connected)
        await hass.async_block_till_done()

    for _ in range(20):
        await reload()
    before, memory = held(hass), resident()
    count = int(TIMES * share)
    for _ in range(count):
        await reload()
    growth = resident() - memory
    after = await nothing_is_left(hass, before)
    note(record_property, "reloads", count, growth, before, after)
    assert growth < MOST
    await panel.sockets(PANEL, 1)
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, LOCK, "unlocked")
    assert state_of(hass, "binary_sensor.headquarters_connection").state == "on"
