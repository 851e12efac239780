"""The doors of a panel: those that it lists, and those that its events tell of."""

from collections.abc import Callable, Iterable
import logging
import time

from homeassistant.core import HomeAssistant, callback

from . import repairs
from .devices import Devices
from .listeners import Listeners
from .panel_door import PanelDoor
from .pdk.commands import DoorCommand
from .pdk.doors import Aspect, Door, DoorId, DoorState, after_gap, apply, doubt
from .pdk.events import AccessEvent, DoorEvent
from .pdk.panel import PanelAccess

_LOGGER = logging.getLogger(__name__)

# Home Assistant takes 10,000 enabled entities of an entry; a door can have eleven.
MOST_DOORS = 900
# A door goes when so many readings in a row lack it.
READINGS_TO_GO = 2
# A reading as young as this, in seconds, is not repeated.
YOUNG = 30.0


class DoorList:
    """The doors of one panel, by id."""

    def __init__(
        self,
        hass: HomeAssistant,
        access: PanelAccess,
        devices: Devices,
        listeners: Listeners,
        on_change: Callable[[], None],
    ) -> None:
        """Start with none; `on_change` is told of what has to be remembered."""
        self.known: dict[DoorId, PanelDoor] = {}
        self._hass = hass
        self._access = access
        self._devices = devices
        self._listeners = listeners
        self._on_change = on_change
        self._read_at: float | None = None
        self._left_out: set[DoorId] = set()

    async def read(self) -> None:
        """Read the panel's list, unless that was done a moment ago.

        Raises what PanelAccess.doors raises; then nothing is changed.
        """
        if self._read_at is None or time.monotonic() - self._read_at > YOUNG:
            doors = await self._access.doors()
            self._read_at = time.monotonic()
            self.take(doors)
            self._on_change()

    @callback
    def remember(self, panel_doors: Iterable[PanelDoor]) -> None:
        """Take doors as they were before a restart."""
        self.known.update((panel_door.id, panel_door) for panel_door in panel_doors)

    @callback
    def take(self, doors: Iterable[Door]) -> None:
        """Take the doors as the panel lists them."""
        # readers hang on their doors, so these come first
        listed = sorted(doors, key=lambda door: door.primary_reader is not None)
        self._count_missing({door.id for door in listed})
        taken = [known for door in listed if (known := self._take(door))]
        self._tell_left_out({door.id for door in listed} - self.known.keys())
        self._listeners.tell("doors", taken)

    def of_event(self, event: DoorEvent | AccessEvent) -> PanelDoor | None:
        """Return an event's door, which may be the first that is heard of it."""
        if (known := self.known.get(event.door_id)) is not None:
            return known
        name = event.door_name or f"Door {event.door_id}"
        if (new := self._take(Door(id=event.door_id, name=name))) is not None:
            self._listeners.tell("doors", (new,))
        elif event.door_id not in self._left_out:
            self._tell_left_out({*self._left_out, event.door_id})
        return new

    @callback
    def show(self, panel_door: PanelDoor, aspect: Aspect) -> None:
        """Note that a door has more to it than was known."""
        if aspect not in panel_door.shown:
            panel_door.show(aspect)
            self._listeners.tell("doors", (panel_door,))

    @callback
    def apply(self, panel_door: PanelDoor, aspect: Aspect, value: bool) -> None:
        """Take the panel's word on one aspect."""
        self._change(panel_door, aspect, apply(panel_door.state, aspect, value))

    @callback
    def doubt(self, command: DoorCommand) -> None:
        """Only assume what a command may have changed, for nobody can tell."""
        if (known := self.known.get(command.door_id)) is not None:
            state = doubt(known.state, command.aspect)
            self._change(known, command.aspect, state)

    @callback
    def assume(self) -> None:
        """Mark every state as assumed: events may be missed from now on."""
        for panel_door in self.known.values():
            panel_door.state = after_gap(panel_door.state)

    @callback
    def let_in(self, panel_door: PanelDoor, person: str | None) -> None:
        """Note who was let in; at a second reader that was the door's own lock."""
        for door_id in {panel_door.id, panel_door.door.primary_reader}:
            if door_id is not None and (door := self.known.get(door_id)):
                door.changed_by = person
                self._listeners.tell((door_id, "let_in"))
        self._on_change()

    def _change(self, panel_door: PanelDoor, aspect: Aspect, state: DoorState) -> None:
        """Keep a door's state, and tell who listens if it is another than before."""
        if state is not panel_door.state:
            panel_door.state = state
            self._listeners.tell((panel_door.id, aspect))
            self._on_change()

    def _count_missing(self, listed: set[DoorId]) -> None:
        """Count the readings that lack a door, and make room where they are enough."""
        for panel_door in list(self.known.values()):
            panel_door.missed = 0 if panel_door.id in listed else panel_door.missed + 1
            if panel_door.missed >= READINGS_TO_GO:
                self._remove(panel_door)

    def _take(self, door: Door) -> PanelDoor | None:
        """Take one door; None where there is no room for it."""
        known = self.known.get(door.id)
        if known is not None and not known.is_kind_of(door):
            _LOGGER.debug("Device %s is another kind of device now", door.id)
            self._remove(known)
            known = None
        if known is None:
            if len(self.known) >= MOST_DOORS:
                return None
            known = self.known[door.id] = PanelDoor(door=door)
        known.take(door)
        self._devices.take_door(known)
        return known

    def _remove(self, panel_door: PanelDoor) -> None:
        """Remove a door that is gone, with its device and its entities."""
        del self.known[panel_door.id]
        self._devices.remove_door(panel_door)

    def _tell_left_out(self, left_out: set[DoorId]) -> None:
        """Say how many doors there was no room for."""
        self._left_out = left_out
        panel = self._access.panel
        if left_out:
            repairs.async_create(
                self._hass,
                panel,
                repairs.TOO_MANY_DOORS,
                left_out=str(len(left_out)),
                most=str(MOST_DOORS),
            )
        else:
            repairs.async_clear(self._hass, panel.id, repairs.TOO_MANY_DOORS)
