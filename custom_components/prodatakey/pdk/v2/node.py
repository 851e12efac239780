"""A cloud node: its part of the events of its system, and its commands."""

import asyncio
from collections.abc import Callable
import logging

from ..clock import NOT_HELD
from ..commands import (
    ActuateClose,
    ActuateOpen,
    Command,
    DoorCommand,
    TryDwellOpen,
    TryOpen,
)
from ..errors import (
    CommandRejectedError,
    NotConnectedError,
    PdkError,
    StreamRefusedError,
)
from ..events import AccessEvent, DoorEvent, PdkEvent, SiteConnection
from ..parser import Json
from ..recent import RecentIds
from ..stats import ConnectionStats
from ..stream import MAX_REASON_LENGTH, StreamStatus
from ..tasks import create_task
from .client import CloudNodeClient
from .commands import Lost
from .parser import TOPICS
from .status import SiteStatus
from .stream import open_socket, subscribe
from .system import System, get_system

_LOGGER = logging.getLogger(__name__)

# A connection that is refused because of its token ends within this time, in seconds.
VALIDATION_TIME = 1.0

_ACTIONS: dict[type[Command], str] = {
    ActuateClose: "close",
    ActuateOpen: "open",
    TryDwellOpen: "try-open",
    TryOpen: "try-open",
}


class CloudNodeStream:
    """The stream of one cloud node, over the connection of its whole system."""

    subscribed_topics = TOPICS

    def __init__(
        self,
        client: CloudNodeClient,
        *,
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
    ) -> None:
        """Initialize the stream."""
        self.client = client
        self.cloud_node_id = client.info.cloud_node_id
        self.serial = client.info.id
        self.stats = ConnectionStats()
        """Those of the whole system, from the beginning of its connection."""
        self.recent_ids = RecentIds()
        """Those of the whole system too: an event counts once, whoever is told of it."""
        self.held_since = NOT_HELD
        """As that of the system's stream."""
        self.moved: asyncio.Future[None] = asyncio.Future()
        """Done when the client has got another account."""
        self._on_event = on_event
        self._on_status = on_status
        self._system: System | None = None
        self._stream_status = StreamStatus.CONNECTING
        self._status = SiteStatus(client, self._notify_connection)
        self._checking: asyncio.Task[None] | None = None
        """Reads the status of the site while the system is connected."""
        self._lost: Lost | None = None
        """Done when commands cannot be sent any more; None while they cannot."""

    @property
    def shared_by(self) -> int:
        """Return how many panels have this connection, with its counts, in common."""
        return 0 if self._system is None else self._system.node_count

    async def send(self, command: Command) -> None:
        """Send one command, once, and return when the system has accepted it.

        `Panel` calls it, in a task that no caller cancels. Raises NotConnectedError at
        once, also if the site is offline or while the command waits for its turn, and
        CommandUnansweredError 10 seconds after it was sent.
        """
        action = _ACTIONS.get(type(command))
        if action is None or not isinstance(command, DoorCommand):
            raise CommandRejectedError("PDK 2.0 has no such command")
        if self._lost is None:
            raise NotConnectedError
        dwell = command.dwell if isinstance(command, TryDwellOpen) else None
        body: Json | None = None if dwell is None else {"dwell": dwell}
        await self.client.send(command.door_id, action, body, self._lost)

    async def run(self) -> None:
        """Stay connected until cancelled; no command arrives after that."""
        try:
            while True:
                self._system = get_system(self.client)
                await self._system.serve(self)
        finally:
            self.client.abort_commands()

    def retry(self) -> None:
        """Make the next attempt to connect, or to renew the token, now if it is due later.

        With another account, that of the connection changes, or else the connection.
        """
        if self._system is None:
            return
        if self.client.account is self._system.account:
            self._system.stream.retry()
        elif not self.moved.done():
            self.moved.set_result(None)

    # What the system does

    def handle_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Handle the status of the system's connection; never raises."""
        self._stream_status = status
        self._update_lost()
        try:
            self._on_status(status, err)
        except Exception:
            _LOGGER.exception("Could not handle the status %s", status.name)
        if status in (StreamStatus.DROPPED, StreamStatus.DOWN):
            self._stop_checking()
        elif self._checking is None:
            self._status.handle_unclear()
            self._checking = create_task(self._status.run())

    def handle_left(self) -> None:
        """Handle that the system does not serve this cloud node any more."""
        if self._stream_status is StreamStatus.CONNECTED:
            self.handle_status(StreamStatus.DROPPED, None)
        elif self._stream_status is StreamStatus.SILENT:
            self.handle_status(StreamStatus.DOWN, None)
        self._stream_status = StreamStatus.CONNECTING

    def handle_unclear(self) -> None:
        """Handle that some site went online or offline: it does not say which one."""
        self._status.handle_unclear()

    def handle_event(self, event: PdkEvent, held_since: float) -> None:
        """Handle an event of this cloud node."""
        self.held_since = held_since
        if isinstance(event, (DoorEvent, AccessEvent)):
            # others may be the system's own, about a site that is away
            self._status.events += 1
            if not self._status.online:
                self._status.handle_event(maybe_delayed=held_since != NOT_HELD)
        elif isinstance(event, SiteConnection):
            self._status.handle_report(connected=event.connected)
            return
        self._on_event(event)

    def _notify_connection(self, connected: bool) -> None:
        """Notify of a site that went online or offline."""
        self._update_lost()
        try:
            self._on_event(SiteConnection(connected=connected))
        except Exception:
            _LOGGER.exception("Could not handle the connection of the site")

    def _stop_checking(self) -> None:
        """Do not read the status of the site while there is no connection."""
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None

    def _update_lost(self) -> None:
        """Update whether commands can be sent."""
        is_open = self._stream_status is StreamStatus.CONNECTED
        can_send = is_open and self._status.online
        if can_send and self._lost is None:
            self._lost = asyncio.get_running_loop().create_future()
        elif not can_send and self._lost is not None:
            self._lost.set_result(None)
            self._lost = None


async def validate_connection(client: CloudNodeClient) -> None:
    """Connect to a system once, subscribe, and disconnect.

    Nothing is opened if the account is connected to the system. Raises
    CannotConnectError, StreamRefusedError and what AccountClient.request raises.
    """
    token = await client.get_token()
    if get_system(client).is_connected:
        return
    socket = await open_socket(client.system, token.value)
    try:
        await subscribe(socket)
        await asyncio.wait({socket.ended}, timeout=VALIDATION_TIME)
        if socket.ended.done():
            reason = client.scrub(socket.ended.result())
            raise StreamRefusedError(reason[:MAX_REASON_LENGTH])
    finally:
        await socket.close()
