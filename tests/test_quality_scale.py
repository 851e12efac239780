"""The rules of the Integration Quality Scale that quality_scale.yaml calls done are.

Each has a proof here: a function of the rule's name, a test with Home Assistant running, or a
test of another file that could not be there without it.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import metadata
import json
import logging
from pathlib import Path
import re
import string
import tomllib
from typing import Any

from packaging.requirements import Requirement
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey import (
    PLATFORMS,
    binary_sensor,
    button,
    config_flow,
    coordinator,
    diagnostics,
    entity,
    event,
    lock,
    repairs,
    sensor,
    switch,
)
from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.errors import _KEYS
from homeassistant.config_entries import ConfigFlow
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml

from .common import PANEL, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

PROJECT = Path(__file__).parent.parent
COMPONENT = PROJECT / "custom_components" / DOMAIN
TESTS = PROJECT / "tests"

type Json = dict[str, Any]


def read(path: Path) -> Json:
    """Return what a file of JSON or YAML holds."""
    content = parse_yaml(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


MANIFEST = read(COMPONENT / "manifest.json")
ENGLISH = read(COMPONENT / "translations" / "en.json")
ICONS = read(COMPONENT / "icons.json")
SERVICES = read(COMPONENT / "services.yaml")
RULES = read(COMPONENT / "quality_scale.yaml")["rules"]
README = (PROJECT / "README.md").read_text("utf-8")

TIERS = {
    "bronze": [
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow-test-coverage",
        "config-flow",
        "dependency-transparency",
        "docs-actions",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "docs-triggers",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    ],
    "silver": [
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    ],
    "gold": [
        "devices",
        "diagnostics",
        "discovery-update-info",
        "discovery",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    ],
    "platinum": ["async-dependency", "inject-websession", "strict-typing"],
}


def status(rule: str) -> str:
    """Return whether a rule is done, exempt or still to be done."""
    said = RULES[rule]
    return str(said["status"] if isinstance(said, dict) else said)


def test_every_rule_is_there() -> None:
    """All 54, tier by tier, and what is not done says why."""
    assert list(RULES) == [rule for tier in TIERS.values() for rule in tier]
    assert len(RULES) == 54
    for rule, said in RULES.items():
        assert status(rule) in ("done", "exempt", "todo"), rule
        if status(rule) != "done":
            assert said["comment"].strip().endswith("."), rule


def test_the_manifest_claims_what_is_true() -> None:
    """Every rule up to the tier that it names is done or exempt."""
    tiers = list(TIERS)
    claimed = tiers[: tiers.index(MANIFEST["quality_scale"]) + 1]
    rules = [rule for tier in claimed for rule in TIERS[tier]]
    if to_do := [rule for rule in rules if status(rule) == "todo"]:
        pytest.xfail(f"still to be done: {', '.join(to_do)}")


# --- proofs that need nothing but the files

PROOFS: dict[str, Callable[[], None]] = {}


def proves(*rules: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a proof of these rules."""

    def register(proof: Callable[[], None]) -> Callable[[], None]:
        PROOFS.update(dict.fromkeys(rules, proof))
        return proof

    return register


# Shown below with Home Assistant running.
LIVE = {
    "action-setup",
    "config-entry-unloading",
    "devices",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-event-setup",
    "entity-translations",
    "entity-unavailable",
    "entity-unique-id",
    "has-entity-name",
    "icon-translations",
    "log-when-unavailable",
    "stale-devices",
}

# Shown by tests of other files.
ELSEWHERE = {
    "action-exceptions": ("test_services.py", "test_half_an_endpoint"),
    "test-before-configure": ("test_config_flow.py", "test_the_panel_does_not_work"),
    "test-before-setup": ("test_init.py", "test_set_up_fails"),
    "unique-config-entry": ("test_config_flow.py", "test_two_flows_for_one_panel"),
}


@pytest.mark.parametrize("rule", [rule for rule in RULES if status(rule) == "done"])
def test_done(rule: str) -> None:
    """A rule that is done has a proof."""
    if rule in ELSEWHERE:
        file, test = ELSEWHERE[rule]
        assert f"def {test}(" in (TESTS / file).read_text("utf-8")
    elif rule not in LIVE:
        PROOFS[rule]()


