"""Move a config entry, its devices and entities between the generations of PDK.

A move is written down before anything of it is done. Setting up the entry does what is
written, each time: registries and entry data are saved seconds after they were changed,
so Home Assistant may have been stopped in between. What is done already does not change.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .binary_sensor import BINARY_SENSORS, PROBLEMS
from .button import BUTTONS
from .const import CONF_PANEL_ID, CONF_SYSTEM_ID, DOMAIN
from .coordinator import ProdatakeyConfigEntry
from .devices import ENDPOINT_PREFIX
from .issues import async_delete_moved_issue
from .panel_switches import PANEL_SWITCHES
from .pdk import DoorInfo, Feature, PanelInfo, get_features, get_generation
from .pdk.parser import comparable
from .sensor import LAST_ACTIVITY, SIGNAL
from .store import Move, MoveStore, PanelStore
from .switch import DO_NOT_DISTURB

FORCE_CLOSE_KEY = "force_close"
# Marks entities that a move has enabled, in their options.
_ENABLED_BY_MOVE = "enabled_by_move"
# What entities need that not every generation of PDK has, by their translation keys.
_FEATURES = {
    row.translation_key or row.key: row.feature
    for row in (
        *BINARY_SENSORS,
        *PANEL_SWITCHES,
        *BUTTONS,
        DO_NOT_DISTURB,
        LAST_ACTIVITY,
        SIGNAL,
        *PROBLEMS.values(),
    )
}


@callback
def async_get_doors(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> dict[str, dr.DeviceEntry]:
    """Return the devices of an entry's doors, by the ids of the doors."""
    return {
        part: device
        for part, device in _async_get_devices(hass, entry).items()
        if not part.startswith(ENDPOINT_PREFIX)
    }


def match_doors(old: Mapping[str, str], new: Iterable[DoorInfo]) -> dict[str, str]:
    """Return the new id of each door: the same one, or that of the only door of its name.

    A name counts if only one door has it, before and after.
    """
    infos = {str(door.id): door for door in new}
    same = {door_id: door_id for door_id in old if door_id in infos}
    old_names = {k: comparable(name) for k, name in old.items() if k not in same}
    new_names = {k: comparable(each.name) for k, each in infos.items()}
    new_names = {k: name for k, name in new_names.items() if k not in same}
    before, after = Counter(old_names.values()), Counter(new_names.values())
    ids = {name: door_id for door_id, name in new_names.items()}
    return same | {
        door_id: ids[name]
        for door_id, name in old_names.items()
        if name and before[name] == 1 and after[name] == 1
    }


def get_entry_data(credentials: Mapping[str, str], site: PanelInfo) -> dict[str, str]:
    """Return the data of an entry."""
    data = {key: credentials[key] for key in (CONF_CLIENT_ID, CONF_CLIENT_SECRET)}
    return _with_system(data | {CONF_PANEL_ID: site.id}, site.system_id)


def _with_system(data: Mapping[str, Any], system_id: str | None) -> dict[str, Any]:
    """Return the data of an entry with the system of its site, if it has one."""
    data = {**data, CONF_SYSTEM_ID: system_id}
    return {key: value for key, value in data.items() if value is not None}


@callback
def async_get_leaving(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, features: frozenset[Feature]
) -> tuple[list[er.RegistryEntry], list[dr.DeviceEntry]]:
    """Return the entities and devices that a site with these features cannot have."""
    devices = [
        device
        for part, device in _async_get_devices(hass, entry).items()
        if part.startswith(ENDPOINT_PREFIX) and Feature.ENDPOINTS not in features
    ]
    entities = [
        entity
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if _FEATURES.get(entity.translation_key or "") not in {None, *features}
    ]
    return entities, devices


async def async_move_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    system_id: str | None,
    doors: Collection[str],
    new_ids: Mapping[str, str],
    in_use: Collection[str],
) -> bool:
    """Move an entry to a system of PDK 2.0, or to PDK 1.0; return whether it moved.

    Those of the doors that have no new id are removed. Entity ids, names, areas and
    automations of the others stay. `in_use` are entities that must stay enabled, by
    their registry ids. Raises OperationNotAllowed and UnknownEntry.
    """
    move = Move(
        entry_id=entry.entry_id,
        system_id=system_id,
        new_ids={old: new for old, new in new_ids.items() if old != new},
        removed=[door_id for door_id in doors if door_id not in new_ids],
        in_use=list(in_use),
    )
    await MoveStore(hass, str(entry.unique_id)).async_save(move)
    await hass.config_entries.async_reload(entry.entry_id)
    return entry.data.get(CONF_SYSTEM_ID) == system_id


