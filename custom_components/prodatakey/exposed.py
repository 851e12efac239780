"""Which entities are exposed to Assist, for automations that answer by voice."""

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .permissions import async_get_permissions

# The assistant, as Home Assistant's exposed entities name it.
ASSIST = "conversation"
# A template cannot tell these from other entities of their platform.
KEYS = ("lock", "dps", "last_person", "lockdown")


async def async_get_exposed(
    hass: HomeAssistant, context: Context
) -> dict[str, list[str]]:
    """Return the entities that are exposed to Assist and that the caller may see, by key.

    Raises UnknownUser.
    """
    may_read = await async_get_permissions(hass, context, POLICY_READ)
    registry = er.async_get(hass)
    exposed: dict[str, list[str]] = {key: [] for key in KEYS}
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
            if (
                entity.translation_key in exposed
                and not entity.disabled
                and may_read(entity.entity_id)
                and async_should_expose(hass, ASSIST, entity.entity_id)
            ):
                exposed[entity.translation_key].append(entity.entity_id)
    return exposed
