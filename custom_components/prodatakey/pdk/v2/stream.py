"""The stream of a system, for one of its cloud nodes; commands go over REST."""

import asyncio
from collections.abc import Callable
import logging
from typing import override

from ..clock import HELD_FOR_UNKNOWN_TIME, NOT_HELD
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
from ..models import (
    AccessEvent,
    DoorEvent,
    InvalidToken,
    PdkEvent,
    SiteConnection,
    SiteProblemReported,
)
from ..parser import Json, MalformedEventError
from ..stream import MAX_REASON_LENGTH, SiteStream, StreamStatus, open_connection
from ..tasks import create_task
from .client import CloudNodeClient
from .commands import Lost
from .parser import TOPICS, find_unknown_keys, parse_cloud_node, parse_event
from .socketio4 import Socket
from .status import SiteStatus

_LOGGER = logging.getLogger(__name__)

# While the token is renewed both connections are open for this long, in seconds: the
# system does not confirm that the new one is subscribed.
OVERLAP = 5.0
# This many attempts to open the new connection fit into the rest of the old token's life.
MAX_ATTEMPTS = 4
# A connection that is refused because of its token ends within this time, in seconds.
VALIDATION_TIME = 1.0

_ACTIONS: dict[type[Command], str] = {
    ActuateClose: "close",
    ActuateOpen: "open",
    TryDwellOpen: "try-open",
    TryOpen: "try-open",
}


