"""docs/reference.md says what the code does: forms, options, devices and entities."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from custom_components.prodatakey import (
    binary_sensor,
    const,
    live_event,
    repairs,
    sensor,
)
from custom_components.prodatakey.entity import DoorDescription
from custom_components.prodatakey.forms import OPTIONS
from custom_components.prodatakey.panel_door import PanelDoor
from custom_components.prodatakey.pdk.doors import Aspect, Door, DoorKind
from custom_components.prodatakey.pdk.events import Access
from homeassistant.util import dt as dt_util

from .reference import TABLES, column, default_of, names, range_of, tables
from .test_translations import DESCRIPTIONS, TEXTS


def test_every_table_is_compared() -> None:
    """Titles of tables are told apart by their first column."""
    assert len(TABLES) == len(list(tables())) == 14


@pytest.mark.parametrize(
    ("table", "ours"),
    [
        ("Error in the form", TEXTS["config"]["error"]),
        ("End without an entry", TEXTS["config"]["abort"]),
        ("Error", TEXTS["exceptions"]),
        ("Repair", dict.fromkeys(repairs.ALL)),
        ("Type of `access`", dict.fromkeys(Access)),
    ],
)
def test_names(table: str, ours: dict[str, object]) -> None:
    """Each is on the page once, and nothing else."""
    assert sorted(column(table)) == sorted(ours)


def test_forms() -> None:
    """Steps and their fields."""
    told = [(*names(row["Step"]), *names(row["Field"])) for row in TABLES["Step"]]
    steps = TEXTS["config"]["step"].items()
    assert told == [(step, field) for step, form in steps for field in form["data"]]


def test_options() -> None:
    """Names, defaults and what they take."""
    rows = {names(row["Option"])[0]: row for row in TABLES["Option"]}
    assert list(rows) == [str(key) for key in OPTIONS.schema]
    for key, taken in OPTIONS.schema.items():
        assert rows[str(key)]["Default"] == default_of(key), key
        config: dict[str, Any] = taken.config
        if "options" in config:
            assert names(rows[str(key)]["Values"]) == config["options"]
        if "unit_of_measurement" in config:
            assert config["unit_of_measurement"] == "s"
            expected = f"{range_of(config['min'], config['max'])} seconds"
            assert rows[str(key)]["Values"] == expected
    without = set(re.findall(r"`(\w+)`", rows["code"]["Meaning"]))
    assert without >= const.KEYS_ROUND_CODE


def test_kinds_of_devices() -> None:
    """What each type becomes, by its icon where that counts."""
    kinds = {
        "door": (DoorKind.DOOR, True),
        "door without a reader": (DoorKind.DOOR, False),
        "output": (DoorKind.OUTPUT, False),
        "second reader": (DoorKind.SECOND_READER, True),
    }
    for row in TABLES["Type"]:
        for kind in names(row["Type"]) or ["ofTheFuture"]:
            for icon in names(row["Icon"]) or ["", "swingingDoor", "fan"]:
                door = Door(id=1, name="", type=kind, icon=icon)
                told = kinds[row["Becomes"]]
                assert (door.kind, door.has_reader) == told, (kind, icon)


DOORS = {
    "door": Door(id=1, name="", type="primaryReader"),
    "gate": Door(id=1, name="", type="ioDevice", icon="swingingGate"),
    "output": Door(id=1, name="", type="ioDevice", icon="fan"),
    "second reader": Door(id=1, name="", type="additionalReader"),
}
HAVE = {
    "door": {"door", "gate"},
    "door, output": {"door", "gate", "output"},
    "output": {"output"},
    "door with a reader, second reader": {"door", "second reader"},
    "any, with a position sensor": set(),
    "any, with a request-to-exit sensor": set(),
}


def test_entities() -> None:
    """Platform, key, device class, category, and whether they are enabled at first."""
    rows = {
        (names(r["Platform"])[0], names(r["Key"])[0]): r for r in TABLES["Platform"]
    }
    described = {(p, d.key): d for p, ds in DESCRIPTIONS.items() for d in ds}
    assert rows.keys() == described.keys()
    assert len(rows) == len(TABLES["Platform"])
    for key, row in rows.items():
        entity = described[key]
        device_class = f"`{entity.device_class}`" if entity.device_class else ""
        if entity.key != "dps":
            assert row["Device class"] == device_class, key
        assert row["Category"] == (entity.entity_category or ""), key
        enabled = "yes" if entity.entity_registry_enabled_default else "no"
        assert row["Enabled"] == enabled, key
        if isinstance(entity, DoorDescription):
            bare = {
                n for n, d in DOORS.items() if entity.supported_fn(PanelDoor(door=d))
            }
            assert bare == HAVE[row["Of"]], key
            if row["Of"].startswith("any"):
                full = PanelDoor(door=DOORS["output"], shown=set(Aspect))
                assert entity.supported_fn(full), key


@pytest.mark.parametrize(
    ("icon", "told"),
    [(None, "door"), ("swingingGate", "opening"), ("rollUpDoor", "garage_door")],
)
def test_class_of_the_position(icon: str | None, told: str) -> None:
    """It depends on what kind of door it is."""
    (row,) = [row for row in TABLES["Platform"] if row["Key"] == "`dps`"]
    assert f"`{told}`" in row["Device class"] + row["Shows or does"]
    described = next(d for d in binary_sensor.BINARY_SENSORS if d.key == "dps")
    door = SimpleNamespace(door=Door(id=1, name="", icon=icon))
    dps: Any = SimpleNamespace(entity_description=described, panel_door=door)
    shown: Any = binary_sensor.DoorBinarySensor.device_class
    assert shown.fget(dps) == told


def test_attributes() -> None:
    """Of the two entities that have any of their own."""
    attributes = TEXTS["entity"]["event"]["access"]["state_attributes"].keys()
    assert set(column("Attribute of `access`")) - {"access"} == (
        attributes - {"event_type"}
    )
    line = live_event.Activity(message="", topic=None, occurred=dt_util.utcnow())
    stub: Any = SimpleNamespace(coordinator=SimpleNamespace(activity=line))
    shown: Any = sensor.LastActivity.extra_state_attributes
    assert column("Attribute of `last_activity`") == list(shown.fget(stub))
