"""Base entities: identity, availability and subscriptions."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, cast, override

from homeassistant.const import ATTR_RESTORED
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from .activity import async_fire_command_failed
from .const import DOMAIN
from .coordinator import PanelCoordinator
from .devices import door_identifier, endpoint_identifier
from .exceptions import error_key
from .pdk import Aspect, Door, DoorCommand, Endpoint, Feature, PdkError, Subscribers
from .permissions import async_require_lock_permission


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
            self.door, command, self._reporting(command, during)
        )

    @contextmanager
    def _reporting(
        self,
        command: DoorCommand,
        during: AbstractContextManager[None] | None = None,
    ) -> Iterator[None]:
        """Report a command that fails, also if its caller does not wait any more."""
        context = self._context
        with during or self.caller_context():
            try:
                yield
            except PdkError as err:
                self.fire_command_failed(command, error_key(err), context)
                raise

    async def async_require_lock_permission(self) -> None:
        """Require permission for the door's lock, as this entity bypasses it.

        Raises Unauthorized.
        """
        await async_require_lock_permission(
            self.hass, self._context, [self._identifier]
        )
