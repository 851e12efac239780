"""Which entities are exposed to Assist, for automations that answer by voice."""

from collections.abc import Iterator
from itertools import chain

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.binary_sensor import (
    DOMAIN as BINARY_SENSOR_DOMAIN,
    BinarySensorDeviceClass,
)
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.const import ATTR_DEVICE_CLASS
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .permissions import async_get_permissions

# The assistant, as Home Assistant's exposed entities name it.
ASSIST = "conversation"
# A template cannot tell these from other entities of their platform.
KEYS = ("lock", "dps", "last_person", "lockdown")
# Of other integrations, as "all doors" are also theirs.
OTHER_KEYS = ("other_lock", "other_position")
DOORS = (BinarySensorDeviceClass.DOOR, BinarySensorDeviceClass.GARAGE_DOOR)


async def async_get_exposed(
    hass: HomeAssistant, context: Context
) -> dict[str, list[str]]:
    """Return the entities that are exposed to Assist and that the caller may see, by key.

    Raises UnknownUser.
    """
    may_read = await async_get_permissions(hass, context, POLICY_READ)
    registry = er.async_get(hass)
    exposed: dict[str, list[str]] = {key: [] for key in (*KEYS, *OTHER_KEYS)}
    for key, entity_id in chain(_get_own(hass, registry), _get_others(hass, registry)):
        if may_read(entity_id) and async_should_expose(hass, ASSIST, entity_id):
            exposed[key].append(entity_id)
    return exposed


@callback
def _get_own(
    hass: HomeAssistant, registry: er.EntityRegistry
) -> Iterator[tuple[str, str]]:
    """Yield the entities of all loaded panels, each with its key."""
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if entity.translation_key in KEYS and not entity.disabled:
                yield entity.translation_key, entity.entity_id


@callback
def _get_others(
    hass: HomeAssistant, registry: er.EntityRegistry
) -> Iterator[tuple[str, str]]:
    """Yield the locks and door positions of other integrations, each with its key."""
    for state in hass.states.async_all((LOCK_DOMAIN, BINARY_SENSOR_DOMAIN)):
        entity = registry.async_get(state.entity_id)
        if entity is not None and entity.platform == DOMAIN:
            continue
        if state.domain == LOCK_DOMAIN:
            yield "other_lock", state.entity_id
        elif state.attributes.get(ATTR_DEVICE_CLASS) in DOORS:
            yield "other_position", state.entity_id
