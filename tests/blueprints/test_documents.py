"""The examples of the documents, and the blueprints, are valid and run."""

from collections.abc import AsyncIterator
from pathlib import Path
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.components.alexa import CONFIG_SCHEMA as ALEXA_SCHEMA
from homeassistant.components.automation import (
    DOMAIN as AUTOMATION,
    config as automation_config,
)
from homeassistant.components.blueprint import models
from homeassistant.components.google_assistant import CONFIG_SCHEMA as GOOGLE_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from tests.common import ANSWER_TIMEOUT, PANEL, Json, state_of, wait_for_state
from tests.simulator_process import SimulatedPdk

ROOT = Path(__file__).parents[2]
AUTOMATIONS_PAGE = ROOT / "docs" / "automations.md"
DOCUMENTS = [ROOT / "README.md", AUTOMATIONS_PAGE, ROOT / "docs" / "voice.md"]
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))
SOURCE = "https://github.com/prodatakey-ha/prodatakey/blob/main/"
SNIPPET = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"\((https://my\.home-assistant\.io/redirect/[^)]*)\)")
# Entities of other integrations in the examples.
NOT_OURS = {"event.doorbell"}


def snippets() -> list[Any]:
    """Return every YAML example of the documents."""
    return [
        parse_yaml(re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
        for document in DOCUMENTS
        for indent, text in SNIPPET.findall(document.read_text(encoding="utf-8"))
    ]


def targets(config: Any) -> set[str]:
    """Return the entities that an example names."""
    found: set[str] = set()
    if isinstance(config, dict):
        named = config.get("entity_id", [])
        found |= {named} if isinstance(named, str) else set(named)
        config = list(config.values())
    if isinstance(config, list):
        found = found.union(*map(targets, config))
    return found


AUTOMATIONS = [snippet for snippet in snippets() if "triggers" in snippet]
CONFIGURATIONS = [snippet for snippet in snippets() if "triggers" not in snippet]


def test_there_are_examples() -> None:
    """Every YAML block of the documents is found."""
    text = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert len(AUTOMATIONS) + len(CONFIGURATIONS) == text.count("```") / 2
    assert AUTOMATIONS


@pytest.mark.parametrize("example", AUTOMATIONS, ids=lambda each: each["alias"])
async def test_an_example(
    hass: HomeAssistant, panel: SimulatedPdk, example: Json
) -> None:
    """It is valid, and its entities and actions exist."""
    assert await async_setup_component(hass, "homeassistant", {})
    for needed in ("conversation", "light", "notify"):
        assert await async_setup_component(hass, needed, {})
    validated = await automation_config.async_validate_config_item(hass, "id", example)
    assert validated
    assert validated.validation_status == automation_config.ValidationStatus.OK
    for entity_id in targets(example) - NOT_OURS:
        state_of(hass, entity_id)
    for step in example["actions"]:
        if "action" in step and step["action"].startswith("prodatakey."):
            assert hass.services.has_service(*step["action"].split("."))


@pytest.fixture
async def example(
    hass: HomeAssistant, panel: SimulatedPdk, request: pytest.FixtureRequest
) -> AsyncIterator[Json]:
    """Set up the automation of that name."""
    example = next(each for each in AUTOMATIONS if each["alias"] == request.param)
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: example})
    yield example
    await on_the_automation(hass, "turn_off")


async def on_the_automation(hass: HomeAssistant, action: str) -> None:
    """Call an action for the only automation."""
    target = {"entity_id": hass.states.async_entity_ids(AUTOMATION)}
    await hass.services.async_call(AUTOMATION, action, target, blocking=True)


@pytest.mark.parametrize(
    "example", ["Lock the server room in the evening"], indirect=True
)
async def test_lock_may_not_be_locked(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    example: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The panel does not answer: the lock shows locked, but only assumed."""
    sent = async_mock_service(hass, "notify", "notify")
    await on_the_automation(hass, "trigger")
    assert state_of(hass, "lock.server_room").state == "locked"
    assert sent == []
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.2)
    await panel.faults(PANEL, commands="ignored")
    await on_the_automation(hass, "trigger")
    assert state_of(hass, "lock.server_room").state == "locked"
    assert len(sent) == 1


@pytest.mark.parametrize(
    "example", ["Ventilation on when Amelia comes in"], indirect=True
)
async def test_person_comes_in(
    hass: HomeAssistant, panel: SimulatedPdk, example: Json
) -> None:
    """Another person switches nothing on."""
    await panel.act(PANEL, 1, "badge", person=2)
    await wait_for_state(hass, "sensor.front_door_last_person", "Jonas Okafor")
    assert state_of(hass, "switch.ventilation").state == "unknown"
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_for_state(hass, "switch.ventilation", "on")


@pytest.mark.parametrize("example", CONFIGURATIONS, ids=lambda each: next(iter(each)))
def test_a_configuration(example: Json) -> None:
    """It is valid for its integration."""
    schemas = {"google_assistant": GOOGLE_SCHEMA, "alexa": ALEXA_SCHEMA}
    (domain,) = example
    schemas[domain](example)


def test_each_blueprint_can_be_imported() -> None:
    """The page about automations links to each."""
    text = AUTOMATIONS_PAGE.read_text(encoding="utf-8")
    links = [
        parse_qs(urlsplit(link).query)["blueprint_url"][0]
        for link in IMPORT.findall(text)
    ]
    addresses = {SOURCE + path.relative_to(ROOT).as_posix() for path in BLUEPRINTS}
    assert sorted(links) == sorted(addresses)


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda each: each.stem)
def test_a_blueprint(path: Path) -> None:
    """It is valid, says what each of its inputs is, and where it comes from."""
    blueprint = models.Blueprint(
        load_yaml_dict(path),
        path=path.name,
        expected_domain="automation",
        schema=automation_config.AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    metadata = blueprint.metadata
    assert metadata["source_url"] == SOURCE + path.relative_to(ROOT).as_posix()
    assert metadata["description"]
    for each in metadata["input"].values():
        assert each["name"]
        assert each["selector"]
        cv.string(each.get("description", each["name"]))
