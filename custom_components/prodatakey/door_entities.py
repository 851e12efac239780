"""Which entities a door has: they come and go with its reports and with options."""

from collections.abc import Callable, Iterable, Sequence
from weakref import WeakKeyDictionary

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)

from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .devices import async_get_entity_id, door_identifier
from .entity import DoorEntity, DoorEntityDescription
from .options import Options
from .pdk import Aspect, Door, DoorKind, Feature, Subscribers


def has_aspect(aspect: Aspect) -> Callable[[Door], bool]:
    """Return a function that tests whether a door has an aspect."""
    return lambda door: aspect in door.aspects


def is_forbidden(
    door: Door, description: DoorEntityDescription, options: Options
) -> bool:
    """Return whether an entity must not exist, at this door and with these options."""
    key = description.key
    if door.kind is DoorKind.SECOND_READER and key in Aspect:
        # earlier versions added what is configured for its door
        return key not in door.aspects
    if key == "last_person":
        return not options.record_people
    has_code = options.code is not None
    return has_code and description.opens_door and door.info.may_be_door


@callback
def async_add_door_entities[D: DoorEntityDescription](
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Sequence[D],
    entity_class: Callable[[PanelCoordinator, Door, D], DoorEntity],
) -> None:
    """Add the entities of all doors, now and when doors appear or report more.

    Those that must not exist are removed, now and when options or doors change.
    """
    coordinator = entry.runtime_data
    entities = _DoorEntities(coordinator, descriptions, entity_class)

    @callback
    def update(doors: Iterable[Door]) -> None:
        """Update the entities of some doors."""
        async_add_entities([each for door in doors for each in entities.update(door)])

    @callback
    def update_all() -> None:
        """Update the entities of all doors."""
        update(coordinator.panel.doors.values())

    update_all()
    async_subscribe_until_unload(entry, coordinator.panel.door_updates, update)
    async_subscribe_until_unload(entry, coordinator.option_updates, update_all)


class _DoorEntities[D: DoorEntityDescription]:
    """The entities of one class that doors have."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        descriptions: Sequence[D],
        entity_class: Callable[[PanelCoordinator, Door, D], DoorEntity],
    ) -> None:
        """Initialize without entities."""
        self._coordinator = coordinator
        self._domain = async_get_current_platform().domain
        features = coordinator.site.client.features
        self._missing = frozenset(Feature) - features
        self._descriptions = descriptions
        self._entity_class = entity_class
        self._added: WeakKeyDictionary[Door, set[str]] = WeakKeyDictionary()

    @callback
    def update(self, door: Door) -> list[DoorEntity]:
        """Return the entities that a door does not have yet; remove forbidden ones."""
        # the registry may have any of them, from an earlier set-up
        present = self._added.get(door, {each.key for each in self._descriptions})
        added = self._added.setdefault(door, set())
        new: list[DoorEntity] = []
        for description in self._descriptions:
            key = description.key
            if is_forbidden(door, description, self._coordinator.options):
                if key in present:
                    added.discard(key)
                    identifier = door_identifier(
                        self._coordinator.panel.info.id, door.id
                    )
                    async_remove_entity(
                        self._coordinator.hass, self._domain, identifier, key
                    )
            elif (
                key not in added
                and description.feature not in self._missing
                and description.supported_fn(door)
            ):
                added.add(key)
                new.append(self._entity_class(self._coordinator, door, description))
        return new


@callback
def async_remove_entity(
    hass: HomeAssistant, domain: str, identifier: tuple[str, str], key: str
) -> None:
    """Remove an entity of a device from the registry, if it is there."""
    if entity_id := async_get_entity_id(hass, domain, identifier, key):
        er.async_get(hass).async_remove(entity_id)


@callback
def async_subscribe_until_unload[*Args](
    entry: ProdatakeyConfigEntry,
    subscribers: Subscribers[*Args],
    target: Callable[[*Args], None],
) -> None:
    """Subscribe until the entry begins to unload.

    Entities that are added while the platforms unload would be left behind.
    """

    @callback
    def notify(*args: *Args) -> None:
        """Call the target unless the entry is unloading."""
        if entry.state is not ConfigEntryState.UNLOAD_IN_PROGRESS:
            target(*args)

    entry.async_on_unload(subscribers.subscribe(notify))