class CloudNodeStream(SiteStream):
    """The stream of one cloud node, which is that of its whole system."""

    subscribed_topics = TOPICS
    _client: CloudNodeClient

    def __init__(
        self,
        client: CloudNodeClient,
        *,
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
    ) -> None:
        """Initialize the stream."""
        super().__init__(client, on_event=on_event, on_status=on_status)
        self._current: Socket | None = None
        self._old: Socket | None = None
        """The connection before the present one, while both are open."""
        self._status = SiteStatus(client, self._notify_connection)
        self._lost: Lost | None = None
        """Done when commands cannot be sent any more; None while they cannot."""

    @override
    async def send(self, command: Command) -> None:
        """Send one command, once, and return when the system has accepted it.

        Raises NotConnectedError at once, also if the site is offline or while the command
        waits for its turn, and CommandUnansweredError 10 seconds after it was sent.
        """
        action = _ACTIONS.get(type(command))
        if action is None or not isinstance(command, DoorCommand):
            raise CommandRejectedError("PDK 2.0 has no such command")
        if self._lost is None:
            raise NotConnectedError
        dwell = command.dwell if isinstance(command, TryDwellOpen) else None
        body: Json | None = None if dwell is None else {"dwell": dwell}
        await self._client.send(command.door_id, action, body, self._lost)

    @override
    async def run(self) -> None:
        """Stay connected until cancelled; no command arrives after that."""
        try:
            await super().run()
        finally:
            self._client.abort_commands()

    @override
    async def _connect(self) -> None:
        """Connect, and return when that connection has ended."""
        token = await self._client.get_token()
        self._renewer.start(token)
        socket = await open_socket(self._client, self._receive, token.value)
        self._current = socket
        self._update_lost()
        self.stats.connects += 1
        self._backoff.handle_connected()
        self._notify_status(StreamStatus.CONNECTED)
        self._status.handle_unclear()
        renewing = create_task(self._renewer.run(self._replace))
        checking = create_task(self._status.run())
        try:
            await subscribe(socket)
            await self._wait_for_end(renewing)
        finally:
            renewing.cancel()
            checking.cancel()
            try:
                await asyncio.wait({renewing, checking})
            finally:
                # also if this task is cancelled once more
                await self._close()

    async def _wait_for_end(self, renewing: asyncio.Task[None]) -> None:
        """Return when the present connection has ended. Raises what the renewal raises."""
        while (current := self._current) is not None and not renewing.done():
            await asyncio.wait(
                (current.ended, renewing), return_when=asyncio.FIRST_COMPLETED
            )
            if current.ended.done() and current is self._current:
                break
        if renewing.done():
            await renewing
        if current is not None and current.ended.done():
            self._handle_end(current.ended.result())

    async def _close(self) -> None:
        """Close what is open, and notify that the connection has ended."""
        sockets = [each for each in (self._current, self._old) if each is not None]
        self._current = self._old = None
        self._update_lost()
        self._handle_dropped()
        for socket in sockets:
            await socket.close()

    async def _replace(self, token: str) -> None:
        """Continue with a new token on a new connection, without a gap.

        The new connection is subscribed before the old one is closed.
        """
        self.stats.renewals += 1
        old = self._current
        if old is not None and self._renewer.rejected.is_set():
            # where the system asks for it: then the held back events come
            await old.send_event("renewedToken", {"token": token})
        new = await self._open_new(token)
        self._old, self._current = old, new
        self._renewer.handle_accepted()
        try:
            await subscribe(new)
            await asyncio.wait((new.ended,), timeout=OVERLAP)
        finally:
            self._old = None
            if old is not None:
                await old.close()

    async def _open_new(self, token: str) -> Socket:
        """Open another connection, with several attempts while the old one stands."""
        attempts = 1
        while True:
            try:
                return await open_socket(self._client, self._receive, token)
            except PdkError as err:
                if attempts == MAX_ATTEMPTS:
                    raise
                _LOGGER.debug("Could not open another connection: %s", err)
                attempts += 1
                await asyncio.sleep(self._backoff.next_delay(err))

    @override
    def _handle_silence(self, err: PdkError | None) -> None:
        """Handle that the system has no valid token, or has one again."""
        super()._handle_silence(err)
        self._update_lost()

    def _notify_connection(self, topic: str, connected: bool) -> None:
        """Notify of a site that went online or offline."""
        self._update_lost()
        self._notify_event(topic, SiteConnection(connected=connected))

    def _update_lost(self) -> None:
        """Update whether commands can be sent."""
        is_open = self._current is not None and not self.silent
        can_send = is_open and self._status.online
        if can_send and self._lost is None:
            self._lost = asyncio.get_running_loop().create_future()
        elif not can_send and self._lost is not None:
            self._lost.set_result(None)
            self._lost = None

    def _receive(self, socket: Socket, topic: str, payload: object) -> None:
        """Handle one event of a connection; never raises."""
        if socket not in (self._current, self._old):
            return
        self.held_since = self._renewer.held_since
        if socket.eio.delayed:
            self.held_since = HELD_FOR_UNKNOWN_TIME
        elif self._old is not None and socket is not self._old:
            # a new connection has nothing that was held back
            self.held_since = NOT_HELD
        if topic in TOPICS:
            # also of a malformed event: its keys show where the fields are
            self.stats.topics[topic] += 1
            self._client.add_unknown_keys(find_unknown_keys(payload))
        try:
            event = parse_event(topic, payload)
        except MalformedEventError as err:
            self._log_malformed(topic, err)
            return
        if isinstance(event, InvalidToken):
            self.stats.topics[topic] += 1
            if socket is self._current:
                self._renewer.handle_rejection()
            return
        if topic in TOPICS:
            # of anything else nobody knows whether it shows that the token is accepted
            self._renewer.events += 1
        else:
            self._count_unknown(topic)
        if event is not None and not self._is_known(socket, event):
            self._handle_site_event(topic, event, payload)

    def _is_known(self, socket: Socket, event: PdkEvent) -> bool:
        """Return whether an event came before, maybe over the other connection."""
        if not isinstance(event, (DoorEvent, AccessEvent)):
            return False
        if event.event_id is not None:
            return self._is_repeated(event.event_id)
        if event.occurred is not None:
            return self._is_repeated(f"{event.topic} {event.door_id} {event.occurred}")
        # both connections may report it, without anything that identifies it
        return (
            isinstance(event, AccessEvent)
            and self._old is not None
            and socket is not self._old
            and not self._old.ended.done()
        )

    def _handle_site_event(self, topic: str, event: PdkEvent, payload: object) -> None:
        """Handle an event if it is of this cloud node: the stream is the system's."""
        node = self._client.info
        node_id, serial = parse_cloud_node(payload)
        if node_id is not None or serial is not None:
            if node_id not in (None, node.cloud_node_id) or serial not in (
                None,
                node.id,
            ):
                return
        elif isinstance(event, SiteConnection):
            # it does not say which one
            self._status.handle_unclear()
            return
        elif not self._is_of_known_device(event):
            return
        if isinstance(event, SiteConnection):
            self._status.handle_report(topic, connected=event.connected)
            return
        if isinstance(event, (DoorEvent, AccessEvent)):
            # others may be the system's own, about a site that is away
            self._status.handle_event(topic, maybe_delayed=self.held_since != NOT_HELD)
        self._notify_event(topic, event)

    def _is_of_known_device(self, event: PdkEvent) -> bool:
        """Return whether an event names one of the cloud node's devices."""
        match event:
            case DoorEvent() | AccessEvent():
                return event.door_id in self._client.device_ids
            case SiteProblemReported():
                # a circuit breaker's source is a device
                return event.source in {str(each) for each in self._client.device_ids}
        return False


async def open_socket(
    client: CloudNodeClient,
    on_event: Callable[[Socket, str, object], None],
    token: str,
) -> Socket:
    """Return a new connection; a token that failed is not used again.

    Raises CannotConnectError and StreamRefusedError.
    """

    def handle_event(topic: str, payload: object) -> None:
        on_event(socket, topic, payload)

    socket = Socket(client.session, handle_event)
    system_id = client.info.system_id
    try:
        await open_connection(client, socket.open, systemId=system_id, token=token)
    except BaseException:
        await socket.close()
        raise
    return socket


async def subscribe(socket: Socket) -> None:
    """Subscribe all known topics, as documented: without asking for an answer."""
    await socket.send_event("subscribeIsolated", {"topics": sorted(TOPICS)})


async def validate_connection(client: CloudNodeClient) -> None:
    """Connect to a system once, subscribe, and disconnect.

    Raises CannotConnectError, StreamRefusedError and what AccountClient.request raises.
    """
    token = await client.get_token()
    socket = await open_socket(client, lambda *_: None, token.value)
    try:
        await subscribe(socket)
        await asyncio.wait({socket.ended}, timeout=VALIDATION_TIME)
        if socket.ended.done():
            reason = client.scrub(socket.ended.result())
            raise StreamRefusedError(reason[:MAX_REASON_LENGTH])
    finally:
        await socket.close()
