"""Switches: do not disturb, relay outputs, and the lockdown and evacuation of a panel."""

from collections.abc import Callable, Coroutine, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    DOMAIN as SWITCH_DOMAIN,
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .activity import async_fire_command_failed
from .const import DOMAIN
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .devices import door_identifier
from .door_entities import (
    async_add_door_entities,
    async_remove_entity,
    async_subscribe_until_unload,
)
from .entity import (
    DoorEntity,
    DoorEntityDescription,
    PanelEntity,
    ProdatakeyEntityDescription,
)
from .exceptions import error_key, error_translation, translated_errors
from .pdk import (
    ActuateClose,
    ActuateDoNotDisturb,
    ActuateOpen,
    AllDoors,
    Aspect,
    Door,
    DoorCommand,
    DoorId,
    DoorKind,
    DoorsFailedError,
    ExcludedError,
    Feature,
    Lockdown,
    PdkError,
    Site,
    Subscribers,
    set_do_not_disturb,
)
from .permissions import async_require_lock_permission

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class DoorSwitchDescription(DoorEntityDescription, SwitchEntityDescription):
    """Description of a switch."""

    aspect: Aspect


DO_NOT_DISTURB = DoorSwitchDescription(
    key="do_not_disturb",
    aspect=Aspect.FORCE_CLOSE,
    opens_door=False,
    feature=Feature.DO_NOT_DISTURB,
    # the editor's filter tells it from outputs by its class
    device_class=SwitchDeviceClass.SWITCH,
    entity_category=EntityCategory.CONFIG,
    supported_fn=lambda door: door.kind is DoorKind.DOOR,
)
OUTPUT = DoorSwitchDescription(
    key="output",
    name=None,
    aspect=Aspect.RELAY,
    opens_door=True,
    supported_fn=lambda door: door.kind is DoorKind.OUTPUT,
)
# The icons of outputs, by PDK's own.
_OUTPUT_KEYS = {
    "alarm": "output_alarm",
    "fan": "output_fan",
    "light": "output_light",
    "panicButton": "output_panic_button",
    "sprinkler": "output_sprinkler",
}


@dataclass(frozen=True, kw_only=True)
class AllDoorsSwitchDescription(ProdatakeyEntityDescription, SwitchEntityDescription):
    """Description of a switch for all doors of a panel."""

    all_doors_fn: Callable[[Site], AllDoors]
    command: type[DoorCommand]
    """What is sent to turn it on, for the event of a failed command."""
    opens_doors: bool = True
    """Whether it can open doors without their code: it does not exist with a code then."""