@cache
def trees() -> dict[Path, ast.Module]:
    """Return the integration's files, parsed."""
    return {
        path: ast.parse(path.read_text("utf-8")) for path in COMPONENT.rglob("*.py")
    }


def source() -> str:
    """Return all of the integration's code, without its comments."""
    return "\n".join(map(ast.unparse, trees().values()))


def nodes[T: ast.AST](kind: type[T]) -> Iterator[tuple[Path, T]]:
    """Yield the nodes of one kind in all of the integration."""
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield path, node


def called(node: ast.Call) -> str:
    """Return what is called, as it is written."""
    return ast.unparse(node.func)


@proves("appropriate-polling")
def prove_polling() -> None:
    """Entities do not poll; the list of doors is read seldom."""
    assert "_attr_should_poll = False" in source()
    assert coordinator.READING_INTERVAL.total_seconds() >= 3600


@proves("brands")
def prove_brands() -> None:
    """The images are there; test_hassfest looks at them."""
    assert (COMPONENT / "brand" / "icon.png").exists()


@proves("common-modules")
def prove_common_modules() -> None:
    """The coordinator and the base entity are where everyone looks for them."""
    assert coordinator.PanelCoordinator.__module__.endswith(".coordinator")
    assert entity.ProdatakeyEntity.__module__.endswith(".entity")


@proves("config-flow")
def prove_config_flow() -> None:
    """Set up in the user interface, with each field described."""
    assert MANIFEST["config_flow"] is True
    assert issubclass(config_flow.ProdatakeyConfigFlow, ConfigFlow)
    for flow in (ENGLISH["config"], ENGLISH["options"]):
        for step in flow["step"].values():
            assert set(step["data"]) == set(step["data_description"])


@proves("config-flow-test-coverage")
def prove_flow_tests() -> None:
    """Every step, error and way out of the flows is in a test."""
    tests = "".join(path.read_text("utf-8") for path in TESTS.glob("test_*.py"))
    config = ENGLISH["config"]
    for key in (*config["step"], *config["error"], *config["abort"]):
        assert f'"{key}"' in tests, key
    assert "options.async_init" in tests


@proves("dependency-transparency")
def prove_dependencies() -> None:
    """What is required is from PyPI, under an open license, and is what is tested."""
    for requirement in map(Requirement, MANIFEST["requirements"]):
        package = metadata(requirement.name)
        assert package["License-Expression"] in ("Apache-2.0", "BSD-3-Clause", "MIT")
        assert requirement.specifier.contains(package["Version"])


@proves("runtime-data")
def prove_runtime_data() -> None:
    """What belongs to an entry is in the entry, with its type."""
    assert "type ProdatakeyConfigEntry = ConfigEntry[PanelCoordinator]" in source()
    assert "entry.runtime_data = coordinator" in source()
    assert "hass.data[DOMAIN]" not in source()


@proves("integration-owner")
def prove_owner() -> None:
    """Somebody answers for it."""
    assert MANIFEST["codeowners"]


@proves("parallel-updates")
def prove_parallel_updates() -> None:
    """Every platform says how many updates there may be at once."""
    modules = (binary_sensor, button, event, lock, sensor, switch)
    assert [module.__name__.split(".")[-1] for module in modules] == PLATFORMS
    assert all(module.PARALLEL_UPDATES == 0 for module in modules)


@proves("reauthentication-flow", "reconfiguration-flow")
def prove_flows() -> None:
    """Credentials can be renewed, and changed, and both are tested."""
    steps = vars(config_flow.ProdatakeyConfigFlow)
    assert {"async_step_reauth_confirm", "async_step_reconfigure"} <= set(steps)
    tests = (TESTS / "test_reauth.py").read_text("utf-8")
    assert '"reauth_successful"' in tests
    assert '"reconfigure_successful"' in tests


@proves("test-coverage")
def prove_coverage() -> None:
    """The tests fail below 95 %, and leave nothing of the integration out."""
    assert "--cov-fail-under=95" in (PROJECT / "scripts" / "test").read_text("utf-8")
    coverage = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"][
        "coverage"
    ]
    assert coverage["run"]["source"] == ["custom_components"]
    assert "omit" not in coverage["run"]
    assert "omit" not in coverage["report"]


