"""A site: one panel, its connection, and what its events change."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from .account import AccountClient
from .clock import is_recent
from .errors import PdkError
from .evacuation import Evacuation
from .events import (
    AccessEvent,
    DoorEvent,
    LiveEvent,
    Migration,
    MigrationStage,
    PdkEvent,
    SiteConnection,
)
from .generations import Client, create_stream
from .lockdown import Lockdown
from .panel import Panel
from .stream import StreamStatus
from .subscribers import Subscribers

# The list of doors is not read again within this time, in seconds.
MIN_READ_INTERVAL = 30.0


class Site:
    """A panel that is kept up to date by its stream, from `run` until cancelled."""

    def __init__(
        self,
        client: Client,
        *,
        on_change: Callable[[], None],
        save: Callable[[], Awaitable[None]],
        max_doors: int,
        anonymous_name: str | None = None,
    ) -> None:
        """Initialize a site without doors.

        `on_change` is called when something changes that should be stored, `save` stores
        it at once. `anonymous_name` replaces names of people that must not be recorded.
        """
        self.client = client
        self.stream = create_stream(
            client, on_event=self._handle_event, on_status=self._handle_status
        )
        self.panel = Panel(
            client.info, self.stream.send, on_change=on_change, max_doors=max_doors
        )
        self.lockdown, self.evacuation = _create_all_doors(self.panel, save)
        self.anonymous_name = anonymous_name
        self.migration: MigrationStage | None = None
        self.status = StreamStatus.CONNECTING
        self.error: PdkError | None = None
        """Why the last status came, if that was an error."""
        self.status_updates = Subscribers[()]()
        """Notified of each status, and when the site goes online or offline."""
        self.availability_updates = Subscribers[()]()
        """Notified when all doors become available, unavailable or assumed."""
        self.live_events = Subscribers[LiveEvent]()
        """Notified of the lines of the activity log that are recent."""
        self.photo_types: set[str] = set()
        """The JSON types of the photos of these lines, for the diagnostics."""
        self.migrations = Subscribers[Migration]()
        self._online = True
        """False while PDK reports that the site is offline, although it is connected."""
        self._last_read: float | None = None

    @property
    def available(self) -> bool:
        """Return whether the doors are available."""
        is_usable = self.status not in (StreamStatus.DOWN, StreamStatus.SILENT)
        return is_usable and self._online

    @property
    def connected(self) -> bool | None:
        """Return whether the site is connected; None before the first attempt."""
        if self.status is StreamStatus.CONNECTING:
            return None
        return self.status is StreamStatus.CONNECTED and self._online

    async def run(self) -> None:
        """Connect, and stay connected until cancelled."""
        await self.stream.run()

    async def read_doors(self) -> None:
        """Read the list of doors, if the last one is not recent.

        Raises PdkError; the doors do not change then.
        """
        now = asyncio.get_running_loop().time
        if self._last_read is None or now() - self._last_read > MIN_READ_INTERVAL:
            infos = await self.client.get_doors()
            self._last_read = now()
            self.panel.update_doors(infos)

    def use_stored_doors(self, error: PdkError) -> None:
        """Begin with the doors that the panel has, as its list cannot be read."""
        self.client.use_stored(self.panel.doors)
        self.panel.notify_all_doors()
        self._handle_status(StreamStatus.DOWN, error)

    def forget_people(self) -> None:
        """Forget who was granted access."""
        for door in self.panel.doors.values():
            door.forget_people()

    def set_account(self, account: AccountClient) -> None:
        """Use other credentials; the connection stays until it needs a token."""
        self.client.set_account(account)
        self.stream.retry()

    def _handle_event(self, event: PdkEvent) -> None:
        """Handle one event of the stream."""
        if self.anonymous_name is not None:
            event = _hide_people(event, self.anonymous_name)
        held_since = self.stream.held_since
        if isinstance(event, DoorEvent):
            # first, as it is the most frequent
            self.panel.handle_report(event, held_since=held_since)
        elif isinstance(event, LiveEvent):
            self.photo_types.add(event.photo_type)
            if is_recent(held_since):
                self.live_events.notify(event)
        elif isinstance(event, Migration):
            self.migration = event.stage
            self.migrations.notify(event)
        elif isinstance(event, SiteConnection):
            self._handle_connection(event)
        else:
            self.panel.handle_event(event, held_since=held_since)

    def _handle_connection(self, event: SiteConnection) -> None:
        """Handle a site that went online or offline while the stream is connected."""
        was_available, self._online = self.available, event.connected
        self.panel.mark_all_assumed()
        self._notify_status(was_available)

    def _handle_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Handle the status of the stream."""
        was_available, previous = self.available, self.status
        self.status, self.error = status, err
        if status is StreamStatus.CONNECTED:
            self.panel.update_info(self.client.info)
            if previous is not StreamStatus.SILENT:
                self.panel.reset_clock()
        elif status in (StreamStatus.DROPPED, StreamStatus.SILENT):
            self.panel.mark_all_assumed()
        self._notify_status(was_available)

    def _notify_status(self, was_available: bool) -> None:
        """Notify of the status, and of what it means for the doors."""
        self.status_updates.notify()
        if self.status is StreamStatus.DROPPED or self.available is not was_available:
            self.availability_updates.notify()


def _create_all_doors(
    panel: Panel, save: Callable[[], Awaitable[None]]
) -> tuple[Lockdown, Evacuation]:
    """Return the lockdown and the evacuation of a panel, which exclude each other."""
    lockdown, evacuation = Lockdown(panel, save), Evacuation(panel, save)
    lockdown.excludes, evacuation.excludes = evacuation, lockdown
    return lockdown, evacuation


def _hide_people(event: PdkEvent, anonymous_name: str) -> PdkEvent:
    """Return the event without names, ids and dates of people."""
    if isinstance(event, AccessEvent):
        return replace(
            event, person=None, person_id=None, active_from=None, expires=None
        )
    if isinstance(event, LiveEvent):
        return replace(
            event,
            placeholders=tuple(
                replace(placeholder, text=anonymous_name, id=None)
                if placeholder.type == "person"
                else placeholder
                for placeholder in event.placeholders
            ),
        )
    return event
