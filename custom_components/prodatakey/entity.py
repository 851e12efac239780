"""Base entities: identity, availability and subscriptions."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, cast, override
from weakref import WeakKeyDictionary

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_RESTORED
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)

from .activity import async_fire_command_failed
from .const import DOMAIN
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .devices import door_identifier, endpoint_identifier
from .options import Options
from .pdk import Aspect, Door, DoorCommand, DoorKind, Endpoint, Feature, Subscribers


@dataclass(frozen=True, kw_only=True)
class ProdatakeyEntityDescription(EntityDescription):
    """Description of any entity."""

    feature: Feature | None = None
    """What it needs that not every generation of PDK has."""


@dataclass(frozen=True, kw_only=True)
class DoorEntityDescription(ProdatakeyEntityDescription):
    """Description of a door's entity: which doors have it, and what it shows."""

    supported_fn: Callable[[Door], bool]
    aspect: Aspect | None = None
    opens_door: bool = True
    """Whether it can open a door without its code: it does not exist with a code then."""


class ProdatakeyEntity(Entity):
    """Base of all entities."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _follows_connection = True
    """False for entities that are never unavailable."""
    _keeps_state = False
    """True for entities about the past: they show it also while not loaded."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        identifier: tuple[str, str],
        description: EntityDescription,
    ) -> None:
        """Initialize the entity of a device."""
        self.coordinator = coordinator
        self.entity_description = description
        self._attr_unique_id = f"{identifier[1]}_{description.key}"
        self._attr_translation_key = description.translation_key or description.key
        self._identifier = identifier

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return the device; it is needed only once, so it is not kept."""
        return DeviceInfo(identifiers={self._identifier})

    @property
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the topics whose updates this entity shows."""
        return ()

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe to the availability and to what this entity shows."""
        for topic in self._topics:
            self.async_on_remove(topic.subscribe(self._handle_update))
        if self._follows_connection:
            availability = self.coordinator.site.availability_updates
            self.async_on_remove(availability.subscribe(self._handle_availability))
            self._attr_available = self.coordinator.site.available

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Keep the state of an entity about the past while the entry is not loaded."""
        if self._keeps_state and self.registry_entry is not None:
            entry = _StateKeeper(self.registry_entry)
            self.registry_entry = cast("er.RegistryEntry", entry)

    @callback
    def _handle_availability(self) -> None:
        """Handle a change of the availability, or of what is assumed."""
        self._attr_available = self.coordinator.site.available
        self._handle_update()

    @callback
    def _handle_update(self) -> None:
        """Handle a change of what this entity shows."""
        self.async_write_ha_state()


class _StateKeeper:
    """A registry entry whose entity does not become unavailable when it is unloaded.

    Home Assistant would write *unavailable*, and the old state once the entity is
    added again. Activity would show that as news, and triggers could take it for news.
    """

    def __init__(self, entry: er.RegistryEntry) -> None:
        """Initialize with the entity's own registry entry."""
        self._entry = entry

    def __getattr__(self, name: str) -> Any:
        """Return anything else from the registry entry."""
        return getattr(self._entry, name)

    def write_unavailable_state(self, hass: HomeAssistant) -> None:
        """Write the present state again, as one that another entity may replace."""
        if (state := hass.states.get(self._entry.entity_id)) is None:
            self._entry.write_unavailable_state(hass)
            return
        attributes = {**state.attributes, ATTR_RESTORED: True}
        hass.states.async_set(state.entity_id, state.state, attributes)


class PanelEntity(ProdatakeyEntity):
    """Base of the panel's own entities."""

    def __init__(
        self, coordinator: PanelCoordinator, description: EntityDescription
    ) -> None:
        """Initialize the entity of a panel."""
        identifier = (DOMAIN, coordinator.panel.info.id)
        super().__init__(coordinator, identifier, description)