@proves("diagnostics")
def prove_diagnostics() -> None:
    """For the entry and for a device, without what must not leave."""
    for what in ("config_entry", "device"):
        assert f"async_get_{what}_diagnostics" in vars(diagnostics)
    assert {"client_id", "client_secret", "code"} <= diagnostics.TO_REDACT


@proves("repair-issues")
def prove_repairs() -> None:
    """Every issue has words."""
    assert set(repairs.ALL) == set(ENGLISH["issues"])


@proves("exception-translations")
def prove_exceptions() -> None:
    """Every error that a user sees has words, and these have what they need."""
    texts = {key: text["message"] for key, text in ENGLISH["exceptions"].items()}
    raised: set[str] = set()
    for path, call in nodes(ast.Call):
        if called(call).split(".")[-1] not in (
            "ConfigEntryAuthFailed",
            "ConfigEntryError",
            "ConfigEntryNotReady",
            "HomeAssistantError",
            "ServiceValidationError",
        ):
            continue
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        assert not call.args, path
        assert "translation_domain" in keywords, path
        key = keywords["translation_key"]
        if isinstance(key, ast.Constant):
            given = keywords.get("translation_placeholders")
            names = {
                ast.literal_eval(name)
                for name in (given.keys if isinstance(given, ast.Dict) else [])
                if name is not None
            }
            assert names == placeholders(texts[str(key.value)]), key.value
            raised.add(str(key.value))
    for key_of_pdk in _KEYS.values():
        assert placeholders(texts[key_of_pdk]) <= {"panel", "reason"}
    assert raised | set(_KEYS.values()) == set(texts)


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@proves("async-dependency")
def prove_async() -> None:
    """Nothing that blocks is imported or called, and Socket.IO is its asyncio half."""
    blocking = {"http.client", "requests", "sqlite3", "subprocess", "urllib.request"}
    for path, node in nodes(ast.Import):
        assert not blocking & {alias.name for alias in node.names}, path
    for path, origin in nodes(ast.ImportFrom):
        assert origin.module not in blocking, path
    calls = {called(call) for _, call in nodes(ast.Call)}
    assert not calls & {"open", "time.sleep", "socket.create_connection", "input"}
    names = {ast.unparse(node) for _, node in nodes(ast.Attribute)}
    assert {"engineio.AsyncClient", "socketio.AsyncClient"} <= names
    assert not names & {"engineio.Client", "socketio.Client"}


@proves("inject-websession")
def prove_session() -> None:
    """Home Assistant's session serves REST and stream, or one on its connections."""
    calls = [call for _, call in nodes(ast.Call)]
    for call in calls:
        if called(call).split(".")[-1] == "ClientSession":
            given = {
                keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords
            }
            assert given["connector"] == "session.connector"
            assert given["connector_owner"] == "False"
    assert any(called(call) == "async_get_clientsession" for call in calls)
    keywords = {keyword.arg for call in calls for keyword in call.keywords}
    assert "http_session" in keywords


@proves("strict-typing")
def prove_typing() -> None:
    """Strict mode, without a way out of it for any of the integration's files."""
    mypy = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"][
        "mypy"
    ]
    assert mypy["strict"] is True
    assert f"custom_components.{DOMAIN}" in mypy["packages"]
    for override in mypy["overrides"]:
        assert not [name for name in override["module"] if "custom_components" in name]
    assert "mypy" in (PROJECT / "scripts" / "test").read_text("utf-8")
    for path in trees():
        assert "# mypy:" not in path.read_text("utf-8"), path


# --- the README

HEADINGS = re.findall(r"^#+ (.+)$", README, re.MULTILINE)


def has_heading(pattern: str) -> bool:
    """Return whether a section of the README is about this."""
    return any(re.search(pattern, heading, re.IGNORECASE) for heading in HEADINGS)


