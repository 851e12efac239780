"""Find the automations, scripts and scenes that use entities and devices."""

from collections.abc import Collection, Iterator
from itertools import pairwise
import json
import re

from homeassistant.components.automation import BaseAutomationEntity
from homeassistant.components.homeassistant.scene import scenes_with_entity
from homeassistant.components.script import BaseScriptEntity
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity_component import DATA_INSTANCES

from .const import DOMAIN

# As many are named, in texts that people read.
MAX_NAMES = 20
MAX_NAME_LENGTH = 80

# The condition whose target may be a device, an area, a floor or a label.
_CONDITION_KEY = "do_not_disturb"
_CONDITION = f"{DOMAIN}.is_do_not_disturb"

type _User = BaseAutomationEntity | BaseScriptEntity


@callback
def async_find_users(
    hass: HomeAssistant,
    entities: Collection[er.RegistryEntry],
    devices: Collection[dr.DeviceEntry] = (),
) -> set[str]:
    """Return the automations, scripts and scenes that use entities or devices."""
    ids = {each.entity_id for each in entities} | {each.id for each in devices}
    # device automations name entities by these
    ids |= {each.id for each in entities}
    targets = {
        str(each.device_id)
        for each in entities
        if each.translation_key == _CONDITION_KEY
    }
    found = {
        user.entity_id
        for user in _get_users(hass)
        if not ids.isdisjoint(words := _words(user))
        or not ids.isdisjoint(user.referenced_entities | user.referenced_devices)
        or (targets and _CONDITION in words and _has_target(user, targets))
    }
    for entity in entities:
        found.update(scenes_with_entity(hass, entity.entity_id))
    return found


@callback
def async_filter_used(
    hass: HomeAssistant, entities: Collection[er.RegistryEntry]
) -> list[er.RegistryEntry]:
    """Return those of the entities that an automation, script or scene names."""
    words = {word for user in _get_users(hass) for word in _words(user)}
    for user in _get_users(hass):
        words |= user.referenced_entities
    return [
        entity
        for entity in entities
        if not words.isdisjoint({entity.entity_id, entity.id})
        or scenes_with_entity(hass, entity.entity_id)
    ]


@callback
def async_describe(hass: HomeAssistant, entity_ids: Collection[str]) -> str:
    """Return the names of entities as a list in Markdown, a dash without any."""
    names = sorted(
        " ".join(state.name.split())[:MAX_NAME_LENGTH] if state else entity_id
        for entity_id in entity_ids
        for state in (hass.states.get(entity_id),)
    )
    lines = [f"- {name}" for name in names[:MAX_NAMES]]
    if len(names) > MAX_NAMES:
        lines.append(f"- + {len(names) - MAX_NAMES}")
    return "\n".join(lines) or "–"


def _get_users(hass: HomeAssistant) -> Iterator[_User]:
    """Yield all automations and scripts."""
    for component in hass.data.get(DATA_INSTANCES, {}).values():
        for entity in component.entities:
            if isinstance(entity, BaseAutomationEntity | BaseScriptEntity):
                yield entity


def _words(user: _User) -> set[str]:
    """Return the words of a configuration, templates included, and the ids in it."""
    text = json.dumps(user.raw_config, default=str)
    words: set[str] = set()
    for chain in re.findall(r"\w+(?:\.\w+)*", text):
        parts = chain.split(".")
        words.update(parts, map(".".join, pairwise(parts)))
    return words


def _has_target(user: _User, device_ids: Collection[str]) -> bool:
    """Return whether anything may be about these devices without naming an entity."""
    targets = user.referenced_areas | user.referenced_floors | user.referenced_labels
    return bool(targets) or not user.referenced_devices.isdisjoint(device_ids)
