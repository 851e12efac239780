"""The connection to a system: renewed without a gap, its events parsed once."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging
from typing import override

from ..clock import NOT_HELD
from ..connection import BaseSocket
from ..errors import PdkError
from ..events import AccessEvent, DoorEvent, InvalidToken, PdkEvent
from ..parser import MalformedEventError
from ..stream import BaseStream, StreamStatus, open_connection
from ..tasks import create_task
from .client import SystemClient
from .envelope import Envelope
from .parser import TOPICS, parse_event
from .socketio4 import Socket

_LOGGER = logging.getLogger(__name__)

# While the token is renewed both connections are open for this long, in seconds: the
# system does not confirm that the new one is subscribed.
OVERLAP = 5.0
# This many attempts to open the new connection fit into the rest of the old token's life.
MAX_ATTEMPTS = 4


class SystemStream(BaseStream):
    """The stream of a system, with the events of all of its cloud nodes."""

    subscribed_topics = TOPICS
    _client: SystemClient

    def __init__(
        self,
        client: SystemClient,
        *,
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
        on_unknown_keys: Callable[[Envelope], None],
    ) -> None:
        """Initialize the stream."""
        super().__init__(
            client, parse=self._parse_event, on_event=on_event, on_status=on_status
        )
        self.envelope = Envelope(None)
        """Where the event that is handled now comes from."""
        self._on_unknown_keys = on_unknown_keys
        self._current: Socket | None = None
        self._old: Socket | None = None
        """The connection before the present one, while both are open."""

    @override
    async def _connect(self) -> None:
        """Connect, and return when that connection has ended."""
        token = await self._client.get_token()
        self._renewer.start(token)
        socket = await open_socket(self._client, token.value, self._dispatch)
        self._use(socket)
        self.stats.connects += 1
        self._backoff.handle_connected()
        self._notify_status(StreamStatus.CONNECTED)
        renewing = create_task(self._renewer.run(self._replace))
        try:
            await subscribe(socket)
            await self._wait_for_end(renewing)
        finally:
            renewing.cancel()
            try:
                await asyncio.wait({renewing})
            finally:
                # also if this task is cancelled once more
                await self._close()

    def _use(self, current: Socket | None, old: Socket | None = None) -> None:
        """Take events of these connections from now on."""
        self._current, self._old = current, old
        self._sockets = tuple(each for each in (current, old) if each is not None)

    async def _wait_for_end(self, renewing: asyncio.Task[None]) -> None:
        """Return when the present connection has ended. Raises PdkError."""
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
        sockets = self._sockets
        self._use(None)
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
        self._use(new, old)
        self._renewer.handle_accepted()
        try:
            await subscribe(new)
            await asyncio.wait((new.ended,), timeout=OVERLAP)
        finally:
            self._use(self._current)
            if old is not None:
                await old.close()

    async def _open_new(self, token: str) -> Socket:
        """Open another connection, with several attempts while the old one stands."""
        attempts = 1
        while True:
            try:
                return await open_socket(self._client, token, self._dispatch)
            except PdkError as err:
                if attempts == MAX_ATTEMPTS:
                    raise
                _LOGGER.debug("Could not open another connection: %s", err)
                attempts += 1
                await asyncio.sleep(self._backoff.next_delay(err))

    def _parse_event(self, topic: str, payload: object) -> PdkEvent | None:
        """Return the event. Raises MalformedEventError."""
        self.envelope = Envelope(payload)
        if self.envelope.unknown_keys and topic in TOPICS:
            self._on_unknown_keys(self.envelope)
        return parse_event(topic, self.envelope)

    @override
    def _handle_malformed(self, topic: str, err: MalformedEventError) -> None:
        """Count it too: its keys show where the fields are."""
        self.stats.topics[topic] += 1
        super()._handle_malformed(topic, err)

    @override
    def _handle_ignored(self, topic: str) -> None:
        """Handle an event that changes nothing.

        Of an unknown topic nobody knows whether it shows that the token is accepted.
        """
        if topic in TOPICS:
            self.stats.topics[topic] += 1
            self._renewer.events += 1
        else:
            super()._handle_ignored(topic)

    @override
    def _handle_control_event(
        self, socket: BaseSocket, event: PdkEvent
    ) -> PdkEvent | None:
        """Handle a rejection of the token; return anything else."""
        if isinstance(event, InvalidToken):
            if socket is self._current:
                self._renewer.handle_rejection()
            return None
        self._renewer.events += 1
        return event

    @override
    def _is_doubtful(self, socket: BaseSocket, event: DoorEvent | AccessEvent) -> bool:
        """Return whether the old connection may report an access as well."""
        return (
            isinstance(event, AccessEvent)
            and self._old is not None
            and socket is not self._old
            and not self._old.ended.done()
        )

    @override
    def _handle_held(self, socket: BaseSocket) -> None:
        """Handle an event while the token is rejected: a new connection held nothing."""
        if self._old is not None and socket is not self._old:
            self.held_since = NOT_HELD


async def open_socket(
    client: SystemClient,
    token: str,
    on_event: Callable[[Socket, str, object], None] | None = None,
) -> Socket:
    """Return a new connection; a token that failed is not used again.

    Raises CannotConnectError and StreamRefusedError.
    """
    socket = Socket(client.session)
    if on_event is not None:
        socket.on_event = partial(on_event, socket)
    system_id = client.system_id
    try:
        await open_connection(
            client, client.uri, socket.open, systemId=system_id, token=token
        )
    except BaseException:
        await socket.close()
        raise
    return socket


async def subscribe(socket: Socket) -> None:
    """Subscribe all known topics, as documented: without asking for an answer."""
    await socket.send_event("subscribeIsolated", {"topics": sorted(TOPICS)})
