"""Whether a cloud node is online: by its events, what is said of it, and its status."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import logging
import time

from ..errors import CannotConnectError
from ..reconnect import Backoff
from ..stream import attempt
from .client import CloudNodeClient

_LOGGER = logging.getLogger(__name__)

# For this long after the system has said that a site went offline, in seconds, its events
# may be older than that, and so may its status.
SETTLING = 5.0


class SiteStatus:
    """The status of one cloud node. `run` reads it while the stream is connected."""

    def __init__(
        self, client: CloudNodeClient, on_change: Callable[[bool], None]
    ) -> None:
        """Initialize as online; `on_change` is called with each change."""
        self.online = True
        self._client = client
        self._on_change = on_change
        self._unclear = asyncio.Event()
        self._reports = 0
        self.events = 0
        """Counts the events of the site itself."""
        self._offline_since = float("-inf")

    def handle_unclear(self) -> None:
        """Read the status: there is a new connection, or a report names no site."""
        self._unclear.set()

    def handle_report(self, *, connected: bool) -> None:
        """Handle what the system says of the site."""
        self._reports += 1
        if not connected:
            self._offline_since = time.monotonic()
            # nobody may say when it is back
            self._unclear.set()
        self._set_online(online=connected)

    def handle_event(self, *, maybe_delayed: bool) -> None:
        """Handle an event of a site that is offline: it is not, unless that is a late one."""
        if not maybe_delayed and not self._is_settling:
            self._reports += 1
            self._set_online(online=True)

    async def run(self) -> None:
        """Read the status whenever it is not clear, and regularly while it is offline."""
        while True:
            await self._unclear.wait()
            self._unclear.clear()
            await self._read_until_online()

    async def _read_until_online(self) -> None:
        """Read the status until the site is online, at the pace of reconnects."""
        backoff = Backoff()
        # skip the first delay: this attempt is made at once
        backoff.next_delay(None)
        while True:
            reports = self._reports
            error = await attempt(self._read)
            if error is None and self.online:
                return
            if error is not None:
                _LOGGER.debug("Could not read the site's status: %s", error)
            # a report that names no site may be about this one
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff.next_delay(error)):
                    await self._unclear.wait()
            self._unclear.clear()
            if self.online and reports != self._reports:
                return

    async def _read(self) -> None:
        """Read the status; a report that came meanwhile is newer.

        Raises PdkError; CannotConnectError also if the status contradicts what came
        meanwhile.
        """
        reports, events = self._reports, self.events
        online = await self._client.is_online() is not False
        if reports != self._reports:
            return
        if (not online and events != self.events) or (online and self._is_settling):
            raise CannotConnectError("the status is not up to date")
        # if the field is missing, assume online
        self._set_online(online=online)

    @property
    def _is_settling(self) -> bool:
        """Return whether the site has just gone offline."""
        return time.monotonic() - self._offline_since < SETTLING

    def _set_online(self, *, online: bool) -> None:
        """Notify of a site that went online or offline."""
        if self.online is not online:
            self.online = online
            self._on_change(online)
