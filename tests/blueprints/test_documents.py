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


def parsed() -> list[Any]:
    """Return every piece of YAML of the documents."""
    return [
        parse_yaml(re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
        for document in DOCUMENTS
        for indent, text in EXAMPLE.findall(document.read_text(encoding="utf-8"))
    ]


def examples() -> list[Any]:
    """Return every automation of the documents."""
    return [each for each in parsed() if "triggers" in each]


def actions(config: Any) -> set[str]:
    """Return the actions that a piece of YAML calls."""
    if isinstance(config, list):
        return set().union(*map(actions, config))
    if not isinstance(config, dict):
        return set()
    called = config.get("action")
    nested = set().union(*map(actions, config.values()))
    return nested | {called} if isinstance(called, str) else nested


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
    needed_by_examples = ("conversation", "light", "notify", "persistent_notification")
    for needed in ("homeassistant", *needed_by_examples):
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
    called = actions(parsed())
    assert called
    for action in called:
        assert site.hass.services.has_service(*action.split(".")), action


def test_blueprints() -> None:
    """The documents link to each blueprint, and each blueprint to its own source."""
    for path in (PROJECT / "blueprints").rglob("*.yaml"):
        source = SOURCE + path.relative_to(PROJECT).as_posix()
        assert f"source_url: {source}\n" in path.read_text("utf-8")
        assert quote(source, safe="") in AUTOMATIONS_PAGE.read_text("utf-8")
