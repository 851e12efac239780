"""What the documents about automations and voice say works as it is written there."""

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
from tests.common import PANEL, Json, state_of
from tests.simulator_process import SimulatedPdk

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "docs" / "automations.md",
    ROOT / "docs" / "voice.md",
]
BLUEPRINTS = sorted((ROOT / "blueprints").rglob("*.yaml"))
SOURCE = "https://github.com/prodatakey-ha/prodatakey/blob/main/"
SNIPPET = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"\((https://my\.home-assistant\.io/redirect/[^)]*)\)")
# What stands in the examples for things of the reader's own.
NOT_OURS = {"light.entrance", "binary_sensor.doorbell"}


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
    """None is left out because it is written in another way."""
    text = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert len(AUTOMATIONS) + len(CONFIGURATIONS) == text.count("```") / 2
    assert AUTOMATIONS


@pytest.mark.parametrize("example", AUTOMATIONS, ids=lambda each: each["alias"])
async def test_an_example(
    hass: HomeAssistant, panel: SimulatedPdk, example: Json
) -> None:
    """Home Assistant takes it, its entities are there, and so are its actions."""
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
    """Run the example of that name."""
    example = next(each for each in AUTOMATIONS if each["alias"] == request.param)
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: example})
    yield example
    await on_the_automation(hass, "turn_off")


async def on_the_automation(hass: HomeAssistant, action: str) -> None:
    """Do something with the one automation that there is."""
    target = {"entity_id": hass.states.async_entity_ids(AUTOMATION)}
    await hass.services.async_call(AUTOMATION, action, target, blocking=True)


@pytest.mark.parametrize(
    "example", ["Lock the server room in the evening, or tell"], indirect=True
)
async def test_an_example_tells_of_a_doubtful_lock(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    example: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The panel does not answer: the lock still shows locked, but nobody knows."""
    told = async_mock_service(hass, "notify", "notify")
    await on_the_automation(hass, "trigger")
    assert state_of(hass, "lock.server_room").state == "locked"
    assert told == []
    monkeypatch.setattr("custom_components.prodatakey.pdk.stream.ANSWER_TIMEOUT", 0.2)
    await panel.faults(PANEL, commands="ignored")
    await on_the_automation(hass, "trigger")
    assert state_of(hass, "lock.server_room").state == "locked"
    assert len(told) == 1


@pytest.mark.parametrize("example", ["Garage for the mayor"], indirect=True)
async def test_an_example_opens_for_nothing_old(
    hass: HomeAssistant, panel: SimulatedPdk, example: Json
) -> None:
    """The reader was disabled when the mayor came in; enabling it opens nothing."""
    person = next(
        each["state"] for each in example["conditions"] if "person" in each.values()
    )
    access = "event.front_door_access"
    came = {"event_type": "access_granted", "person": person}
    hass.states.async_remove(access)
    hass.states.async_set(access, "2026-11-24T08:00:00.000+00:00", came)
    await hass.async_block_till_done()
    assert await panel.commands(PANEL, wait=0) == []
    hass.states.async_set(access, "2026-11-24T08:01:00.000+00:00", came)
    assert [each["topic"] for each in await panel.commands(PANEL)] == [
        "door.try.dwellopen"
    ]
    await hass.async_block_till_done()


@pytest.mark.parametrize("example", CONFIGURATIONS, ids=lambda each: next(iter(each)))
def test_a_configuration(example: Json) -> None:
    """The integration that it is for takes it."""
    schemas = {"google_assistant": GOOGLE_SCHEMA, "alexa": ALEXA_SCHEMA}
    (domain,) = example
    schemas[domain](example)


def test_each_blueprint_can_be_imported() -> None:
    """There is a link to each, at the address that it gives as its own."""
    text = DOCUMENTS[0].read_text(encoding="utf-8")
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
