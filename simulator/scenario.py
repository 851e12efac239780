"""The content of a simulated pdk.io, read from JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import time
import json
from pathlib import Path
import re
from typing import Any
from uuid import NAMESPACE_OID, uuid5

BUILT_IN = Path(__file__).with_name("demo.json")

READERS = ("primaryReader", "elevatorReader")
ADDITIONAL_READERS = ("additionalReader", "additionalElevatorReader")
DOOR_ICONS = ("swingingDoor", "swingingGate", "rollUpDoor")

type Json = Mapping[str, Any]
# A device as the panel's REST API shows it.
type Device = dict[str, Any]

# In the order of PDK's documentation.
_DEVICE_DEFAULTS: Device = {
    "id": 0,
    "name": "",
    "connection": 1,
    "port": 1,
    "partition": [{"id": 0, "name": "Default"}],
    "type": "primaryReader",
    "publicIcon": "swingingDoor",
    "inputTypes": ["wiegand"],
    "readerType": "red",
    "delay": 0,
    "dwell": 30,
    "dps": False,
    "propAlarm": False,
    "propDelay": 0,
    "rex": False,
    "forcedAlarm": False,
    "autoOpenAfterFirstAllow": False,
    "hardwareVersion": "red1cn.d",
    "serialNumber": "8003323",
    "firmwareVersion": "1.1.41",
    "created": "2023-05-17 15:59:30",
    "metadata": {},
}


class ScenarioError(Exception):
    """The scenario is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person with a credential; `doors` of None means every door.

    The dates are days: the first and the last one on which the person is let in.
    """

    id: int
    first_name: str = ""
    last_name: str = ""
    pin: str | None = None
    doors: tuple[int | str, ...] | None = None
    enabled: bool = True
    active_date: str | None = None
    expire_date: str | None = None

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def label(self) -> str:
        """Return the name for the page, with what limits the person."""
        limits = {"from": self.active_date, "until": self.expire_date}
        notes = [f"{key} {on}" for key, on in limits.items() if on]
        if not self.enabled:
            notes = ["disabled"]
        return f"{self.name} ({' '.join(notes)})" if notes else self.name

    def is_valid(self, day: str) -> bool:
        """Return whether the person is let in anywhere, on a day in ISO 8601."""
        has_begun = self.active_date is None or self.active_date <= day
        has_ended = self.expire_date is not None and self.expire_date < day
        return self.enabled and has_begun and not has_ended

    def may_open(self, door_id: int | str) -> bool:
        """Return whether the rules let the person in at a door."""
        return self.doors is None or door_id in self.doors


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A wireless endpoint; one without `db_gain` is out of reach."""

    address: str
    io_link_id: int = 1
    io_link_type: str = "wirelessCoordinator"
    io_link_name: str = "wimac"
    doors: tuple[int | str, ...] = ()
    db_gain: int | None = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A client of the accounts service; `panels` of None means every panel."""

    client_id: str
    client_secret: str
    panels: tuple[str, ...] | None = None

    def may_use(self, panel_id: str) -> bool:
        """Return whether the application has permission for a panel."""
        return self.panels is None or panel_id in self.panels


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgUnit:
    """A child in the tree of organizational units; the default parent is the root."""

    name: str
    parent: str | None = None
    system_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSpec:
    """What a panel is in PDK 2.0: a cloud node of a system."""

    id: str
    cloud_node: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec:
    """A panel with its doors, people and endpoints; of PDK 1.0 or 2.0."""

    id: str
    name: str
    system: SystemSpec
    generation: int = 1
    online: bool = True
    ou: str | None = None
    doors: tuple[Device, ...] = ()
    people: tuple[Person, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSpec:
    """How people come and go: from `begins`, else from just before the first arrival."""

    seed: int = 0
    begins: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole simulated pdk.io."""

    applications: tuple[Application, ...]
    panels: tuple[PanelSpec, ...]
    ous: tuple[OrgUnit, ...] = ()
    faults: Mapping[str, Any] = field(default_factory=dict)
    speed: float = 1.0
    people: PeopleSpec | None = None


def load(path: Path = BUILT_IN) -> Scenario:
    """Read a scenario from a file."""
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ScenarioError(f"{path} is not JSON: {error}") from None
    return scenario(source)


def scenario(source: Json) -> Scenario:
    """Build a scenario from JSON."""
    default = [{"client_id": "demo", "client_secret": "demo-secret"}]
    try:
        applications = source.get("applications", default)
        return Scenario(
            applications=tuple(_build(Application, each) for each in applications),
            panels=tuple(panel(each) for each in source.get("panels", ())),
            ous=tuple(_build(OrgUnit, each) for each in source.get("ous", ())),
            faults=source.get("faults", {}),
            speed=float(source.get("speed", 1.0)),
            people=_people(source["life"]) if "life" in source else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise ScenarioError(f"{type(err).__name__}: {err}") from err


def panel(source: Json) -> PanelSpec:
    """Build a panel from JSON."""
    system = {
        each: stable_id(source["id"], each) for each in ("id", "cloud_node")
    } | source.get("system", {})
    parts = {
        "system": _build(SystemSpec, system),
        "doors": [device(each) for each in source.get("doors", ())],
        "people": [_build(Person, each) for each in source.get("people", ())],
        "endpoints": [_build(Endpoint, each) for each in source.get("endpoints", ())],
    }
    spec: PanelSpec = _build(PanelSpec, {"name": source["id"], **source, **parts})
    return spec


def device(source: Json) -> Device:
    """Complete a device with default values."""
    door_id = source["id"]
    own = {"name": f"Door {door_id}", "port": door_id, "serialNumber": f"80{door_id}"}
    return _DEVICE_DEFAULTS | own | dict(source)


def stable_id(panel_id: str, kind: str, key: object = "") -> str:
    """Return an id of PDK 2.0, which is the same in each run."""
    return str(uuid5(NAMESPACE_OID, f"{panel_id} {kind} {key}"))


def device_id(panel_id: str, door_id: int | str) -> str:
    """Return the id that a door of a panel has in PDK 2.0."""
    return stable_id(panel_id, "device", door_id)


def seconds_of_day(text: str) -> float:
    """Return the seconds after midnight of a time such as 07:30."""
    at = time.fromisoformat(text)
    return at.hour * 3600.0 + at.minute * 60.0 + at.second


def _people(source: Json) -> PeopleSpec:
    begins = seconds_of_day(source["begins"]) if "begins" in source else None
    return PeopleSpec(seed=int(source.get("seed", 0)), begins=begins)


def _build(kind: type[Any], source: Json) -> Any:
    """Build a dataclass from the JSON fields that it knows."""
    values = {
        re.sub("[A-Z]", lambda upper: f"_{upper[0].lower()}", key): tuple(value)
        if isinstance(value, list)
        else value
        for key, value in source.items()
    }
    known = {each.name for each in fields(kind)}
    return kind(**{key: values[key] for key in known & values.keys()})