@proves("docs-high-level-description")
def prove_description() -> None:
    """What it is comes first, with a link to those who make it."""
    first = README.split("\n## ")[0]
    assert "https://www.prodatakey.com" in first
    assert len(first) > 300


@proves("docs-installation-instructions")
def prove_installation() -> None:
    """Over HACS, and by hand."""
    assert has_heading("install")
    assert "HACS" in README
    assert f"custom_components/{DOMAIN}" in README


@proves("docs-installation-parameters")
def prove_parameters() -> None:
    """What the set-up asks for, and where it comes from."""
    assert re.search("client ID", README, re.IGNORECASE)
    assert re.search("client secret", README, re.IGNORECASE)
    assert "permission" in README


@proves("docs-removal-instructions")
def prove_removal() -> None:
    """How to get rid of it."""
    assert has_heading("^remov")


@proves("docs-actions")
def prove_actions() -> None:
    """Each action, with each of its fields."""
    for action, description in SERVICES.items():
        assert f"{DOMAIN}.{action}" in README
        for field in description["fields"]:
            assert f"`{field}`" in README or field in README, field


@proves("docs-configuration-parameters")
def prove_options() -> None:
    """Each option, by the name that the form gives it."""
    for label in ENGLISH["options"]["step"]["init"]["data"].values():
        assert label in README, label


@proves("docs-data-update")
def prove_update() -> None:
    """That states are pushed, and how often the list of doors is read."""
    assert re.search("push", README, re.IGNORECASE)
    assert re.search("hourly|every hour|once an hour", README, re.IGNORECASE)


@proves("docs-examples")
def prove_examples() -> None:
    """An automation to copy, or one to import."""
    assert "```yaml" in README or "blueprint_import" in README


@proves("docs-known-limitations")
def prove_limitations() -> None:
    """What it cannot do."""
    assert has_heading("limit|cannot|can not|does not do")
    assert "PDK 2.0" in README


@proves("docs-supported-devices")
def prove_devices() -> None:
    """What hardware it is for."""
    assert has_heading("device|hardware|supported|works with")


@proves("docs-supported-functions")
def prove_functions() -> None:
    """Every entity, by its name."""
    for platform in ENGLISH["entity"].values():
        for texts in platform.values():
            if "name" in texts:
                assert texts["name"] in README, texts["name"]


@proves("docs-troubleshooting")
def prove_troubleshooting() -> None:
    """From what a user sees to what helps."""
    assert has_heading("does not work|troubleshoot")


@proves("docs-use-cases")
def prove_use_cases() -> None:
    """What it is good for."""
    assert has_heading("use|ideas|good for|what you can do|automat")


# --- exemptions that a program can check


def test_exempt() -> None:
    """There is no discovery, and there are no triggers and conditions of its own."""
    exempt = {rule for rule in RULES if status(rule) == "exempt"}
    about_discovery = {"discovery", "discovery-update-info"}
    assert exempt == {"docs-conditions", "docs-triggers", *about_discovery}
    ways = {"bluetooth", "dhcp", "homekit", "mqtt", "ssdp", "usb", "zeroconf"}
    assert not ways & set(MANIFEST)
    for file in ("condition.py", "conditions.yaml", "trigger.py", "triggers.yaml"):
        assert not (COMPONENT / file).exists()


# --- proofs with Home Assistant running


async def test_action_setup(hass: HomeAssistant) -> None:
    """The actions are there before any entry is, and are those that are described."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(SERVICES)


def entities(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """Return the entities of the entry."""
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


async def with_an_endpoint(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Let a wireless endpoint report, so that its entity is there too."""
    await panel.emit(
        PANEL,
        "endpoint.discovered",
        {"body": {"ioLinkId": 1, "address": "0013a200400a393b", "doors": []}},
    )
    await wait_until(lambda: hass.states.get("sensor.endpoint_0013a200400a393b_signal"))


