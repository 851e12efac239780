"""The people: equal seeds give equal days, and clients receive their events."""

import subprocess
import sys

from simulator.people.schedule import plan_day
from simulator.scenario import load
from tests.simulator_process import SimulatedPdk, simulator_process

from .wire import PANEL, Wire, client


def test_equal_seeds_give_equal_days() -> None:
    """In another process too; other seeds and days differ. All doors exist."""
    code = (
        "from simulator.people.schedule import plan_day;"
        "from simulator.scenario import load; print(plan_day(load().panels, 7, 3))"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    panels = load().panels
    days = [plan_day(panels, seed, day) for seed in (7, 8) for day in (3, 4)]
    assert output.strip() == str(days[0])
    assert all(day != days[0] for day in days[1:])
    doors = {(panel.id, door["id"]) for panel in panels for door in panel.doors}
    for day in days:
        assert 40 < len(day) < 250
        assert {(each.panel, each.door) for each in day} <= doors


async def test_people_come_and_go(socket_enabled: None) -> None:
    """The stream has their requests and the exit button."""
    arguments = ("--live", "--seed", "3", "--speed", "20000", "--begin", "08:15")
    wanted = {"door.request.allowed", "door.input.rex.on", "liveEvent"}
    with simulator_process(*arguments) as ready:
        async with SimulatedPdk(ready) as pdk, client(pdk) as wire:
            await wire.connect()
            while wanted:
                wanted.discard((await wire.event())[0])


async def test_the_morning_reports_every_state(wire: Wire) -> None:
    """All doors are locked, closed and without an alarm, and readers were used."""
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "force")
    await wire.pdk.control("POST", f"panels/{PANEL}/morning")
    await wire.pdk.emit(PANEL, "end")
    last: dict[int, dict[str, str]] = {}
    while (event := await wire.event())[0] != "end":
        if event[0].startswith("door."):
            kind, _, value = event[0].rpartition(".")
            last.setdefault(event[1]["body"]["doorId"], {})[kind] = value
    assert last[1] == {
        "door.alarm": "forced",
        "door.alarm.forced": "cleared",
        "door.alarm.propped": "off",
        "door.forceclose": "off",
        "door.input.dps": "closed",
        "door.input.relay": "off",
        "door.input.rex": "off",
        "door.request": "allowed",
    }
    assert last.pop(7) == {"door.request": "allowed"}
    assert all(door["door.input.relay"] == "off" for door in last.values())
    assert set(last) == set(range(1, 7))
