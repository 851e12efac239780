"""Switches: do not disturb, and relay outputs."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import (
    SwitchDeviceClass,
    SwitchEntity,
    SwitchEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .entity import DoorEntity, DoorEntityDescription, async_add_door_entities
from .pdk.commands import (
    ActuateClose,
    ActuateDoNotDisturb,
    ActuateOpen,
    run_to_completion,
)
from .pdk.doors import Door
from .pdk.models import Aspect, DoorEvent, DoorKind

PARALLEL_UPDATES = 0

# How long the panel may take to report the result of a toggle, in seconds.
CONFIRMATION_TIMEOUT = 5.0
# A report that comes before the result of the toggle may be about another toggle, so
# the next one is waited for, in seconds.
SETTLE_TIME = 1.0
# One toggle, and one back if it went the wrong way.
MAX_TOGGLES = 2


@dataclass(frozen=True, kw_only=True)
class DoorSwitchDescription(DoorEntityDescription, SwitchEntityDescription):
    """Description of a switch."""

    aspect: Aspect


DO_NOT_DISTURB = DoorSwitchDescription(
    key="do_not_disturb",
    aspect=Aspect.FORCE_CLOSE,
    # the editor's filter tells it from outputs by its class
    device_class=SwitchDeviceClass.SWITCH,
    entity_category=EntityCategory.CONFIG,
    supported_fn=lambda door: door.kind is DoorKind.DOOR,
)
OUTPUT = DoorSwitchDescription(
    key="output",
    name=None,
    aspect=Aspect.RELAY,
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


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up the switches of a panel."""
    async_add_door_entities(entry, async_add_entities, (DO_NOT_DISTURB,), DoNotDisturb)
    async_add_door_entities(entry, async_add_entities, (OUTPUT,), Output)


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
        await run_to_completion(self._async_send(ActuateOpen(self.door.id)))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await run_to_completion(self._async_send(ActuateClose(self.door.id)))


class DoNotDisturb(DoorSwitch):
    """Do not disturb, by a command that only toggles."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        door: Door,
        description: DoorSwitchDescription,
    ) -> None:
        """Initialize the switch."""
        super().__init__(coordinator, door, description)
        self._toggle_lock = asyncio.Lock()

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Refuse access until turned off."""
        await self._async_set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Allow access again."""
        await self._async_set(False)

    async def _async_set(self, value: bool) -> None:
        """Set the state; a call cancelled while waiting for the lock sends nothing."""
        await self._toggle_lock.acquire()
        await run_to_completion(self._async_toggle_to(value))

    async def _async_toggle_to(self, value: bool) -> None:
        """Toggle until the panel reports the value; back once, and no more."""
        try:
            if self.is_on is value and not self.assumed_state:
                return
            with self.caller_context():
                for _ in range(MAX_TOGGLES):
                    if await self._async_toggle() is value:
                        return
        finally:
            self._toggle_lock.release()
        raise self._not_confirmed()

    async def _async_toggle(self) -> bool:
        """Toggle once, and return what the panel reports then."""
        reports: list[bool] = []
        reported = asyncio.Event()

        def handle_report(event: DoorEvent, maybe_delayed: bool) -> None:
            # one that was held back is about the state before
            if event.aspect is Aspect.FORCE_CLOSE and not maybe_delayed:
                reports.append(event.value)
                reported.set()

        with self.door.reports.subscribed(handle_report):
            command = ActuateDoNotDisturb(self.door.id)
            await self.coordinator.async_send(self.door, command)
            timeout = SETTLE_TIME if reports else CONFIRMATION_TIMEOUT
            reported.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await reported.wait()
        if not reports:
            self.door.mark_assumed(Aspect.FORCE_CLOSE)
            raise self._not_confirmed()
        return reports[-1]

    def _not_confirmed(self) -> HomeAssistantError:
        """Return the error for an unknown state."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_confirmed",
            translation_placeholders={"door": self.door_name},
        )
