"""The morning: everybody has come in, all doors are closed and locked."""

from itertools import cycle

from simulator import reader
from simulator.door import Door
from simulator.panel import Panel
from simulator.scenario import ADDITIONAL_READERS, READERS

from .site import has_schedule, today


def run_morning(panel: Panel) -> None:
    """Let somebody in at each reader, close and lock each door, and report its state.

    A panel sends only changes, so without this a new client knows no state.
    """
    people = cycle(panel.people.values())
    for door in panel.doors.values():
        device = door.device
        if device["type"] in (*READERS, *ADDITIONAL_READERS):
            candidates = (next(people) for _ in panel.people)
            person = next(
                (
                    p
                    for p in candidates
                    if p.may_open(device["id"]) and p.is_valid(today())
                ),
                None,
            )
            if person:
                reader.present(panel, door, {"person": person.id})
    for door in panel.doors.values():
        if door.device["type"] not in ADDITIONAL_READERS:
            _settle(panel, door)


def _settle(panel: Panel, door: Door) -> None:
    """Close and lock a door, and report all of its state, changed or not."""
    device = door.device
    door.set_relay(True)
    if device["dps"]:
        door.open_dps()
        door.close_dps()
    if door.state.dnd:
        door.toggle_dnd()
    door.schedule(False)
    door.lock()
    door.clear_forced()
    reports = {
        "door.input.rex.off": device["rex"],
        "door.alarm.propped.off": device["dps"] and device["propAlarm"],
        "door.alarm.forced.cleared": device["dps"] and device["forcedAlarm"],
        "door.forceclose.off": True,
        "door.autoopen.off": has_schedule(device),
    }
    for topic, applies in reports.items():
        if applies:
            panel.publish_door_event(device["id"], topic)
