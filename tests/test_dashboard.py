"""The dashboard that the documentation offers shows what there is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template
from homeassistant.util.yaml import load_yaml_dict

from .common import PANEL, state_of, wait_for_state
from .simulator_process import SimulatedPdk

DASHBOARD = Path(__file__).parent.parent / "docs" / "dashboard.yaml"


def entities_of(part: Any) -> Iterator[str]:
    """Yield every entity that a part of the dashboard names."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("entity", "entity_id"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from entities_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from entities_of(value)


def who_came_in() -> str:
    """Return the template of who came in."""
    cards = [
        card
        for section in load_yaml_dict(str(DASHBOARD))["views"][0]["sections"]
        for card in section["cards"]
    ]
    return str(next(c["content"] for c in cards if c["type"] == "markdown"))


async def test_every_entity_exists(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """Nobody sees a card without an entity in the demo."""
    (entry,) = hass.config_entries.async_entries("prodatakey")
    await hass.services.async_call(
        "prodatakey",
        "discover_endpoints",
        {"config_entry_id": entry.entry_id, "wait": 1},
        blocking=True,
        return_response=True,
    )
    await hass.async_block_till_done()
    named = set(entities_of(load_yaml_dict(str(DASHBOARD))))
    assert len(named) > 15
    for entity_id in named:
        state_of(hass, entity_id)


async def test_who_came_in(hass: HomeAssistant, panel: SimulatedPdk) -> None:
    """The card names the last one to come in."""
    card = Template(who_came_in(), hass)
    assert card.async_render() == "Nobody yet."
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_for_state(hass, "lock.front_door", "unlocked")
    assert "**Amelia Hartmann** came in at **Front door**" in card.async_render()