async def test_entities(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Each has an id, a device, a name to translate, and an icon of some kind."""
    await with_an_endpoint(hass, panel)
    unique_ids: dict[str, int] = defaultdict(int)
    for entity_entry in entities(hass, entry):
        where = entity_entry.entity_id
        unique_ids[entity_entry.unique_id] += 1
        assert entity_entry.unique_id.startswith(f"{PANEL}_"), where
        assert entity_entry.has_entity_name, where
        assert entity_entry.device_id, where
        key = entity_entry.translation_key
        assert key, where
        named = key in ENGLISH["entity"].get(entity_entry.domain, {})
        assert named or entity_entry.original_name is None, where
        assert (
            key in ICONS["entity"].get(entity_entry.domain, {})
            or entity_entry.original_device_class
            or entity_entry.domain == "lock"
        ), where
    assert set(unique_ids.values()) == {1}
    keys = {(e.domain, e.translation_key) for e in entities(hass, entry)}
    for platform, texts in ENGLISH["entity"].items():
        assert {(platform, key) for key in texts} <= keys


async def test_what_the_entities_are(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Classes, categories, and what is off until somebody wants it."""
    await with_an_endpoint(hass, panel)
    found = entities(hass, entry)
    diagnostic = {
        e.translation_key
        for e in found
        if e.entity_category is EntityCategory.DIAGNOSTIC
    }
    config = {
        e.translation_key for e in found if e.entity_category is EntityCategory.CONFIG
    }
    off = {e.translation_key for e in found if e.disabled_by}
    classes = {
        e.translation_key: str(e.original_device_class)
        for e in found
        if e.original_device_class and e.translation_key != "dps"
    }
    assert diagnostic == {"connection", "force_close", "relay", "signal"}
    assert config == {"do_not_disturb"}
    assert off == {"force_toggle"}
    assert classes == {
        "connection": "connectivity",
        "forced": "tamper",
        "propped": "problem",
        "relay": "lock",
    }
    positions = {
        str(e.original_device_class) for e in found if e.translation_key == "dps"
    }
    assert positions == {"door", "garage_door", "opening"}


async def test_unloading(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Everyone has stopped listening, and the panel has no client any more."""
    listeners = entry.runtime_data.listeners
    assert listeners._by_subject
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not listeners._by_subject
    await panel.sockets(PANEL, 0)


async def test_unavailable(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    short_back_off: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities are unavailable while the panel is away; the log says so once each way."""
    caplog.set_level(logging.INFO, "custom_components.prodatakey")
    await panel.faults(handshake={"mode": "abort"})
    await panel.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})
    await wait_for_state(hass, "lock.front_door", "unavailable")
    await wait_for_state(hass, "binary_sensor.headquarters_connection", "off")
    failed = len(entry.runtime_data.stream.history.errors)
    await wait_until(lambda: len(entry.runtime_data.stream.history.errors) > failed + 2)
    await panel.faults(handshake=None)
    await wait_for_state(hass, "lock.front_door", "unknown")
    said = [record.getMessage() for record in caplog.records if record.levelno >= 20]
    about = [line for line in said if "available" in line and "Headquarters" in line]
    assert [line.split(":")[0] for line in about] == [
        "Headquarters is unavailable",
        "Headquarters is available again",
    ]


async def test_devices_come_and_go(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """A door that is new appears; one that is gone goes. Neither needs a reload."""
    registry = dr.async_get(hass)

    def device_ids() -> set[str]:
        devices = dr.async_entries_for_config_entry(registry, entry.entry_id)
        return {name for device in devices for _, name in device.identifiers}

    body = {"doorId": 99, "door": {"id": 99, "name": "Annex"}}
    await panel.emit(PANEL, "door.input.relay.on", {"body": body})
    await wait_for_state(hass, "lock.annex", "unlocked")
    assert f"{PANEL}_99" in device_ids()

    doors = entry.runtime_data.doors
    listed = [known.door for known in doors.known.values() if known.id != 99]
    doors.take(listed)
    assert f"{PANEL}_99" in device_ids()
    doors.take(listed)
    await hass.async_block_till_done()
    assert f"{PANEL}_99" not in device_ids()
    assert hass.states.get("lock.annex") is None


def test_texts_are_read_as_they_are_written() -> None:
    """YAML reads JSON, but for a few words; none of these is in ours."""
    for name in ("manifest.json", "icons.json", "translations/en.json"):
        path = COMPONENT / name
        assert read(path) == json.loads(path.read_text("utf-8"))
