"""The documents and the icons name exactly what there is."""

from collections import Counter, defaultdict
from dataclasses import fields
import json
import re

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.coordinator import MAX_DOORS
from custom_components.prodatakey.options import Options
from custom_components.prodatakey.pdk import ActuateForceToggle
from custom_components.prodatakey.switch import _OUTPUT_KEYS as OUTPUT_KEYS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util.yaml import load_yaml_dict

from .common import COMPONENT, PANEL, PROJECT, TEXTS, WORKSHOP, Json, Site

REFERENCE = (PROJECT / "docs" / "reference.md").read_text("utf-8")
README = (PROJECT / "README.md").read_text("utf-8")
ICONS: Json = json.loads((COMPONENT / "icons.json").read_text("utf-8"))
# Attributes that Home Assistant itself adds to entities of these platforms.
ATTRIBUTES_OF_HOME_ASSISTANT = {
    "assumed_state",
    "code_format",
    "device_class",
    "event_type",
    "event_types",
    "friendly_name",
    "state_class",
    "supported_features",
}
CONFIG = TEXTS["config"]


def rows(document: str, head: str) -> list[list[str]]:
    """Return the cells of the one table whose head begins with these cells."""
    table = re.compile(
        rf"^\| {re.escape(head)} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", re.MULTILINE
    )
    [body] = table.findall(document)
    return [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in body.splitlines()
    ]


def names(cell: str) -> list[str]:
    """Return what a cell has in the type of code."""
    return re.findall(r"`([^`]+)`", cell)


def documented(head: str) -> set[str]:
    """Return the names in the first column of a table of the reference."""
    return {
        name.removeprefix(f"{DOMAIN}.")
        for row in rows(REFERENCE, head)
        for name in names(row[0])
    }


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Error in the form", {*CONFIG["error"], *TEXTS["options"]["error"]}),
        ("End without an entry", CONFIG["abort"].keys()),
        ("Option", {each.name for each in fields(Options)}),
        ("Error", TEXTS["exceptions"].keys()),
        ("Trigger", TEXTS["triggers"].keys()),
        ("Condition", TEXTS["conditions"].keys()),
        ("Repair", TEXTS["issues"].keys()),
        ("Key | Meaning", TEXTS["system_health"]["info"].keys()),
    ],
)
def test_tables(head: str, expected: set[str]) -> None:
    """Each table of the reference has a row for each thing that the texts name."""
    assert documented(head) == set(expected)


def test_fields() -> None:
    """The reference has a row for each field of the set-up and of the actions."""
    steps = {
        (step, field)
        for step, texts in CONFIG["step"].items()
        for field in texts.get("data", {})
    }
    assert steps == {
        (step, field)
        for row in rows(REFERENCE, "Step | Field")
        for step in names(row[0])
        for field in names(row[1])
    }
    services = load_yaml_dict(str(COMPONENT / "services.yaml"))
    assert {
        (action, field)
        for action, described in services.items()
        for field in (described or {}).get("fields", {})
    } == {(*names(row[0]), *names(row[1])) for row in rows(REFERENCE, "Action | Field")}


def test_files() -> None:
    """The table of files in docs/architecture.md has each file of the integration."""
    architecture = (PROJECT / "docs" / "architecture.md").read_text("utf-8")
    shown = set()
    for files, content in rows(architecture, "file"):
        for name in names(files):
            inside = [each for each in names(content) if each.endswith(".py")]
            shown |= {f"{name}{each}" for each in inside} if name[-1] == "/" else {name}
    ours = {str(path.relative_to(COMPONENT)) for path in COMPONENT.rglob("*.py")}
    assert {each for each in ours if not each.endswith("/__init__.py")} == shown


@pytest.mark.parametrize("name", ["architecture", "protocol", "reliability"])
def test_names_of_code(name: str) -> None:
    """The documents for developers name only files, classes and functions that exist."""
    document = (PROJECT / "docs" / f"{name}.md").read_text("utf-8")
    named = set(re.findall(r"`([A-Za-z_][\w./]*)`", document))
    files = {each for each in named if each.endswith(".py")}
    assert not [
        each
        for each in files
        if not any((folder / each).exists() for folder in (PROJECT, COMPONENT))
        and not any(COMPONENT.glob(f"pdk/v?/{each}"))
    ]
    code = "\n".join(path.read_text("utf-8") for path in COMPONENT.rglob("*.py"))
    words = set(re.findall(r"\w+", code))
    dotted = {each for each in named - files if re.search(r"[A-Z]\w*\.[a-z_]", each)}
    assert not [each for each in dotted if not words.issuperset(each.split("."))]


