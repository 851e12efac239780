"""Move a config entry, its devices and entities between the generations of PDK."""

from collections import Counter
from collections.abc import Iterable, Mapping

from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .const import CONF_PANEL_ID, CONF_SYSTEM_ID, DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .devices import door_identifier
from .entity import FEATURE_BY_KEY
from .pdk.models import DoorInfo, Feature, PanelInfo
from .pdk.parser import comparable
from .store import PanelStore


@callback
def async_get_doors(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> dict[str, str]:
    """Return the names of an entry's doors as PDK has them, by their ids."""
    prefix = f"{entry.unique_id}_"
    return {
        identifier.removeprefix(prefix): device.name or identifier
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for domain, identifier in device.identifiers
        if domain == DOMAIN
        and identifier.startswith(prefix)
        and not identifier.startswith(f"{prefix}endpoint_")
    }


def match_doors(old: Mapping[str, str], new: Iterable[DoorInfo]) -> dict[str, str]:
    """Return the new id of each door whose name only one door has, before and after."""
    old_names = Counter(map(comparable, old.values()))
    new_names = Counter(comparable(door.name) for door in new)
    ids = {comparable(door.name): str(door.id) for door in new}
    return {
        door_id: ids[name]
        for door_id, full_name in old.items()
        if (name := comparable(full_name))
        and old_names[name] == 1
        and new_names[name] == 1
    }


async def async_move_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    site: PanelInfo,
    features: frozenset[Feature],
    new_ids: Mapping[str, str],
) -> None:
    """Move an entry to where its site is now; doors without a new id are removed.

    Entity ids, names, areas and automations stay. Entities that the other generation
    cannot have are removed under their old id, so that moving back restores them.
    """
    await hass.config_entries.async_unload(entry.entry_id)
    _async_remove_entities(hass, entry, features)
    for old_id, new_id in new_ids.items():
        _async_rename_door(hass, entry, old_id, new_id)
    await PanelStore(hass, site.id, dict).async_rename_doors(new_ids)
    hass.config_entries.async_update_entry(entry, data=get_entry_data(entry.data, site))
    await hass.config_entries.async_setup(entry.entry_id)


def get_entry_data(credentials: Mapping[str, str], site: PanelInfo) -> dict[str, str]:
    """Return the data of an entry: only sites of PDK 2.0 have a system."""
    data = {key: credentials[key] for key in (CONF_CLIENT_ID, CONF_CLIENT_SECRET)}
    data[CONF_PANEL_ID] = site.id
    if site.system_id is not None:
        data[CONF_SYSTEM_ID] = site.system_id
    return data


@callback
def _async_remove_entities(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, features: frozenset[Feature]
) -> None:
    """Remove the entities that need what the site cannot do any more."""
    registry = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        feature = FEATURE_BY_KEY.get(entity.translation_key or "")
        if feature is not None and feature not in features:
            registry.async_remove(entity.entity_id)


@callback
def _async_rename_door(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, old_id: str, new_id: str
) -> None:
    """Give a door's device and entities the new id."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    panel_id = str(entry.unique_id)
    old, new = door_identifier(panel_id, old_id), door_identifier(panel_id, new_id)
    device = devices.async_get_device_by_identifier(old, entry.entry_id)
    if device is None:
        return
    devices.async_update_device(device.id, new_identifiers={new})
    for entity in er.async_entries_for_device(
        entities, device.id, include_disabled_entities=True
    ):
        if entity.platform == DOMAIN:
            key = entity.unique_id.removeprefix(old[1])
            entities.async_update_entity(
                entity.entity_id, new_unique_id=f"{new[1]}{key}"
            )
