"""The switches for all doors of a panel: lockdown and evacuation."""

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
from .door_entities import async_remove_entity, async_subscribe_until_unload
from .entity import PanelEntity, ProdatakeyEntityDescription
from .exceptions import error_key, translated_errors
from .pdk import (
    ActuateDoNotDisturb,
    ActuateOpen,
    AllDoors,
    Door,
    DoorCommand,
    DoorId,
    DoorsFailedError,
    ExcludedError,
    Feature,
    Lockdown,
    PdkError,
    Site,
    Subscribers,
)
from .permissions import async_require_lock_permission


@dataclass(frozen=True, kw_only=True)
class PanelSwitchDescription(ProdatakeyEntityDescription, SwitchEntityDescription):
    """Description of a switch for all doors of a panel."""

    all_doors_fn: Callable[[Site], AllDoors]
    command: type[DoorCommand]
    """What is sent to turn it on, for the event of a failed command."""
    opens_door: bool = True
    """Whether it can open doors without their code: it does not exist with a code then."""
    device_class: SwitchDeviceClass = SwitchDeviceClass.SWITCH
    entity_category: EntityCategory = EntityCategory.CONFIG


PANEL_SWITCHES = (
    PanelSwitchDescription(
        key="lockdown",
        all_doors_fn=lambda site: site.lockdown,
        command=ActuateDoNotDisturb,
        opens_door=False,
        feature=Feature.DO_NOT_DISTURB,
    ),
    PanelSwitchDescription(
        key="evacuation",
        all_doors_fn=lambda site: site.evacuation,
        command=ActuateOpen,
        opens_door=True,
        entity_registry_enabled_default=False,
    ),
)


@callback
def async_add_panel_switches(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches for all doors, as the options allow, until the entry is unloaded."""
    coordinator = entry.runtime_data
    added: set[str] = set()

    @callback
    def update_switches() -> None:
        """Add the switches; remove what would open doors without the code."""
        for description in PANEL_SWITCHES:
            key = description.key
            if description.feature not in {None, *coordinator.site.client.features}:
                continue
            if description.opens_door and coordinator.options.code is not None:
                added.discard(key)
                identifier = (DOMAIN, coordinator.panel.info.id)
                async_remove_entity(hass, SWITCH_DOMAIN, identifier, key)
            elif key not in added:
                added.add(key)
                async_add_entities([PanelSwitch(coordinator, description)])

    update_switches()
    async_subscribe_until_unload(entry, coordinator.option_updates, update_switches)


class PanelSwitch(PanelEntity, SwitchEntity):
    """A lockdown or an evacuation: on only while every door confirms it."""

    entity_description: PanelSwitchDescription

    def __init__(
        self, coordinator: PanelCoordinator, description: PanelSwitchDescription
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
        if self.entity_description.opens_door:
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
        with translated_errors(lambda: self.coordinator.name):
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