async def async_finish_move(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> None:
    """Do what is left of the last move of an entry; usually there is nothing."""
    panel_id = str(entry.unique_id)
    move = await MoveStore(hass, panel_id).async_load()
    if move is None or move.entry_id != entry.entry_id:
        return
    _async_move_entities(hass, entry, move)
    _async_move_devices(hass, entry, move)
    data = _with_system(entry.data, move.system_id)
    hass.config_entries.async_update_entry(entry, data=data)
    await PanelStore(hass, panel_id, dict).async_move_doors(move.new_ids, move.removed)
    async_delete_moved_issue(hass, panel_id, get_generation(move.system_id))


@callback
def _async_move_entities(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, move: Move
) -> None:
    """Remove the entities that go, and give the others their new unique ids.

    What the other generation cannot have is removed under its old id, so that moving
    back restores it.
    """
    features = get_features(move.system_id)
    leaving = {each.id for each in async_get_leaving(hass, entry, features)[0]}
    registry = er.async_get(hass)
    prefix = f"{entry.unique_id}_"
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.entity_id not in registry.entities:
            continue  # another one took its place
        part = entity.unique_id.removeprefix(prefix)
        door_id = _door_id(part, move)
        if entity.id in leaving or door_id in move.removed:
            registry.async_remove(entity.entity_id)
            continue
        if door_id is not None:
            new_id = move.new_ids[door_id] + part.removeprefix(door_id)
            _async_replace_unique_id(registry, entity, f"{prefix}{new_id}")
        if entity.translation_key == FORCE_CLOSE_KEY:
            if Feature.DO_NOT_DISTURB not in features:
                _async_enable(hass, entity)
            elif _ENABLED_BY_MOVE in entity.options.get(DOMAIN, ()):
                _async_disable(registry, entity, keep=entity.id in move.in_use)


@callback
def _async_move_devices(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry, move: Move
) -> None:
    """Remove the devices that go, and give the others their new identifiers."""
    features = get_features(move.system_id)
    registry = dr.async_get(hass)
    for device in async_get_leaving(hass, entry, features)[1]:
        registry.async_remove_device(device.id)
    devices = _async_get_devices(hass, entry)
    for door_id in move.removed:
        if door_id in devices:
            registry.async_remove_device(devices[door_id].id)
    for old_id, new_id in move.new_ids.items():
        if old_id not in devices:
            continue
        if new_id in devices:
            # created by a set-up in the middle of the move; the old one is the user's
            registry.async_remove_device(devices[new_id].id)
        identifier = (DOMAIN, f"{entry.unique_id}_{new_id}")
        registry.async_update_device(devices[old_id].id, new_identifiers={identifier})


@callback
def _async_get_devices(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> dict[str, dr.DeviceEntry]:
    """Return an entry's devices, by what follows the panel's id in their identifiers."""
    prefix = f"{entry.unique_id}_"
    return {
        identifier.removeprefix(prefix): device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
        for domain, identifier in device.identifiers
        if domain == DOMAIN and identifier.startswith(prefix)
    }


def _door_id(part: str, move: Move) -> str | None:
    """Return the old id with which the rest of a unique id begins."""
    while "_" in part:
        part = part.rpartition("_")[0]
        if part in move.new_ids or part in move.removed:
            return part
    return None


@callback
def _async_replace_unique_id(
    registry: er.EntityRegistry, entity: er.RegistryEntry, unique_id: str
) -> None:
    """Give an entity of the user another unique id, in place of whatever has it."""
    if other := registry.async_get_entity_id(entity.domain, DOMAIN, unique_id):
        registry.async_remove(other)
    registry.async_update_entity(entity.entity_id, new_unique_id=unique_id)


@callback
def _async_enable(hass: HomeAssistant, entity: er.RegistryEntry) -> None:
    """Enable an entity that the integration has disabled, and mark it."""
    if entity.disabled_by is not er.RegistryEntryDisabler.INTEGRATION:
        return
    registry = er.async_get(hass)
    device = dr.async_get(hass).async_get(entity.device_id or "")
    disabled = device is not None and device.disabled
    registry.async_update_entity(
        entity.entity_id,
        disabled_by=er.RegistryEntryDisabler.DEVICE if disabled else None,
    )
    options = {_ENABLED_BY_MOVE: True}
    registry.async_update_entity_options(entity.entity_id, DOMAIN, options)


@callback
def _async_disable(
    registry: er.EntityRegistry, entity: er.RegistryEntry, *, keep: bool
) -> None:
    """Disable an entity that a move has enabled, unless it has found a use."""
    registry.async_update_entity_options(entity.entity_id, DOMAIN, None)
    if entity.disabled_by is None and not keep:
        registry.async_update_entity(
            entity.entity_id, disabled_by=er.RegistryEntryDisabler.INTEGRATION
        )