def test_icons() -> None:
    """Each action, trigger and condition has an icon, and no icon is of something else."""
    for kind in ("services", "triggers", "conditions"):
        assert ICONS[kind].keys() == TEXTS[kind].keys()
    for platform, icons in ICONS["entity"].items():
        known = {*TEXTS["entity"].get(platform, {})}
        # the names of outputs are those of their devices
        known |= {"output", *OUTPUT_KEYS.values()} if platform == "switch" else set()
        assert icons.keys() <= known


def without_brackets(name: str) -> str:
    """Return a name without what is added in brackets."""
    return re.sub(r" \(.*\)", "", name)


def test_entities_in_the_readme() -> None:
    """The README's table names each entity of a door, an output, a panel or an endpoint."""
    ours = {
        without_brackets(texts["name"])
        for platform in TEXTS["entity"].values()
        for texts in platform.values()
        if "name" in texts
    }
    # Two have the name of their device.
    ours |= {"Lock", "Switch"}
    shown = [
        name
        for row in rows(README, "entity")
        for name in without_brackets(row[0]).split(", ")
    ]
    assert sorted(shown) == sorted(ours)


@pytest.fixture
async def registered(
    hass: HomeAssistant, site: Site, workshop: MockConfigEntry
) -> dict[tuple[str, str], list[er.RegistryEntry]]:
    """Set up a site of each generation; return all entities by platform and key."""
    other = Site(hass, workshop, site.pdk)
    await other.set_up()
    await site.discover()
    for _ in range(2):
        await site.entry.runtime_data.panel.send(ActuateForceToggle(1))
    await site.happen(1, "badge", person=1)
    await site.happen(3, "badge", person=5)
    await site.happen(1, "schedule")
    await site.wait_for_state("binary_sensor.front_door_unlocked_by_schedule", "on")
    await site.act("prodatakey.hold_open")
    for topic in ("device.alarm.circuitbreaker", "controller.alarm.comloss"):
        await site.pdk.report(WORKSHOP, f"{topic}.on", 1)
    await site.pdk.report(WORKSHOP, "controller.input.lp.on")
    await site.wait_for_state("binary_sensor.workshop_low_power", "on")
    found = defaultdict(list)
    for entity in er.async_get(hass).entities.values():
        device = dr.async_get(hass).async_get(entity.device_id or "")
        assert device
        [(_, identifier)] = device.identifiers
        key = entity.unique_id.removeprefix(f"{identifier}_")
        found[entity.domain, key].append(entity)
    return found


async def test_entities(
    hass: HomeAssistant,
    registered: dict[tuple[str, str], list[er.RegistryEntry]],
) -> None:
    """Each entity is in the reference, with its attributes, and has an icon or a class.

    As many as a door and its endpoint have fit into an entry with all doors.
    """
    expected = set()
    attributes = defaultdict(set)
    for (platform, key), entities in registered.items():
        pdk1 = [each for each in entities if PANEL in each.unique_id]
        for each in pdk1 or entities:
            # that of a roll-up door, which the table mentions beside the other
            device_class = (each.original_device_class or "").replace("garage_", "")
            enabled = "no" if each.disabled_by else "yes"
            category = each.entity_category or ""
            expected.add((platform, key, device_class, category, enabled))
        states = [hass.states.get(each.entity_id) for each in entities]
        own = {name for state in states if state for name in state.attributes}
        if own := own - ATTRIBUTES_OF_HOME_ASSISTANT:
            attributes[key] = own
        if platform != "lock" and not any(x.original_device_class for x in entities):
            icons = ICONS["entity"][platform]
            assert all(each.translation_key in icons for each in entities), key
    shown = {
        (*names(row[0]), key, *(cell.replace("`", "") for cell in row[3:6]))
        for row in rows(REFERENCE, "Platform")
        for key in names(row[1])
    }
    assert shown == expected
    # an entry of Home Assistant takes 10,000 enabled entities; who enables more has fewer
    enabled_by_users = {("binary_sensor", "latched")}
    most = Counter(
        each.device_id
        for key, entities in registered.items()
        for each in entities
        if not each.disabled_by
        and "_endpoint_" not in each.unique_id
        and key not in enabled_by_users
    ).most_common(1)[0][1]
    assert MAX_DOORS * (most + 1) <= 9_950
    assert {
        key: documented(f"Attribute of {head}")
        for head, key in re.findall(
            r"\| Attribute of ((?:the )?`?(\w+)`?) \|", REFERENCE
        )
    } == attributes
