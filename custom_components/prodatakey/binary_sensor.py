"""Binary sensors: inputs and alarms of doors, and the connection of the panel."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .door_entities import (
    async_add_door_entities,
    async_subscribe_until_unload,
    has_aspect,
)
from .entity import (
    DoorEntity,
    DoorEntityDescription,
    PanelEntity,
    ProdatakeyEntityDescription,
)
from .pdk import Aspect, Door, DoorKind, Feature, SiteProblem, Subscribers

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorBinarySensorDescription(DoorEntityDescription, BinarySensorEntityDescription):
    """Description of a door's binary sensor."""

    aspect: Aspect
    opens_door: bool = False


@dataclass(frozen=True, kw_only=True)
class PanelBinarySensorDescription(
    ProdatakeyEntityDescription, BinarySensorEntityDescription
):
    """Description of a binary sensor of the panel."""


DOOR_POSITION = DoorBinarySensorDescription(
    key="dps",
    aspect=Aspect.DPS,
    supported_fn=has_aspect(Aspect.DPS),
)
BINARY_SENSORS = (
    DoorBinarySensorDescription(
        key="rex",
        aspect=Aspect.REX,
        supported_fn=has_aspect(Aspect.REX),
    ),
    DoorBinarySensorDescription(
        key="relay",
        aspect=Aspect.RELAY,
        device_class=BinarySensorDeviceClass.LOCK,
        entity_category=EntityCategory.DIAGNOSTIC,
        # the lock shows it too, and Activity would list each change twice
        entity_registry_enabled_default=False,
        supported_fn=lambda door: (
            door.kind is DoorKind.DOOR
            or (door.kind is DoorKind.SECOND_READER and Aspect.RELAY in door.aspects)
        ),
    ),
    DoorBinarySensorDescription(
        key="relay",
        aspect=Aspect.RELAY,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        supported_fn=lambda door: door.kind is DoorKind.OUTPUT,
    ),
    DoorBinarySensorDescription(
        key="propped",
        aspect=Aspect.PROPPED,
        device_class=BinarySensorDeviceClass.PROBLEM,
        supported_fn=has_aspect(Aspect.PROPPED),
    ),
    DoorBinarySensorDescription(
        key="forced",
        aspect=Aspect.FORCED,
        device_class=BinarySensorDeviceClass.TAMPER,
        supported_fn=has_aspect(Aspect.FORCED),
    ),
    DoorBinarySensorDescription(
        key="force_close",
        aspect=Aspect.FORCE_CLOSE,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        supported_fn=lambda door: (
            door.kind is DoorKind.DOOR or Aspect.FORCE_CLOSE in door.aspects
        ),
    ),
    DoorBinarySensorDescription(
        key="auto_open",
        aspect=Aspect.AUTO_OPEN,
        entity_category=EntityCategory.DIAGNOSTIC,
        supported_fn=has_aspect(Aspect.AUTO_OPEN),
    ),
    DoorBinarySensorDescription(
        key="latched",
        aspect=Aspect.LATCHED,
        entity_category=EntityCategory.DIAGNOSTIC,
        feature=Feature.FORCE_TOGGLE,
        supported_fn=has_aspect(Aspect.LATCHED),
    ),
)

CONNECTION = PanelBinarySensorDescription(
    key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)
PROBLEMS = {
    problem: PanelBinarySensorDescription(
        key=problem,
        feature=Feature.SITE_PROBLEMS,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    )
    for problem in SiteProblem
}


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the binary sensors of a panel."""
    coordinator = entry.runtime_data
    panel = coordinator.panel
    added: set[SiteProblem] = set()

    @callback
    def add_problem(problem: SiteProblem) -> None:
        """Add the sensor of a problem that is reported for the first time."""
        if problem not in added:
            added.add(problem)
            async_add_entities([PanelProblem(coordinator, problem)])

    async_add_entities([PanelConnection(coordinator, CONNECTION)])
    for problem in panel.problems:
        add_problem(problem)
    async_subscribe_until_unload(entry, panel.problem_updates, add_problem)
    async_add_door_entities(entry, async_add_entities, (DOOR_POSITION,), DoorPosition)
    async_add_door_entities(entry, async_add_entities, BINARY_SENSORS, DoorBinarySensor)


class PanelConnection(PanelEntity, BinarySensorEntity):
    """Whether the stream is connected; never unavailable."""

    _follows_connection = False

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the connection."""
        return (self.coordinator.site.status_updates,)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether the stream is connected."""
        return self.coordinator.site.connected


class PanelProblem(PanelEntity, BinarySensorEntity):
    """A problem of the whole site."""

    def __init__(self, coordinator: PanelCoordinator, problem: SiteProblem) -> None:
        """Initialize the sensor of a problem."""
        super().__init__(coordinator, PROBLEMS[problem])
        self._problem = problem

    @override
    async def async_added_to_hass(self) -> None:
        """Subscribe also to the site's problems."""
        await super().async_added_to_hass()
        updates = self.coordinator.panel.problem_updates
        self.async_on_remove(updates.subscribe(self._handle_problem))

    @callback
    def _handle_problem(self, problem: SiteProblem) -> None:
        """Handle the report of a problem."""
        if problem is self._problem:
            self._handle_update()

    @property
    @override
    def is_on(self) -> bool:
        """Return whether anything at the site has the problem."""
        return bool(self.coordinator.panel.problems[self._problem])

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the problem may have changed without a report."""
        return self._problem in self.coordinator.panel.assumed_problems


class DoorBinarySensor(DoorEntity, BinarySensorEntity):
    """One aspect of a door."""

    entity_description: DoorBinarySensorDescription

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorBinarySensorDescription,
    ) -> None:
        """Initialize the sensor."""
        super().__init__(coordinator, door, description)
        if (
            description.aspect is Aspect.FORCE_CLOSE
            and Feature.DO_NOT_DISTURB not in coordinator.site.client.features
        ):
            # there is no switch that shows it
            self._attr_entity_registry_enabled_default = True

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the aspect, None if it was never reported."""
        return self.door.state.get(self.entity_description.aspect)


class DoorPosition(DoorBinarySensor):
    """Whether a door is open."""

    @property
    @override
    def device_class(self) -> BinarySensorDeviceClass:
        """Return the kind of door, which the panel's list can change."""
        if self.door.info.icon == "rollUpDoor":
            return BinarySensorDeviceClass.GARAGE_DOOR
        return BinarySensorDeviceClass.DOOR
