"""One panel in Home Assistant: its stream, its doors, and who listens to them."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from .const import DOMAIN
from .errors import action_error
from .pdk.commands import Command, DoorCommand
from .pdk.doors import Aspect, Door, DoorId, DoorState, after_gap, apply
from .pdk.errors import InvalidAuthError, PdkError
from .pdk.events import DoorEvent, PdkEvent
from .pdk.panel import PanelAccess
from .pdk.stream import PanelStream, StreamStatus

_LOGGER = logging.getLogger(__name__)

type ProdatakeyConfigEntry = ConfigEntry[PanelCoordinator]

# Alarms on how long a door stands open need its position sensor.
_OF_A_DPS = frozenset({Aspect.DPS, Aspect.PROPPED, Aspect.FORCED})


@dataclass(slots=True)
class PanelDoor:
    """A door of the panel with its state.

    `shown` is what the panel has ever told of it, in its list or in an event.
    """

    door: Door
    state: DoorState = field(default_factory=DoorState)
    shown: set[Aspect] = field(default_factory=set)
    relay_reports: int = 0


class PanelCoordinator:
    """Own a panel's stream and doors; tell the entities that an event touches."""

    _streaming: asyncio.Task[None]

    def __init__(
        self, hass: HomeAssistant, entry: ProdatakeyConfigEntry, access: PanelAccess
    ) -> None:
        """Prepare; `start` connects."""
        self.hass = hass
        self.config_entry = entry
        self.panel = access.panel
        self.doors: dict[DoorId, PanelDoor] = {}
        self.status = StreamStatus.CONNECTING
        self._stream = PanelStream(
            access, on_event=self._handle, on_status=self._take_status
        )
        self._door_listeners: dict[tuple[DoorId, Aspect], list[CALLBACK_TYPE]] = {}
        self._listeners: dict[CALLBACK_TYPE, None] = {}
        self._new_door_listeners: list[Callable[[Iterable[PanelDoor]], None]] = []

    @property
    def available(self) -> bool:
        """Return whether what is known of the panel may be shown."""
        return self.status is not StreamStatus.DOWN

    @property
    def connected(self) -> bool:
        """Return whether the stream is connected."""
        return self.status is StreamStatus.CONNECTED

    @callback
    def start(self) -> None:
        """Connect, and stay connected until the entry is unloaded."""
        self._streaming = self.config_entry.async_create_background_task(
            self.hass, self._stream.run(), f"{DOMAIN} stream {self.panel.id}"
        )

    async def stop(self) -> None:
        """Disconnect, and return when nothing is left of the connection."""
        self._streaming.cancel()
        await asyncio.wait({self._streaming})

    @callback
    def take_doors(self, doors: Iterable[Door]) -> None:
        """Take the doors as the panel lists them."""
        for door in doors:
            known = self.doors.setdefault(door.id, PanelDoor(door))
            known.door = door
            known.shown |= _shown_by_list(door)

    async def async_send(self, command: Command) -> None:
        """Send a command and return when the panel has carried it out.

        Raises HomeAssistantError, translated.
        """
        try:
            await self._stream.send(command)
        except PdkError as err:
            raise action_error(err, self.panel.name) from err

    async def async_hold(self, command: DoorCommand, *, relay: bool) -> None:
        """Send a command that leaves the relay so, and take its success as word of it.

        A relay event that came meanwhile is newer than the answer, and counts.
        """
        door = self.doors[command.door_id]
        reports = door.relay_reports
        await self.async_send(command)
        if door.relay_reports == reports:
            self._apply(door, Aspect.RELAY, relay)

    @callback
    def async_listen(
        self,
        listener: CALLBACK_TYPE,
        door_id: DoorId | None = None,
        aspects: Iterable[Aspect] = (),
    ) -> CALLBACK_TYPE:
        """Call when the connection changes, and when these aspects of a door do."""
        self._listeners[listener] = None
        lists = [
            self._door_listeners.setdefault((door_id, aspect), [])
            for aspect in aspects
            if door_id is not None
        ]
        for listeners in lists:
            listeners.append(listener)

        @callback
        def stop_listening() -> None:
            del self._listeners[listener]
            for listeners in lists:
                listeners.remove(listener)

        return stop_listening

    @callback
    def async_listen_for_doors(
        self, listener: Callable[[Iterable[PanelDoor]], None]
    ) -> CALLBACK_TYPE:
        """Call with each door that is new, or that shows something new."""
        self._new_door_listeners.append(listener)
        return lambda: self._new_door_listeners.remove(listener)

    @callback
    def _handle(self, event: PdkEvent) -> None:
        """Take one event of the stream."""
        if isinstance(event, DoorEvent):
            self._handle_door_event(event)

    @callback
    def _handle_door_event(self, event: DoorEvent) -> None:
        """Change one aspect of one door."""
        door = self._door_of(event)
        if event.aspect is Aspect.RELAY:
            door.relay_reports += 1
        self._apply(door, event.aspect, event.value)
        if event.aspect not in door.shown:
            self._show(door, event.aspect)

    def _door_of(self, event: DoorEvent) -> PanelDoor:
        """Return the door of an event, which may be the first that is heard of it."""
        if (door := self.doors.get(event.door_id)) is None:
            name = event.door_name or f"Door {event.door_id}"
            door = PanelDoor(Door(id=event.door_id, name=name))
            self.doors[event.door_id] = door
        return door

    def _show(self, door: PanelDoor, aspect: Aspect) -> None:
        """Note that a door has more to it than was known."""
        door.shown |= _OF_A_DPS if aspect in _OF_A_DPS else {aspect}
        for listener in tuple(self._new_door_listeners):
            listener((door,))

    def _apply(self, door: PanelDoor, aspect: Aspect, value: bool) -> None:
        """Take the panel's word, and tell who listens if that changes anything."""
        before = door.state
        door.state = apply(before, aspect, value)
        if door.state is not before:
            for listener in tuple(self._door_listeners.get((door.door.id, aspect), ())):
                listener()

    @callback
    def _take_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Follow the connection."""
        was_available, self.status = self.available, status
        if status is StreamStatus.DROPPED:
            self._assume_states()
        if was_available and not self.available:
            _LOGGER.info("%s is unavailable: %s", self.panel.name, err)
        elif self.available and not was_available:
            _LOGGER.info("%s is available again", self.panel.name)
        if isinstance(err, InvalidAuthError):
            self.config_entry.async_start_reauth(self.hass)
        self._tell_all()

    def _assume_states(self) -> None:
        """Mark every state as assumed: events may be missed from now on."""
        for door in self.doors.values():
            door.state = after_gap(door.state)

    def _tell_all(self) -> None:
        """Tell everyone who listens."""
        for listener in tuple(self._listeners):
            listener()


def _shown_by_list(door: Door) -> set[Aspect]:
    """Return what the panel's list says that a door has."""
    shown: set[Aspect] = set()
    if door.has_dps:
        shown |= _OF_A_DPS
    if door.has_rex:
        shown.add(Aspect.REX)
    return shown