class EndpointEntity(ProdatakeyEntity):
    """Base of the entities of wireless endpoints."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        endpoint: Endpoint,
        description: EntityDescription,
    ) -> None:
        """Initialize the entity of an endpoint."""
        identifier = endpoint_identifier(coordinator.panel.info.id, endpoint)
        super().__init__(coordinator, identifier, description)
        self.endpoint = endpoint


class DoorEntity(ProdatakeyEntity):
    """Base of the entities of doors."""

    entity_description: DoorEntityDescription

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorEntityDescription,
    ) -> None:
        """Initialize the entity of a door."""
        identifier = door_identifier(coordinator.panel.info.id, door.id)
        super().__init__(coordinator, identifier, description)
        self.door = door

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the aspect that this entity shows."""
        aspect = self.entity_description.aspect
        return () if aspect is None else (self.door.updates(aspect),)

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the state is assumed."""
        return self.entity_description.aspect in self.door.state.assumed

    @property
    def door_name(self) -> str:
        """Return the name of the door in Home Assistant."""
        return self.coordinator.devices.door_name(self.door)

    @callback
    def fire_command_failed(
        self, command: DoorCommand, reason: str, context: Context | None
    ) -> None:
        """Report a command that failed, for automations and *Activity*."""
        async_fire_command_failed(
            self.hass,
            device_id=self.device_entry.id if self.device_entry else None,
            entity_id=self.entity_id,
            command=command.topic,
            reason=reason,
            context=context,
        )

    async def _async_send(
        self, command: DoorCommand, during: AbstractContextManager[None] | None = None
    ) -> None:
        """Send a command, by default with states attributed to the caller meanwhile.

        Raises HomeAssistantError.
        """
        await self.coordinator.async_send(
            self.door, command, during or self.caller_context()
        )

    @contextmanager
    def caller_context(self, *, keep: bool = False) -> Iterator[None]:
        """Attribute states to the caller until a command is done, not until they leave.

        By default Home Assistant attributes state changes to the caller for 5 s. `keep` does
        it for the states that follow a successful command.
        """
        context, ended = self._context, True
        try:
            yield
            ended = not keep
        finally:
            if ended and self._context is context:
                self._context = None

    async def async_require_lock_permission(self) -> None:
        """Require permission for the door's lock, as this entity bypasses it.

        Raises Unauthorized. Calls without a user, for example of automations, may.
        """
        lock = er.async_get(self.hass).async_get_entity_id(
            LOCK_DOMAIN, DOMAIN, f"{self._identifier[1]}_lock"
        )
        may_control = await async_get_permissions(
            self.hass, self._context, POLICY_CONTROL
        )
        if lock is not None and not may_control(lock):
            raise Unauthorized(
                context=self._context, entity_id=lock, permission=POLICY_CONTROL
            )


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


async def async_get_permissions(
    hass: HomeAssistant, context: Context | None, policy: str
) -> Callable[[str], bool]:
    """Return whether a caller may read or control an entity, as a function.

    Calls without a user, for example of automations, may. Raises UnknownUser.
    """
    if context is None or context.user_id is None:
        return lambda _: True
    if (user := await hass.auth.async_get_user(context.user_id)) is None:
        raise UnknownUser(context=context)
    return lambda entity_id: user.permissions.check_entity(entity_id, policy)


def has_aspect(aspect: Aspect) -> Callable[[Door], bool]:
    """Return a function that tests whether a door has an aspect."""
    return lambda door: aspect in door.aspects


@callback
def async_add_door_entities[D: DoorEntityDescription](
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    entity_class: Callable[[PanelCoordinator, Door, D], DoorEntity],
) -> None:
    """Add the entities of all doors, now and when doors appear or report more.

    Those that must not exist are removed, now and when options or doors change.
    """
    coordinator = entry.runtime_data
    domain = async_get_current_platform().domain
    missing = frozenset(Feature) - coordinator.site.client.features
    all_keys = {description.key for description in descriptions}
    added: WeakKeyDictionary[Door, set[str]] = WeakKeyDictionary()

    @callback
    def update_entities(doors: Iterable[Door]) -> None:
        """Add the entities that these doors do not have yet, and remove others."""
        new: list[DoorEntity] = []
        for door in doors:
            wanted = {
                description.key: description
                for description in descriptions
                if description.supported_fn(door)
                and description.feature not in missing
                and not is_forbidden(door, description, coordinator.options)
            }
            # the registry may have any of them, from an earlier set-up
            present = added.get(door, all_keys)
            keys = added.setdefault(door, set())
            for description in descriptions:
                key = description.key
                if key not in present or key in wanted:
                    continue
                if is_forbidden(door, description, coordinator.options):
                    keys.discard(key)
                    _async_remove_entity(coordinator, domain, door, key)
            new += [
                entity_class(coordinator, door, description)
                for key, description in wanted.items()
                if key not in keys
            ]
            keys.update(wanted)
        async_add_entities(new)

    @callback
    def update_all_entities() -> None:
        """Add and remove the entities of all doors."""
        update_entities(coordinator.panel.doors.values())

    update_all_entities()
    async_subscribe_until_unload(entry, coordinator.panel.door_updates, update_entities)
    async_subscribe_until_unload(entry, coordinator.option_updates, update_all_entities)


@callback
def _async_remove_entity(
    coordinator: PanelCoordinator, domain: str, door: Door, key: str
) -> None:
    """Remove an entity of a door from the registry, if it is there."""
    identifier = door_identifier(coordinator.panel.info.id, door.id)
    registry = er.async_get(coordinator.hass)
    if entity_id := registry.async_get_entity_id(
        domain, DOMAIN, f"{identifier[1]}_{key}"
    ):
        registry.async_remove(entity_id)


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
