"""The examples of the documents, and the blueprints, are valid."""

import re
from typing import Any
from urllib.parse import quote

from homeassistant.components.automation import config as automation_config
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from tests.common import PROJECT, Site

AUTOMATIONS_PAGE = PROJECT / "docs" / "automations.md"
DOCUMENTS = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))
SOURCE = "https://github.com/prodatakey-ha/prodatakey/blob/main/"
EXAMPLE = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# Entities of other integrations in the examples.
NOT_OURS = {"event.doorbell", "notify.phone"}


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


async def test_examples(site: Site) -> None:
    """The examples in the documents are valid, and their entities and actions exist."""
    for needed in ("homeassistant", "conversation", "light", "notify"):
        assert await async_setup_component(site.hass, needed, {})
    assert examples()
    for example in examples():
        valid = await automation_config.async_validate_config_item(
            site.hass, "id", example
        )
        assert valid
        assert valid.validation_status == automation_config.ValidationStatus.OK
        for entity_id in targets(example) - NOT_OURS:
            site.state(entity_id)
        for step in example["actions"]:
            if step.get("action", "").startswith("prodatakey."):
                assert site.hass.services.has_service(*step["action"].split("."))


def test_blueprints() -> None:
    """The documents link to each blueprint, and each blueprint to its own source."""
    for path in (PROJECT / "blueprints").rglob("*.yaml"):
        source = SOURCE + path.relative_to(PROJECT).as_posix()
        assert f"source_url: {source}\n" in path.read_text("utf-8")
        assert quote(source, safe="") in AUTOMATIONS_PAGE.read_text("utf-8")
