"""Coordinator: connects a panel with Home Assistant."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .account import async_start_reauth, async_withdraw_reauth
from .activity import Activity, async_fire_live_event
from .const import DOMAIN
from .devices import PanelDevices, async_get_panel_name
from .exceptions import translated_errors
from .issues import (
    PANEL_MIGRATED,
    PANEL_MOVED_BACK,
    PERMISSION_MISSING,
    async_create_issue,
    async_delete_issues,
    async_report_missing_permission,
    async_update_skipped_issue,
    async_withdraw_migrated_issue,
)
from .options import Options
from .pdk.account import AccountClient
from .pdk.clock import is_recent
from .pdk.commands import DoorCommand
from .pdk.doors import Door, Subscribers
from .pdk.errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from .pdk.models import (
    DoorEvent,
    Feature,
    LiveEvent,
    Migration,
    MigrationStage,
    PdkEvent,
    SiteConnection,
)
from .pdk.panel import Panel
from .pdk.parser import as_list
from .pdk.site import Client, create_stream, use_stored_site
from .pdk.stream import StreamStatus
from .pdk.tasks import log_failure
from .people import hide_people
from .store import (
    PanelStore,
    Stored,
    activity_as_dict,
    activity_from_dict,
    endpoint_from_dict,
    panel_as_dict,
    parse_stored,
    restore_panel,
)

_LOGGER = logging.getLogger(__name__)

type ProdatakeyConfigEntry = ConfigEntry[PanelCoordinator]

# Home Assistant allows 10,000 enabled entities an entry; a door can have ten,
# and more if the user enables those that are disabled by default.
MAX_DOORS = 900
# The list of doors is read at every connect, and this often.
READ_INTERVAL = timedelta(hours=1)
# The list of doors is not read again within this time, in seconds.
MIN_READ_INTERVAL = 30.0


class PanelCoordinator:
    """Own a panel's connection, devices, storage and issues.

    `anonymous_name` replaces names of people that must not be recorded.
    """

    _kept_endpoints: Sequence[object] = ()
    """Those of PDK 1.0, stored on PDK 2.0 for the case that the site moves back."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ProdatakeyConfigEntry,
        client: Client,
        options: Options,
        anonymous_name: str,
    ) -> None:
        """Initialize the coordinator."""
        self.hass = hass
        self.config_entry = entry
        self.client = client
        self.options = options
        self.option_updates = Subscribers[()]()
        self.migration: MigrationStage | None = None
        self.status = StreamStatus.CONNECTING
        self._site_online = True
        """False while PDK reports that the panel is offline, although it is connected."""
        self.activity: Activity | None = None
        self.activity_updates = Subscribers[()]()
        self.connection_updates = Subscribers[()]()
        self.availability_updates = Subscribers[()]()
        """Notified when all entities become available, unavailable or assumed."""
        self.stream = create_stream(
            client, on_event=self._handle_event, on_status=self._handle_status
        )
        self._store = PanelStore(hass, client.info.id, self._as_dict)
        self.panel = Panel(
            client.info,
            self.stream.send,
            on_change=self._store.async_schedule_save,
            max_doors=MAX_DOORS,
        )
        self.panel.door_updates.subscribe(self._update_skipped_issue)
        self.devices = PanelDevices(hass, entry.entry_id, self.panel)
        self._anonymous_name = anonymous_name
        self._reading: asyncio.Task[None] | None = None
        self._last_read: float | None = None
        self._permission_checked_at = float("-inf")
        client.on_token = self._handle_token

    @property
    def name(self) -> str:
        """Return the name of the panel in Home Assistant."""
        return async_get_panel_name(self.hass, self.config_entry)

    @property
    def available(self) -> bool:
        """Return whether entities are available."""
        is_usable = self.status not in (StreamStatus.DOWN, StreamStatus.SILENT)
        return is_usable and self._site_online

    @property
    def connected(self) -> bool | None:
        """Return whether the panel is connected; None before the first attempt."""
        if self.status is StreamStatus.CONNECTING:
            return None
        return self.status is StreamStatus.CONNECTED and self._site_online

    async def async_setup(self, error: PdkError | None = None) -> None:
        """Restore the panel and read its doors.

        They are those that were stored after an `error`, or if they cannot be read; the
        panel is unavailable then. Raises PdkError if nothing was stored.
        """
        stored = await self._store.async_load()
        features = self.client.features
        restore_panel(self.panel, stored, features)
        if not self.options.record_people:
            self._forget_people()
        self.stream.restore_recent_ids(as_list(stored.get("recent_ids")))
        if error is None:
            try:
                await self.async_read_doors()
            except (CannotConnectError, RateLimitedError) as err:
                if "site" not in stored:
                    raise
                error = err
        if error is not None:
            self._use_stored_site(error)
        endpoints = as_list(stored.get("endpoints"))
        if Feature.ENDPOINTS not in features:
            self._kept_endpoints = endpoints[:MAX_DOORS]
        else:
            for endpoint in parse_stored(endpoints, endpoint_from_dict):
                self.panel.add_endpoint(endpoint)
        if self.options.record_people or not stored.get("record_people", True):
            activities = parse_stored([stored.get("activity")], activity_from_dict)
            self.activity = next(activities, None)

    def _use_stored_site(self, error: PdkError) -> None:
        """Begin with the doors that were stored, unavailable until there is a connection."""
        use_stored_site(self.client, self.panel.doors)
        doors = sorted(
            self.panel.doors.values(),
            # second readers belong to a door, so doors come first
            key=lambda door: door.info.primary_reader is not None,
        )
        self.panel.door_updates.notify(doors)
        self._handle_status(StreamStatus.DOWN, error)

    @callback
    def async_start(self) -> None:
        """Connect, and stay connected until the entry is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            async_track_time_interval(self.hass, self._schedule_read, READ_INTERVAL)
        )
        self._streaming = self._create_task(self.stream.run(), "stream")

    @callback
    def async_set_options(self, options: Options) -> None:
        """Use other options; what is shown of people goes at once."""
        self.options = options
        self.client.set_secrets(options.secrets)
        if not options.record_people:
            self._forget_people()
            self.activity = None
            self.activity_updates.notify()
        self.option_updates.notify()
        self._store.async_schedule_save()

    def _forget_people(self) -> None:
        """Forget who was granted access."""
        for door in self.panel.doors.values():
            door.forget_people()

    @callback
    def async_set_account(self, account: AccountClient) -> None:
        """Use other credentials; the connection stays until it needs a token."""
        self.client.set_account(account)
        self.stream.retry()

    async def async_stop(self) -> None:
        """Disconnect and save."""
        tasks = {task for task in (self._streaming, self._reading) if task}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await self._store.async_save()

    async def async_send(self, door: Door, command: DoorCommand) -> None:
        """Send a command for a door. Raises HomeAssistantError."""
        with translated_errors(self.devices.door_name(door)):
            await self.panel.send(command)

    async def async_read_doors(self) -> None:
        """Read the panel's list of doors, if the last one is not recent.

        Raises PdkError; the doors do not change then.
        """
        now = asyncio.get_running_loop().time
        if self._last_read is None or now() - self._last_read > MIN_READ_INTERVAL:
            infos = await self.client.get_doors()
            self._last_read = now()
            self.panel.update_doors(infos)

    @callback
    def _handle_event(self, event: PdkEvent) -> None:
        """Handle one event of the stream."""
        if not self.options.record_people:
            event = hide_people(event, self._anonymous_name)
        held_since = self.stream.held_since
        if isinstance(event, DoorEvent):
            # first, as it is the most frequent
            self.panel.handle_report(event, held_since=held_since)
        elif isinstance(event, LiveEvent):
            if is_recent(held_since):
                self._handle_live_event(event)
        elif isinstance(event, Migration):
            self._handle_migration(event)
        elif isinstance(event, SiteConnection):
            self._handle_site_connection(event)
        else:
            self.panel.handle_event(event, held_since=held_since)

    def _handle_live_event(self, event: LiveEvent) -> None:
        """Handle a line of the panel's activity log."""
        self.activity = Activity.from_event(event)
        device_id = self.devices.device_id_for_door(self.activity.door_id)
        async_fire_live_event(self.hass, self.activity, self.panel.info.id, device_id)
        self.activity_updates.notify()
        self._store.async_schedule_save()

    def _handle_migration(self, event: Migration) -> None:
        """Handle the stages of a migration to PDK 2.0."""
        self.migration = event.stage
        info = self.panel.info
        if event.stage is MigrationStage.ROLLED_BACK:
            _LOGGER.warning("The migration of %s to PDK 2.0 was rolled back", self.name)
            async_delete_issues(self.hass, info.id, PANEL_MIGRATED)
            return
        _LOGGER.warning("The migration of %s to PDK 2.0 has %s", self.name, event.stage)
        if event.stage is MigrationStage.COMPLETED:
            async_create_issue(
                self.hass,
                info.id,
                self.name,
                PANEL_MIGRATED,
                entry_id=self.config_entry.entry_id,
                system_id=self.client.scrub(event.system_id or "?"),
            )

    def _handle_site_connection(self, event: SiteConnection) -> None:
        """Handle a site that went online or offline while the stream is connected."""
        was_available, self._site_online = self.available, event.connected
        self.connection_updates.notify()
        self.panel.mark_all_assumed()
        self._notify_availability(was_available, "the site is offline")
        if event.connected:
            self._schedule_read()

    @callback
    def _handle_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Handle the status of the connection."""
        if self.hass.is_stopping:
            return
        was_available, previous, self.status = self.available, self.status, status
        if status is StreamStatus.CONNECTED:
            if self.client.info != self.panel.info:
                self.panel.info = self.client.info
                self.devices.update_panel(self.panel.info)
                self._store.async_schedule_save()
            if previous is not StreamStatus.SILENT:
                self.panel.reset_clock()
            self._schedule_read()
        if err is not None:
            self._handle_error(err)
        self.connection_updates.notify()
        if status in (StreamStatus.DROPPED, StreamStatus.SILENT):
            self.panel.mark_all_assumed()
        if status is StreamStatus.DROPPED:
            self.availability_updates.notify()
        else:
            self._notify_availability(was_available, str(err))

    def _notify_availability(self, was_available: bool, reason: str) -> None:
        """Notify of entities that became available or unavailable, with one log line."""
        if self.available is was_available:
            return
        if self.available:
            _LOGGER.info("%s is available again", self.name)
        else:
            _LOGGER.info("%s is unavailable: %s", self.name, reason)
        self.availability_updates.notify()

    @callback
    def _handle_token(self) -> None:
        """Handle a new panel token: credentials and permission are valid."""
        async_withdraw_reauth(self.hass, self.config_entry)
        self._permission_checked_at = float("-inf")
        async_delete_issues(
            self.hass, self.panel.info.id, PERMISSION_MISSING, PANEL_MOVED_BACK
        )

    def _handle_error(self, err: PdkError) -> None:
        """Start reauth or create a repair issue."""
        if isinstance(err, InvalidAuthError) and err.confirmed:
            async_start_reauth(self.hass, self.config_entry)
        elif isinstance(err, PermissionMissingError):
            self._schedule_permission_issue()

    def _schedule_permission_issue(self) -> None:
        """Create the issue of a missing permission, at most every hour."""
        time = asyncio.get_running_loop().time()
        if time - self._permission_checked_at < READ_INTERVAL.total_seconds():
            return
        self._permission_checked_at = time
        self._create_task(
            async_report_missing_permission(self.hass, self.config_entry), "permission"
        )

    @callback
    def _schedule_read(self, _: datetime | None = None) -> None:
        """Read the panel's list of doors, unless that is in progress."""
        if self._reading is None or self._reading.done():
            self._reading = self._create_task(self._async_try_read(), "doors")

    def _create_task(
        self, work: Coroutine[Any, Any, None], name: str
    ) -> asyncio.Task[None]:
        """Run something until it ends or the entry is unloaded; log an exception."""
        task = self.config_entry.async_create_background_task(
            self.hass, work, f"{DOMAIN} {name} {self.panel.info.id}"
        )
        task.add_done_callback(log_failure)
        return task

    async def _async_try_read(self) -> None:
        """Read the panel's list of doors and handle errors."""
        account, info = self.client.account, self.client.info
        await async_withdraw_migrated_issue(self.hass, account, info)
        try:
            await self.async_read_doors()
        except PdkError as err:
            _LOGGER.debug("Could not read the doors: %s", err)
            self._handle_error(err)

    @callback
    def _update_skipped_issue(self, _: Iterable[Door]) -> None:
        """Create or delete the issue for doors beyond the maximum."""
        panel_id, skipped = self.panel.info.id, len(self.panel.skipped)
        async_update_skipped_issue(self.hass, panel_id, self.name, skipped, MAX_DOORS)

    def _as_dict(self) -> Stored:
        """Return what to store."""
        return {
            **panel_as_dict(self.panel, self._kept_endpoints),
            "activity": self.activity and activity_as_dict(self.activity),
            "recent_ids": self.stream.recent_ids,
            "record_people": self.options.record_people,
        }
