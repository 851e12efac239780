"""One panel in Home Assistant: it owns the stream, and knows who listens."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from . import repairs
from .const import CONF_RECORD_PEOPLE, DOMAIN
from .devices import Devices
from .door_list import DoorList
from .endpoints import Endpoint, Endpoints
from .errors import async_start_reauth, translated_errors
from .listeners import Listeners
from .live_event import Activity, activity, async_fire
from .memory import Memory, recalled
from .panel_door import PanelDoor
from .pdk.carried_through import carried_through
from .pdk.clock import LATE, PanelClock
from .pdk.commands import DoorCommand
from .pdk.doors import Aspect
from .pdk.errors import CommandUnansweredError, InvalidAuthError, PdkError
from .pdk.events import (
    Access,
    AccessEvent,
    CommandSucceeded,
    DoorEvent,
    EndpointDiscovered,
    EndpointSignal,
    LiveEvent,
    Migration,
    PdkEvent,
)
from .pdk.panel import PanelAccess
from .pdk.repeats import Repeats
from .pdk.stream import PanelStream, StreamStatus

_LOGGER = logging.getLogger(__name__)

type ProdatakeyConfigEntry = ConfigEntry[PanelCoordinator]

# The panel's list of doors is read at every connect, and so often.
READING_INTERVAL = timedelta(hours=1)


class PanelCoordinator:
    """Own a panel's stream, doors and endpoints; tell the entities that an event touches.

    `listeners` are told of (door id, aspect) when that changes, (door id, "heard") when it
    is told of, (door id, "access") when somebody asked for access, (door id, "let_in");
    of ("signal", address) and, with the event, ("answer", address); of "connection" and
    "activity"; of "availability" when nothing or all may be shown, or is only assumed; of
    "doors" and "endpoints" that are read or heard of, an endpoint that is "discovered",
    and an endpoint's address that is "forgotten".
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ProdatakeyConfigEntry,
        access: PanelAccess,
        somebody: str,
    ) -> None:
        """Prepare; `start` connects. `somebody` stands for people not to be recorded."""
        self.hass = hass
        self.config_entry = entry
        self.panel = access.panel
        self.records_people: bool = entry.options.get(CONF_RECORD_PEOPLE, True)
        self.status = StreamStatus.CONNECTING
        self.activity: Activity | None = None
        self.clock = PanelClock()
        self.listeners = Listeners()
        self.devices = Devices(hass, entry, access.panel)
        self.memory = Memory(hass, access.panel.id, self._as_memory)
        self.doors = DoorList(
            hass, access, self.devices, self.listeners, self.memory.save_soon
        )
        self.stream = PanelStream(
            access, on_event=self._handle, on_status=self._take_status
        )
        self.endpoints = Endpoints(self.devices, self.listeners, self.stream.send)
        access.on_token = self._take_token
        self._somebody = somebody
        self._reading: asyncio.Task[None] | None = None
        self._repeats = Repeats()

    @property
    def available(self) -> bool:
        """Return whether what is known of the panel may be shown."""
        return self.status is not StreamStatus.DOWN

    @property
    def connected(self) -> bool | None:
        """Return whether the stream is connected; None until that was tried."""
        if self.status is StreamStatus.CONNECTING:
            return None
        return self.status is StreamStatus.CONNECTED

    async def prepare(self) -> None:
        """Recall the panel as it was, and read its doors.

        Raises what PanelAccess.doors raises.
        """
        memory = await self.memory.load()
        door = partial(PanelDoor.from_memory, with_people=self.records_people)
        self.doors.remember(recalled(memory.get("doors"), door))
        await self.doors.read()
        for endpoint in recalled(memory.get("endpoints"), Endpoint.from_memory):
            self.endpoints.remember(endpoint)
        if self.records_people or not memory.get("with_people", True):
            lines = recalled([memory.get("activity")], Activity.from_memory)
            self.activity = next(lines, None)

    @callback
    def start(self) -> None:
        """Connect, and stay connected until the entry is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            async_track_time_interval(self.hass, self._read_soon, READING_INTERVAL)
        )
        self._streaming = entry.async_create_background_task(
            self.hass, self.stream.run(), f"{DOMAIN} stream {self.panel.id}"
        )

    async def stop(self) -> None:
        """Disconnect and save, and return when nothing is left of the connection."""
        under_way = {task for task in (self._streaming, self._reading) if task}
        for task in under_way:
            task.cancel()
        await asyncio.wait(under_way)
        await self.memory.save_now()

    @carried_through
    async def send(self, command: DoorCommand) -> None:
        """Send a command and return when the panel has carried it out.

        Raises HomeAssistantError, translated.
        """
        with translated_errors(self.panel.name):
            try:
                await self.stream.send(command)
            except CommandUnansweredError:
                self.doors.doubt(command)
                raise

    @carried_through
    async def hold(self, door: PanelDoor, command: DoorCommand, *, relay: bool) -> None:
        """Send a command that leaves the relay so, and take its success as word of it.

        A relay event that came meanwhile is newer than the answer, and counts.
        """
        reports = door.relay_reports
        await self.send(command)
        if door.relay_reports == reports:
            self.doors.apply(door, Aspect.RELAY, relay)

    @callback
    def forget_endpoint(self, address: str) -> None:
        """Forget an endpoint that the user has deleted."""
        self.endpoints.forget(address)
        self.memory.save_soon()

    @callback
    def _handle(self, event: PdkEvent) -> None:
        """Take one event of the stream."""
        match event:
            case DoorEvent():
                if door := self._door_of(event):
                    self._handle_door(door, event)
            case AccessEvent():
                if door := self._door_of(event):
                    self._handle_access(door, event)
            case CommandSucceeded():
                self.clock.age(event.occurred, held_back=self.stream.holds_back)
            case LiveEvent():
                self._handle_live_event(event)
            case EndpointDiscovered():
                self.endpoints.take_discovered(event)
                self.memory.save_soon()
            case EndpointSignal():
                self.endpoints.take_signal(event)
                self.memory.save_soon()
            case Migration():
                repairs.async_take_migration(self.hass, self.panel, event)

    def _door_of(self, event: DoorEvent | AccessEvent) -> PanelDoor | None:
        """Return an event's door, unless the event was taken before."""
        if self._repeats.are_with(event.event_id):
            return None
        return self.doors.of_event(event)

    def _handle_door(self, door: PanelDoor, event: DoorEvent) -> None:
        """Take what has changed of a door."""
        if event.occurred is not None:
            self.clock.age(event.occurred, held_back=self.stream.holds_back)
        if event.aspect is Aspect.RELAY:
            door.relay_reports += 1
        self.doors.apply(door, event.aspect, event.value)
        self.doors.show(door, event.aspect)
        self.listeners.tell((door.id, "heard"), event)

    def _handle_access(self, door: PanelDoor, event: AccessEvent) -> None:
        """Tell who asked for access, unless that is history already."""
        age = self.clock.age(event.occurred, held_back=self.stream.holds_back)
        if age is None or age > LATE:
            _LOGGER.debug("Not told, as it is late: %s", event.topic)
            return
        if not self.records_people:
            event = replace(event, person=None, person_id=None)
        if event.access is Access.GRANTED:
            self.doors.let_in(door, event.person)
        occurred = dt_util.utcnow() - timedelta(seconds=age)
        self.listeners.tell((door.id, "access"), event, occurred)

    def _handle_live_event(self, event: LiveEvent) -> None:
        """Tell a line of the panel's log; it has no time, so none while late ones may come."""
        if self.stream.holds_back:
            return
        self.activity = activity(
            event, with_people=self.records_people, somebody=self._somebody
        )
        device_id = self.devices.of_door(self.activity.door_id)
        async_fire(self.hass, self.activity, self.panel.id, device_id)
        self.listeners.tell("activity")
        self.memory.save_soon()

    @callback
    def _take_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Follow the connection, up to its end with that of Home Assistant."""
        if self.hass.is_stopping:
            return
        was_available, self.status = self.available, status
        if status is StreamStatus.CONNECTED:
            self._take_connected()
        if err is not None:
            self._take_error(err)
        self.listeners.tell("connection")
        if status is StreamStatus.DROPPED:
            self.doors.assume()
            self.listeners.tell("availability")
        elif self.available is not was_available:
            self._log_availability(err)
            self.listeners.tell("availability")

    def _log_availability(self, err: PdkError | None) -> None:
        """Say once that the panel is gone, and once that it is back."""
        if self.available:
            _LOGGER.info("%s is available again", self.panel.name)
        else:
            _LOGGER.info("%s is unavailable: %s", self.panel.name, err)

    def _take_connected(self) -> None:
        """Begin anew with the clock, and see which doors there are."""
        self.clock = PanelClock()
        self._read_soon()

    @callback
    def _take_token(self) -> None:
        """Take a panel token for what it says: the permission is there."""
        repairs.async_clear(self.hass, self.panel.id, repairs.PERMISSION_MISSING)

    def _take_error(self, err: PdkError) -> None:
        """Ask the user for what only the user can give."""
        if isinstance(err, InvalidAuthError):
            async_start_reauth(self.hass, self.config_entry)
        repairs.async_take_error(self.hass, self.config_entry, err)

    @callback
    def _read_soon(self, _: datetime | None = None) -> None:
        """Read the panel's list of doors, unless that is under way."""
        if self._reading is None or self._reading.done():
            self._reading = self.config_entry.async_create_background_task(
                self.hass, self._read_doors(), f"{DOMAIN} doors {self.panel.id}"
            )

    async def _read_doors(self) -> None:
        """Read the panel's list of doors; a reading that fails changes nothing."""
        try:
            await self.doors.read()
        except PdkError as err:
            _LOGGER.debug("Could not read the doors: %s", err)
            self._take_error(err)

    def _as_memory(self) -> dict[str, Any]:
        """Return what has to outlast a restart."""
        return {
            "doors": [door.as_memory() for door in self.doors.known.values()],
            "endpoints": [e.as_memory() for e in self.endpoints.known.values()],
            "activity": self.activity and self.activity.as_memory(),
            "with_people": self.records_people,
        }
