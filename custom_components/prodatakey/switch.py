"""Do not disturb, and what else than a door hangs on a relay."""

import asyncio
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .coordinator import PanelCoordinator, ProdatakeyConfigEntry
from .entity import DoorDescription, DoorEntity, async_add_door_entities
from .panel_door import PanelDoor
from .pdk.carried_through import carried_through
from .pdk.commands import ActuateClose, ActuateDoNotDisturb, ActuateOpen, DoorCommand
from .pdk.doors import Aspect
from .pdk.events import DoorEvent

PARALLEL_UPDATES = 0

# How long the panel may take to say what a toggle has done, in seconds.
CONFIRMATION_TIMEOUT = 5.0
# One toggle, and one back where it went the wrong way.
MOST_TOGGLES = 2


@dataclass(frozen=True, kw_only=True)
class DoorSwitchDescription(DoorDescription, SwitchEntityDescription):
    """A switch of a door or an output."""

    aspect: Aspect


DO_NOT_DISTURB = DoorSwitchDescription(
    key="do_not_disturb",
    translation_key="do_not_disturb",
    aspect=Aspect.FORCE_CLOSE,
    entity_category=EntityCategory.CONFIG,
    supported_fn=lambda panel_door: panel_door.is_door,
)
OUTPUT = DoorSwitchDescription(
    key="output",
    translation_key="output",
    name=None,
    aspect=Aspect.RELAY,
    supported_fn=lambda panel_door: panel_door.is_output,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: ProdatakeyConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Set up do not disturb for each door, and the outputs."""
    for description, entity_class in ((DO_NOT_DISTURB, DoNotDisturb), (OUTPUT, Output)):
        async_add_door_entities(entry, async_add_entities, (description,), entity_class)


class DoorSwitch(DoorEntity, SwitchEntity):
    """A switch that shows one aspect of a door."""

    entity_description: DoorSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the panel has said."""
        return self.panel_door.state.value(self.entity_description.aspect)


class Output(DoorSwitch):
    """Something else than a door on a relay."""

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the relay on and leave it on."""
        await self._hold(ActuateOpen(self.panel_door.id), relay=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the relay off and leave it off."""
        await self._hold(ActuateClose(self.panel_door.id), relay=False)

    @carried_through
    async def _hold(self, command: DoorCommand, *, relay: bool) -> None:
        """Send a command that leaves the relay so."""
        with self.doing_of_the_caller():
            await self.coordinator.hold(self.panel_door, command, relay=relay)


class DoNotDisturb(DoorSwitch):
    """Do not disturb, over a command that only toggles."""

    def __init__(
        self,
        coordinator: PanelCoordinator,
        panel_door: PanelDoor,
        description: DoorSwitchDescription,
    ) -> None:
        """Take the door's identity."""
        super().__init__(coordinator, panel_door, description)
        self._toggling = asyncio.Lock()

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Refuse access until turned off."""
        await self._bring_about(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Allow access again."""
        await self._bring_about(False)

    async def _bring_about(self, wanted: bool) -> None:
        """See to it that it is so; who leaves while another does has sent nothing."""
        await self._toggling.acquire()
        await self._toggle_until(wanted)

    @carried_through
    async def _toggle_until(self, wanted: bool) -> None:
        """Toggle until the panel says that it is so; back once, and no more."""
        try:
            if self.is_on is wanted and not self.assumed_state:
                return
            with self.doing_of_the_caller():
                for _ in range(MOST_TOGGLES):
                    if await self._toggle() is wanted:
                        return
        finally:
            self._toggling.release()
        raise self._unconfirmed()

    async def _toggle(self) -> bool:
        """Toggle once, and return what the panel says that it is then."""
        confirmed: asyncio.Future[bool] = asyncio.Future()

        def take(event: DoorEvent) -> None:
            if event.aspect is Aspect.FORCE_CLOSE and not confirmed.done():
                confirmed.set_result(event.value)

        command = ActuateDoNotDisturb(self.panel_door.id)
        heard = (self.panel_door.id, "heard")
        try:
            with self.coordinator.listeners.listening(take, heard):
                await self.coordinator.send(command)
                async with asyncio.timeout(CONFIRMATION_TIMEOUT):
                    return await confirmed
        except TimeoutError:
            self.coordinator.doors.doubt(command)
            raise self._unconfirmed() from None

    def _unconfirmed(self) -> HomeAssistantError:
        """Return that nobody can tell how it is now."""
        return HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_confirmed",
            translation_placeholders={"door": self.panel_door.door.name},
        )
