"""The examples of the documents, and the blueprints, are valid."""

from pathlib import Path
import re
from typing import Any
from urllib.parse import quote

import pytest

from homeassistant.components.automation import config as automation_config
from homeassistant.components.blueprint import models
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from tests.common import PROJECT, state_of
from tests.simulator_process import SimulatedPdk

AUTOMATIONS_PAGE = PROJECT / "docs" / "automations.md"
DOCUMENTS = (PROJECT / "README.md", AUTOMATIONS_PAGE)
BLUEPRINTS = sorted((PROJECT / "blueprints").rglob("*.yaml"))
SOURCE = "https://github.com/prodatakey-ha/prodatakey/blob/main/"
EXAMPLE = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# Entities of other integrations in the examples.
NOT_OURS = {"event.doorbell"}


def examples() -> list[Any]:
    """Return every automation of the documents."""
    return [
        parse_yaml(re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
        for document in DOCUMENTS
        for indent, text in EXAMPLE.findall(document.read_text(encoding="utf-8"))
        if "triggers:" in text
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


async def test_examples(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """They are valid, and their entities and actions exist."""
    for needed in ("homeassistant", "conversation", "light", "notify"):
        assert await async_setup_component(hass, needed, {})
    assert examples()
    for example in examples():
        valid = await automation_config.async_validate_config_item(hass, "id", example)
        assert valid
        assert valid.validation_status == automation_config.ValidationStatus.OK
        for entity_id in targets(example) - NOT_OURS:
            state_of(hass, entity_id)
        for step in example["actions"]:
            if step.get("action", "").startswith("prodatakey."):
                assert hass.services.has_service(*step["action"].split("."))


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda each: each.stem)
def test_blueprint(path: Path) -> None:
    """It is valid, says what its inputs are, and the documents link to it."""
    blueprint = models.Blueprint(
        load_yaml_dict(path),
        path=path.name,
        expected_domain="automation",
        schema=automation_config.AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    metadata = blueprint.metadata
    assert metadata["source_url"] == SOURCE + path.relative_to(PROJECT).as_posix()
    assert quote(metadata["source_url"], safe="") in AUTOMATIONS_PAGE.read_text("utf-8")
    assert metadata["description"]
    for each in metadata["input"].values():
        assert each["name"]
        assert each["selector"]