ALL_DOORS = (
    AllDoorsSwitchDescription(
        key="lockdown",
        all_doors_fn=lambda site: site.lockdown,
        command=ActuateDoNotDisturb,
        opens_doors=False,
        feature=Feature.DO_NOT_DISTURB,
        device_class=SwitchDeviceClass.SWITCH,
        entity_category=EntityCategory.CONFIG,
    ),
    AllDoorsSwitchDescription(
        key="evacuation",
        all_doors_fn=lambda site: site.evacuation,
        command=ActuateOpen,
        opens_doors=True,
        device_class=SwitchDeviceClass.SWITCH,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of a panel."""
    async_add_door_entities(entry, async_add_entities, (DO_NOT_DISTURB,), DoNotDisturb)
    async_add_door_entities(entry, async_add_entities, (OUTPUT,), Output)
    added: set[str] = set()

    @callback
    def update_switches() -> None:
        """Add the switches for all doors; remove what would open them without the code."""
        coordinator = entry.runtime_data
        for description in ALL_DOORS:
            key = description.key
            if description.feature not in {None, *coordinator.site.client.features}:
                continue
            if description.opens_doors and coordinator.options.code is not None:
                added.discard(key)
                identifier = (DOMAIN, coordinator.panel.info.id)
                async_remove_entity(hass, SWITCH_DOMAIN, identifier, key)
            elif key not in added:
                added.add(key)
                async_add_entities([AllDoorsSwitch(coordinator, description)])

    update_switches()
    async_subscribe_until_unload(
        entry, entry.runtime_data.option_updates, update_switches
    )


class DoorSwitch(DoorEntity, SwitchEntity):
    """A switch that shows one aspect of a door."""

    entity_description: DoorSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the aspect, None if it was never reported."""
        return self.door.state.get(self.entity_description.aspect)


class Output(DoorSwitch):
    """A relay output that is not a door."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorSwitchDescription,
    ) -> None:
        """Initialize the switch with the icon of the output."""
        super().__init__(coordinator, door, description)
        self._attr_translation_key = _OUTPUT_KEYS.get(door.info.icon or "", "output")

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the relay on and leave it on."""
        await self._async_send(ActuateOpen(self.door.id))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await self._async_send(ActuateClose(self.door.id))


class DoNotDisturb(DoorSwitch):
    """Do not disturb, by a command that only toggles."""

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Refuse access until turned off."""
        await self._async_set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Allow access again."""
        await self._async_set(False)

    async def _async_set(self, value: bool) -> None:
        """Set the state. Raises HomeAssistantError."""
        with translated_errors(lambda: self.door_name):
            await set_do_not_disturb(
                self.coordinator.panel,
                self.door,
                value,
                self._reporting(ActuateDoNotDisturb(self.door.id)),
            )


class AllDoorsSwitch(PanelEntity, SwitchEntity):
    """A lockdown or an evacuation: on only while every door confirms it."""

    entity_description: AllDoorsSwitchDescription

    def __init__(
        self, coordinator: PanelCoordinator, description: AllDoorsSwitchDescription
    ) -> None:
        """Initialize the switch."""
        super().__init__(coordinator, description)
        self._all_doors = description.all_doors_fn(coordinator.site)

    @property
    @override
    def _topics(self) -> tuple[Subscribers[()], ...]:
        """Return the changes at any door."""
        return (self._all_doors.updates,)

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it is on at every door."""
        return self._all_doors.is_on

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether not all doors are for certain as they were asked to be."""
        return bool(self._all_doors.unconfirmed)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, list[str]]:
        """Return the doors that need a look."""
        attributes = {"unconfirmed": self._names(self._all_doors.unconfirmed)}
        if isinstance(self._all_doors, Lockdown):
            attributes["others"] = self._names(self._all_doors.others)
        return attributes

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on at every door where it is not on."""
        if self.entity_description.opens_doors:
            panel_id = self.coordinator.panel.info.id
            await async_require_lock_permission(
                self.hass,
                self._context,
                [door_identifier(panel_id, door.id) for door in self._all_doors.doors],
            )
        await self._async_turn("on", self._all_doors.turn_on)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off at the doors where it was turned on."""
        await self._async_turn("off", self._all_doors.turn_off)

    async def _async_turn(
        self,
        value: str,
        turn: Callable[[AbstractContextManager[None]], Coroutine[Any, Any, None]],
    ) -> None:
        """Turn it on or off. Raises HomeAssistantError."""
        key, context = self.entity_description.key, self._context
        try:
            await turn(self.caller_context())
        except ExcludedError as err:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key=f"{key}_excluded"
            ) from err
        except DoorsFailedError as err:
            names = [self._report(*each, context) for each in err.errors.items()]
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=f"{key}_{value}_failed",
                translation_placeholders={"doors": ", ".join(sorted(names))},
            ) from err
        except PdkError as err:
            raise HomeAssistantError(
                **error_translation(err, self.coordinator.name)
            ) from err

    def _report(self, door_id: DoorId, err: PdkError, context: Context | None) -> str:
        """Report a door that failed, for automations and *Activity*; return its name."""
        devices = self.coordinator.devices
        async_fire_command_failed(
            self.hass,
            device_id=devices.device_id_for_door(door_id),
            entity_id=self.entity_id,
            command=self.entity_description.command.topic,
            reason=error_key(err),
            context=context,
        )
        door = self.coordinator.panel.doors.get(door_id)
        return devices.door_name(door) if door else str(door_id)

    def _names(self, doors: Iterable[Door]) -> list[str]:
        """Return the names of doors."""
        return sorted(map(self.coordinator.devices.door_name, doors))
