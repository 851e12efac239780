"""Coordinator: connects a panel with Home Assistant."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval

from .account import async_start_reauth, async_withdraw_reauth
from .activity import Activity, async_fire_live_event
from .const import DOMAIN
from .devices import PanelDevices, async_get_panel_name
from .entries import EntryCounter
from .exceptions import translated_errors
from .holds import Holds, holds_as_dict, restore_holds
from .issues import (
    PDK_1,
    PDK_2,
    PERMISSION_MISSING,
    async_create_moved_issue,
    async_delete_issues,
    async_delete_moved_issue,
    async_report_missing_permission,
    async_update_skipped_issue,
    async_withdraw_migrated_issue,
)
from .options import Options
from .pdk import (
    CannotConnectError,
    Client,
    Door,
    DoorCommand,
    DoorId,
    Feature,
    InvalidAuthError,
    LiveEvent,
    Migration,
    MigrationStage,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    Site,
    Subscribers,
    log_failure,
)
from .pdk.parser import as_dict, as_list
from .store import (
    PanelStore,
    Stored,
    activity_as_dict,
    activity_from_dict,
    all_doors_as_dict,
    endpoint_from_dict,
    panel_as_dict,
    parse_stored,
    restore_all_doors,
    restore_panel,
)

_LOGGER = logging.getLogger(__name__)

type ProdatakeyConfigEntry = ConfigEntry[PanelCoordinator]

# Home Assistant allows 10,000 enabled entities an entry. A door can have 13 and an endpoint
# of its own, and more if the user enables those that are disabled by default.
MAX_DOORS = 700
# The list of doors is read at every connect, and this often.
READ_INTERVAL = timedelta(hours=1)


class PanelCoordinator:
    """Own a panel's storage, devices, issues and log lines."""

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
        """Initialize the coordinator.

        `anonymous_name` replaces names of people that must not be recorded.
        """
        self.hass = hass
        self.config_entry = entry
        self.options = options
        self.option_updates = Subscribers[()]()
        self.activity: Activity | None = None
        self.activity_updates = Subscribers[()]()
        self._store = PanelStore(hass, client.info.id, self._as_dict)
        self._anonymous_name = anonymous_name
        self.callers: dict[DoorId, Context] = {}
        """Who presses a button of a door now: what its lock does meanwhile is theirs."""
        self.site = Site(
            client,
            on_change=self._store.async_schedule_save,
            save=self._store.async_save_now,
            max_doors=MAX_DOORS,
            anonymous_name=None if options.record_people else anonymous_name,
        )
        self.panel = self.site.panel
        self.devices = PanelDevices(hass, entry.entry_id, self.panel)
        self.holds = Holds(
            hass, self.site, self.devices, self._store.async_save_now, self._create_task
        )
        self.entries = EntryCounter(hass, self.panel, self._store.async_save_now)
        self._was_available = True
        self._reading: asyncio.Task[None] | None = None
        self._permission_checked_at = float("-inf")
        self._subscribe()

    def _subscribe(self) -> None:
        """Subscribe to what the site reports beside its doors."""
        self.site.status_updates.subscribe(self._handle_status)
        self.site.live_events.subscribe(self._handle_live_event)
        self.site.migrations.subscribe(self._handle_migration)
        self.site.client.on_token = self._handle_token
        self.panel.door_updates.subscribe(self._update_skipped_issue)

    @property
    def name(self) -> str:
        """Return the name of the panel in Home Assistant."""
        return async_get_panel_name(self.hass, self.config_entry)

    async def async_setup(self, error: PdkError | None = None) -> None:
        """Restore the panel and read its doors.

        They are those that were stored after an `error`, or if they cannot be read; the
        panel is unavailable then. Raises PdkError if nothing was stored.
        """
        stored = await self._store.async_load()
        features = self.site.client.features
        restore_panel(self.panel, stored, features)
        restore_all_doors(self.site.lockdown, as_dict(stored.get("lockdown")))
        restore_all_doors(self.site.evacuation, as_dict(stored.get("evacuation")))
        restore_holds(self.holds, stored)
        self.entries.restore(self.panel.doors.values())
        if not self.options.record_people:
            self.site.forget_people()
        self.site.stream.recent_ids.restore(as_list(stored.get("recent_ids")))
        if error is None:
            try:
                await self.site.read_doors()
            except (CannotConnectError, RateLimitedError) as err:
                if "site" not in stored:
                    raise
                error = err
        if error is not None:
            self.site.use_stored_doors(error)
        endpoints = as_list(stored.get("endpoints"))
        if Feature.ENDPOINTS not in features:
            self._kept_endpoints = endpoints[:MAX_DOORS]
        else:
            for endpoint in parse_stored(endpoints, endpoint_from_dict):
                self.panel.endpoints.add(endpoint)
        if self.options.record_people or not stored.get("record_people", True):
            activities = parse_stored([stored.get("activity")], activity_from_dict)
            self.activity = next(activities, None)

    @callback
    def async_start(self) -> None:
        """Connect, and stay connected until the entry is unloaded."""
        entry = self.config_entry
        entry.async_on_unload(
            async_track_time_interval(self.hass, self._schedule_read, READ_INTERVAL)
        )
        entry.async_on_unload(
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._handle_stop)
        )
        self.holds.async_start()
        self._running = self._create_task(self.site.run(), "stream")

    @callback
    def async_set_options(self, options: Options) -> None:
        """Use other options; what is shown of people goes at once."""
        self.options = options
        self.site.client.set_secrets(options.secrets)
        self.site.anonymous_name = None
        if not options.record_people:
            self.site.anonymous_name = self._anonymous_name
            self.site.forget_people()
            self.activity = None
            self.activity_updates.notify()
        self.option_updates.notify()
        self._store.async_schedule_save()

    async def async_stop(self) -> None:
        """Disconnect and save."""
        tasks = {task for task in (self._running, self._reading) if task}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        self.holds.async_stop()
        await self.site.lockdown.stop()
        await self.site.evacuation.stop()
        await self.entries.async_stop()
        await self._store.async_save()

    async def async_send(
        self,
        door: Door,
        command: DoorCommand,
        during: AbstractContextManager[None] | None = None,
    ) -> None:
        """Send a command for a door, as `Panel.send`. Raises HomeAssistantError."""
        with translated_errors(partial(self.devices.door_name, door)):
            await self.panel.send(command, during)

    @callback
    def _handle_stop(self, _: Event) -> None:
        """Leave the states as they are while Home Assistant stops."""
        self.site.status_updates.clear()
        self.site.availability_updates.clear()

    @callback
    def _handle_live_event(self, event: LiveEvent) -> None:
        """Handle a line of the panel's activity log."""
        self.activity = Activity.from_event(event)
        device_id = self.devices.device_id_for_door(self.activity.door_id)
        async_fire_live_event(self.hass, self.activity, self.panel, device_id)
        self.activity_updates.notify()
        self._store.async_schedule_save()

    def _handle_migration(self, event: Migration) -> None:
        """Handle the stages of a migration to PDK 2.0."""
        if event.stage is MigrationStage.ROLLED_BACK:
            _LOGGER.warning("The migration of %s to PDK 2.0 was rolled back", self.name)
            async_delete_moved_issue(self.hass, self.panel.info.id, PDK_2)
            return
        _LOGGER.warning("The migration of %s to PDK 2.0 has %s", self.name, event.stage)
        if event.stage is MigrationStage.COMPLETED:
            async_create_moved_issue(self.hass, self.config_entry, PDK_2)

    @callback
    def _handle_status(self) -> None:
        """Handle the status of the connection, with one log line for a change."""
        site = self.site
        if site.connected:
            self.devices.update_panel(self.panel.info)
            self._schedule_read()
        if site.error is not None:
            self._handle_error(site.error)
        if site.available is self._was_available:
            return
        self._was_available = site.available
        if site.available:
            _LOGGER.info("%s is available again", self.name)
        else:
            reason = site.error or "the site is offline"
            _LOGGER.info("%s is unavailable: %s", self.name, reason)

    @callback
    def _handle_token(self) -> None:
        """Handle a new panel token: credentials and permission are valid."""
        async_withdraw_reauth(self.hass, self.config_entry)
        self._permission_checked_at = float("-inf")
        async_delete_issues(self.hass, self.panel.info.id, PERMISSION_MISSING)
        async_delete_moved_issue(self.hass, self.panel.info.id, PDK_1)

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
        account, info = self.site.client.account, self.site.client.info
        await async_withdraw_migrated_issue(self.hass, account, info)
        try:
            await self.site.read_doors()
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
            **holds_as_dict(self.holds),
            "lockdown": all_doors_as_dict(self.site.lockdown),
            "evacuation": all_doors_as_dict(self.site.evacuation),
            "recent_ids": self.site.stream.recent_ids.to_store(),
            "record_people": self.options.record_people,
        }
