"""A building as its people know it: entrance, rooms, deliveries and outputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulator.scenario import (
    ADDITIONAL_READERS,
    DOOR_ICONS,
    READERS,
    Device,
    PanelSpec,
)

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Action:
    """A planned action at a door, `at` seconds after midnight."""

    at: float
    panel: str
    door: int | str
    name: str
    person: str | None
    body: Mapping[str, Any]


def today() -> str:
    """Return the day in ISO 8601."""
    return datetime.now(UTC).date().isoformat()


def has_schedule(device: Device) -> bool:
    """Return whether PDK unlocks a door by schedule: gates, in the daytime."""
    return bool(device["publicIcon"] == "swingingGate")


class Site:
    """The doors of a panel by their use; the first reader is the entrance."""

    def __init__(self, panel: PanelSpec) -> None:
        """Initialize the site of a panel."""
        kinds = (*READERS, *ADDITIONAL_READERS)
        others = [each for each in panel.doors if each["type"] not in kinds]
        self.panel = panel.id
        self.people = panel.people
        self.readers = [each for each in panel.doors if each["type"] in READERS]
        self.entrance = self.readers[0] if self.readers else None
        self.rooms = self.readers[1:]
        self.scheduled = [d for d in panel.doors if has_schedule(d)]
        self.deliveries = [d for d in others if d["publicIcon"] in DOOR_ICONS]
        self.outputs = [d for d in others if d["publicIcon"] not in DOOR_ICONS]
        self.exit_reader: Device | None = None
        for each in panel.doors:
            if self.entrance and each.get("primaryReader") == self.entrance["id"]:
                self.exit_reader = each

    def action(
        self, at: float, door: Device, name: str, by: str | None = None, **body: Any
    ) -> Action:
        """Return an action at one of the doors."""
        return Action(round(at, 1), self.panel, door["id"], name, by, body)
