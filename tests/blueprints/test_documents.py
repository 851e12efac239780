"""The examples, the blueprints and the dashboard of the documentation work."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.components.alexa import CONFIG_SCHEMA as ALEXA_SCHEMA
from homeassistant.components.automation import DOMAIN as AUTOMATION, config
from homeassistant.components.blueprint import models
from homeassistant.components.google_assistant import CONFIG_SCHEMA as GOOGLE_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from tests.common import (
    ANSWER_TIMEOUT,
    FRONT,
    FRONT_ACCESS,
    PANEL,
    PROJECT,
    Json,
    act,
    ask,
    sent,
    state_of,
    wait_for_state,
)
from tests.simulator_process import SimulatedPdk

from .conftest import BLUEPRINTS

README = (PROJECT / "README.md").read_text(encoding="utf-8")
PAGES = [PROJECT / "docs" / name for name in ("automations.md", "voice.md")]
SNIPPET = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SOURCE = "https://github.com/prodatakey-ha/prodatakey/blob/main/"
# What the examples name that is the reader's own.
READERS_OWN = {"light.entrance", "binary_sensor.doorbell"}

EXAMPLES: list[Any] = [
    parse_yaml(re.sub(rf"^{indent}", "", text, flags=re.MULTILINE))
    for page in (README, *(page.read_text(encoding="utf-8") for page in PAGES))
    for indent, text in SNIPPET.findall(page)
]
AUTOMATIONS = {each["alias"]: each for each in EXAMPLES if "triggers" in each}
CONFIGURATIONS = [each for each in EXAMPLES if "triggers" not in each]
DASHBOARD = load_yaml_dict(str(PROJECT / "docs" / "dashboard.yaml"))


def entities_in(part: Any) -> Iterator[str]:
    """Yield every entity that an example names."""
    if isinstance(part, dict):
        for key in part.keys() & {"entity", "entity_id"}:
            yield from [part[key]] if isinstance(part[key], str) else part[key]
        part = list(part.values())
    if isinstance(part, list):
        for value in part:
            yield from entities_in(value)


@pytest.mark.parametrize("alias", AUTOMATIONS)
async def test_automation(hass: HomeAssistant, panel: SimulatedPdk, alias: str) -> None:
    """Home Assistant accepts it, and its entities and actions exist."""
    example = AUTOMATIONS[alias]
    for needed in ("homeassistant", "conversation", "light", "notify"):
        assert await async_setup_component(hass, needed, {})
    validated = await config.async_validate_config_item(hass, "id", example)
    assert validated
    assert validated.validation_status == config.ValidationStatus.OK
    for entity_id in set(entities_in(example)) - READERS_OWN:
        state_of(hass, entity_id)
    for step in example["actions"]:
        if step.get("action", "").startswith("prodatakey."):
            assert hass.services.has_service(*step["action"].split("."))


@pytest.fixture
async def automation(
    hass: HomeAssistant, request: pytest.FixtureRequest
) -> AsyncIterator[str]:
    """Set up the example whose name begins so, and return its entity."""
    example = next(
        AUTOMATIONS[alias] for alias in AUTOMATIONS if alias.startswith(request.param)
    )
    assert await async_setup_component(hass, AUTOMATION, {AUTOMATION: example})
    (entity_id,) = hass.states.async_entity_ids(AUTOMATION)
    yield entity_id
    await act(hass, "automation.turn_off", entity_id)


@pytest.mark.parametrize("automation", ["Lock the server room"], indirect=True)
async def test_notification_of_a_lock_that_does_not_answer(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    automation: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lock still shows locked, but that is assumed."""
    notifications = async_mock_service(hass, "notify", "notify")
    await act(hass, "automation.trigger", automation)
    assert state_of(hass, "lock.server_room").state == "locked"
    assert notifications == []
    monkeypatch.setattr(ANSWER_TIMEOUT, 0.2)
    await panel.faults(PANEL, commands="ignored")
    await act(hass, "automation.trigger", automation)
    assert state_of(hass, "lock.server_room").state == "locked"
    assert len(notifications) == 1


@pytest.mark.parametrize("automation", ["Garage for the mayor"], indirect=True)
async def test_nothing_opens_for_an_old_access(
    hass: HomeAssistant, panel: SimulatedPdk, automation: str
) -> None:
    """The event entity was disabled when the person came; enabling it opens nothing."""
    conditions = AUTOMATIONS["Garage for the mayor"]["conditions"]
    person = next(each["state"] for each in conditions if "person" in each.values())
    granted = {"event_type": "access_granted", "person": person}
    hass.states.async_remove(FRONT_ACCESS)
    for minute, commands in ((0, []), (1, ["door.try.dwellopen"])):
        occurred = f"2026-11-24T08:0{minute}:00.000+00:00"
        hass.states.async_set(FRONT_ACCESS, occurred, granted)
        await hass.async_block_till_done()
        assert await sent(panel) == commands


@pytest.mark.parametrize("example", CONFIGURATIONS, ids=lambda each: next(iter(each)))
def test_configuration(example: Json) -> None:
    """The integration that it is for accepts it."""
    (domain,) = example
    {"google_assistant": GOOGLE_SCHEMA, "alexa": ALEXA_SCHEMA}[domain](example)


@pytest.mark.parametrize("path", BLUEPRINTS, ids=lambda each: each.stem)
def test_blueprint(path: Path) -> None:
    """It is valid, and can be imported from the address that it gives as its own."""
    blueprint = models.Blueprint(
        load_yaml_dict(path),
        path=path.name,
        expected_domain="automation",
        schema=config.AUTOMATION_BLUEPRINT_SCHEMA,
    )
    assert blueprint.validate() is None
    source = SOURCE + path.relative_to(PROJECT).as_posix()
    assert blueprint.metadata["source_url"] == source
    links = re.findall(r"\((https://my\.home-assistant\.io/redirect/[^)]*)\)", README)
    imports = [parse_qs(urlsplit(link).query).get("blueprint_url") for link in links]
    assert imports.count([source]) == 1


async def test_dashboard(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Every entity exists, and the card names the last person to come in."""
    await ask(hass, "discover_endpoints", wait=1)
    await hass.async_block_till_done()
    entities = set(entities_in(DASHBOARD))
    assert len(entities) > 15
    for entity_id in entities:
        state_of(hass, entity_id)
    cards = [
        card for part in DASHBOARD["views"][0]["sections"] for card in part["cards"]
    ]
    content = next(card["content"] for card in cards if card["type"] == "markdown")
    template = Template(content, hass)
    assert template.async_render() == "Nobody yet."
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_for_state(hass, FRONT, "unlocked")
    assert "**Amelia Hartmann** came in at **Front door**" in template.async_render()
