"""What a simulated pdk.io consists of, read from JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
import json
from pathlib import Path
from typing import Any

from .devices import Device, device

BUILT_IN = Path(__file__).with_name("demo.json")


class ScenarioError(Exception):
    """A scenario, or a part of one, makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with a credential."""

    id: int
    first_name: str
    last_name: str
    pin: str | None = None
    doors: frozenset[int | str] | None = None

    @property
    def name(self) -> str:
        """Return the name as live events show it."""
        return f"{self.first_name} {self.last_name}".strip()

    def may_open(self, door_id: int | str) -> bool:
        """Tell whether no rule keeps this person out of the door."""
        return self.doors is None or door_id in self.doors


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A wireless radio that doors hang on."""

    io_link_id: int
    address: str
    io_link_type: str
    io_link_name: str
    doors: tuple[int | str, ...]
    db_gain: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A client of the accounts service."""

    client_id: str
    client_secret: str
    panels: frozenset[str] | None = None

    def may_use(self, panel_id: str) -> bool:
        """Tell whether a user of the panel's site has given a permission."""
        return self.panels is None or panel_id in self.panels


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgUnit:
    """A child of the OU tree; its parent is the root unless named."""

    name: str
    parent: str | None = None
    system_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelSpec:
    """A panel and all that belongs to it."""

    id: str
    name: str
    online: bool = True
    ou: str | None = None
    doors: tuple[Device, ...] = ()
    people: tuple[Person, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeSpec:
    """That the doors live by themselves, from a time of the first day on.

    Without a time it is just before the first person comes.
    """

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
    life: LifeSpec | None = None


def load(path: Path = BUILT_IN) -> Scenario:
    """Read a scenario from a file."""
    try:
        source = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ScenarioError(f"{path} is not JSON: {error}") from None
    return scenario(source)


def scenario(source: Mapping[str, Any]) -> Scenario:
    """Build a scenario from JSON."""
    try:
        return Scenario(
            applications=tuple(
                _application(each)
                for each in source.get(
                    "applications",
                    [{"client_id": "demo", "client_secret": "demo-secret"}],
                )
            ),
            panels=tuple(panel(each) for each in source.get("panels", ())),
            ous=tuple(_org_unit(each) for each in source.get("ous", ())),
            faults=source.get("faults", {}),
            speed=float(source.get("speed", 1.0)),
            life=_life(source["life"]) if "life" in source else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        raise ScenarioError(f"{type(err).__name__}: {err}") from err


def panel(source: Mapping[str, Any]) -> PanelSpec:
    """Build a panel from JSON."""
    return PanelSpec(
        id=source["id"],
        name=source.get("name", source["id"]),
        online=source.get("online", True),
        ou=source.get("ou"),
        doors=tuple(device(each) for each in source.get("doors", ())),
        people=tuple(_person(each) for each in source.get("people", ())),
        endpoints=tuple(_endpoint(each) for each in source.get("endpoints", ())),
    )


def _application(source: Mapping[str, Any]) -> Application:
    return Application(
        client_id=source["client_id"],
        client_secret=source["client_secret"],
        panels=_ids(source, "panels"),
    )


def _org_unit(source: Mapping[str, Any]) -> OrgUnit:
    return OrgUnit(
        name=source["name"],
        parent=source.get("parent"),
        system_id=source.get("systemId"),
    )


def _person(source: Mapping[str, Any]) -> Person:
    return Person(
        id=source["id"],
        first_name=source.get("firstName", ""),
        last_name=source.get("lastName", ""),
        pin=source.get("pin"),
        doors=_ids(source, "doors"),
    )


def _endpoint(source: Mapping[str, Any]) -> Endpoint:
    return Endpoint(
        io_link_id=source.get("ioLinkId", 1),
        address=source["address"],
        io_link_type=source.get("ioLinkType", "wirelessCoordinator"),
        io_link_name=source.get("ioLinkName", "wimac"),
        doors=tuple(source.get("doors", ())),
        db_gain=source.get("dbGain", 40),
    )


def _life(source: Mapping[str, Any]) -> LifeSpec:
    return LifeSpec(
        seed=int(source.get("seed", 0)),
        begins=seconds_of_day(source["begins"]) if "begins" in source else None,
    )


def seconds_of_day(text: str) -> float:
    """Return how long after midnight a time such as 07:30 is."""
    at = time.fromisoformat(text)
    return at.hour * 3600.0 + at.minute * 60.0 + at.second


def _ids(source: Mapping[str, Any], key: str) -> frozenset[Any] | None:
    ids = source.get(key)
    return None if ids is None else frozenset(ids)
