"""What the entities share: identity, availability, listening."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import override

from homeassistant.auth.permissions.const import POLICY_CONTROL
from homeassistant.components.lock import DOMAIN as LOCK_DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_CODE
from homeassistant.core import callback
from homeassistant.exceptions import Unauthorized
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN, KEYS_ROUND_CODE
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .endpoints import Endpoint
from .panel_door import PanelDoor
from .pdk.doors import Aspect


@dataclass(frozen=True, kw_only=True)
class DoorDescription(EntityDescription):
    """An entity of a door: which doors have it, and what of the door it shows."""

    supported_fn: Callable[[PanelDoor], bool]
    aspect: Aspect | None = None


class ProdatakeyEntity(Entity):
    """An entity that shows what the panel has told."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self,
        coordinator: PanelCoordinator,
        identifier: tuple[str, str],
        description: EntityDescription,
    ) -> None:
        """Take the identity of the device that this belongs to."""
        self.coordinator = coordinator
        self.entity_description = description
        self._attr_unique_id = f"{identifier[1]}_{description.key}"
        self._identifier = identifier

    @property
    @override
    def device_info(self) -> DeviceInfo:
        """Return which device this belongs to; asked for once, so it is not kept."""
        return DeviceInfo(identifiers={self._identifier})

    @property
    @override
    def available(self) -> bool:
        """Return whether the panel can be heard."""
        return self.coordinator.available

    @property
    def shows(self) -> tuple[Hashable, ...]:
        """Return what this entity shows, as the coordinator tells of it."""
        return ("availability",)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what this entity shows."""
        self.coordinator.listeners.add(self.async_show, *self.shows)

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Stop listening. No closure that does it: there are thousands."""
        self.coordinator.listeners.remove(self.async_show, *self.shows)

    @callback
    def async_show(self) -> None:
        """Show what was told of."""
        self.async_write_ha_state()


class PanelEntity(ProdatakeyEntity):
    """An entity of the panel itself."""

    def __init__(
        self, coordinator: PanelCoordinator, description: EntityDescription
    ) -> None:
        """Take the panel's identity."""
        super().__init__(coordinator, (DOMAIN, coordinator.panel.id), description)


class EndpointEntity(ProdatakeyEntity):
    """An entity of a wireless endpoint."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        endpoint: Endpoint,
        description: EntityDescription,
    ) -> None:
        """Take the endpoint's identity."""
        identifier = coordinator.devices.identifier(endpoint.address)
        super().__init__(coordinator, identifier, description)
        self._address = endpoint.address

    @property
    def endpoint(self) -> Endpoint | None:
        """Return the endpoint as it was last told of."""
        return self.coordinator.endpoints.known.get(self._address)


class DoorEntity(ProdatakeyEntity):
    """An entity of one door."""

    entity_description: DoorDescription

    def __init__(
        self,
        coordinator: PanelCoordinator,
        panel_door: PanelDoor,
        description: DoorDescription,
    ) -> None:
        """Take the door's identity."""
        identifier = coordinator.devices.identifier(panel_door.id)
        super().__init__(coordinator, identifier, description)
        self.panel_door = panel_door

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the state is from before a gap in the stream."""
        return self.entity_description.aspect in self.panel_door.state.assumed

    @property
    @override
    def shows(self) -> tuple[Hashable, ...]:
        """Return also what this entity shows of the door."""
        if (aspect := self.entity_description.aspect) is None:
            return super().shows
        return (*super().shows, (self.panel_door.id, aspect))

    @contextmanager
    def doing_of_the_caller(self, *, goes_on: bool = False) -> Iterator[None]:
        """Tell what is done here as the caller's doing, and what follows if it goes on.

        Home Assistant would tell so of all that happens in the next five seconds.
        """
        context, ended = self._context, True
        try:
            yield
            ended = not goes_on
        finally:
            if ended and self._context is context:
                self._context = None

    async def async_check_control_of_lock(self) -> None:
        """Refuse a user who may not control the door's lock, as this would go round it.

        Raises Unauthorized. What no user has called, an automation say, may.
        """
        user_id = self._context.user_id if self._context else None
        identity = self.coordinator.devices.identifier(self.panel_door.id)[1]
        lock = er.async_get(self.hass).async_get_entity_id(
            LOCK_DOMAIN, DOMAIN, f"{identity}_lock"
        )
        if user_id is None or lock is None:
            return
        user = await self.hass.auth.async_get_user(user_id)
        if user is None or not user.permissions.check_entity(lock, POLICY_CONTROL):
            raise Unauthorized(
                context=self._context, entity_id=lock, permission=POLICY_CONTROL
            )


def shows(aspect: Aspect) -> Callable[[PanelDoor], bool]:
    """Return a test whether the panel has ever told this of a door."""
    return lambda panel_door: aspect in panel_door.shown


@callback
def async_add_door_entities[D: DoorDescription](
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    entity_class: Callable[[PanelCoordinator, PanelDoor, D], DoorEntity],
) -> None:
    """Add the entities of the doors there are, and of those that appear."""
    coordinator = entry.runtime_data
    has_code = bool(entry.options.get(CONF_CODE))
    allowed = [d for d in descriptions if not (has_code and d.key in KEYS_ROUND_CODE)]

    @callback
    def add(panel_doors: Iterable[PanelDoor]) -> None:
        """Add what these doors have and had not before."""
        new = [
            (panel_door, description)
            for panel_door in panel_doors
            for description in allowed
            if description.key not in panel_door.entities
            and description.supported_fn(panel_door)
        ]
        for panel_door, description in new:
            panel_door.entities.add(description.key)
        async_add_entities(entity_class(coordinator, *which) for which in new)

    add(coordinator.doors.known.values())
    async_listen_while_loaded(entry, add, "doors")


@callback
def async_listen_while_loaded(
    entry: ProdatakeyConfigEntry, listener: Callable[..., None], subject: str
) -> None:
    """Call a listener until the entry begins to be unloaded.

    What it would add while the platforms go would be left behind.
    """

    @callback
    def take(what: object) -> None:
        """Pass it on."""
        if entry.state is not ConfigEntryState.UNLOAD_IN_PROGRESS:
            listener(what)

    listeners = entry.runtime_data.listeners
    listeners.add(take, subject)
    entry.async_on_unload(partial(listeners.remove, take, subject))
