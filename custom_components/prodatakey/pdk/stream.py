"""The stream of a panel: connect and stay connected, events out, commands in."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
import logging
from traceback import format_tb
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

from . import commands
from .client import PanelClient
from .commands import Command, PendingCommands
from .errors import (
    CannotConnectError,
    CommandUnansweredError,
    NotConnectedError,
    PdkError,
)
from .http import Token
from .models import (
    AccessEvent,
    CommandSucceeded,
    DoorEvent,
    InvalidToken,
    PdkEvent,
    ServerError,
)
from .parser import MalformedEventError, parse_event
from .reconnect import Backoff, TokenRenewer
from .socketio2 import Socket

_LOGGER = logging.getLogger(__name__)

# A connection that ends earlier, in seconds, may have ended because of its token.
EARLY_DISCONNECT = 5.0
# The panel's address is asked for again after this many failed attempts in a row.
UPDATE_INFO_AFTER = 3
# This many event ids are kept, to ignore an event that comes twice.
MAX_RECENT_IDS = 2000
MAX_LOG_ENTRIES = 20
MAX_REASON_LENGTH = 100


class StreamStatus(Enum):
    """Status of the connection."""

    CONNECTING = auto()
    CONNECTED = auto()
    DROPPED = auto()
    """The connection has ended; the first attempt to reconnect is pending."""
    DOWN = auto()
    """An attempt to connect has failed."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The end or an error of a connection, without secrets."""

    text: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def _new_log() -> deque[LogEntry]:
    """Return a log that keeps its last entries."""
    return deque(maxlen=MAX_LOG_ENTRIES)


@dataclass(slots=True)
class ConnectionStats:
    """Counts since the start; `backoff` is the last delay in seconds."""

    connects: int = 0
    renewals: int = 0
    rejections: int = 0
    backoff: float = 0.0
    topics: Counter[str] = field(default_factory=Counter)
    ends: deque[LogEntry] = field(default_factory=_new_log)
    errors: deque[LogEntry] = field(default_factory=_new_log)


class PanelStream:
    """The stream of one panel. `run` keeps it connected until cancelled."""

    def __init__(
        self,
        client: PanelClient,
        *,
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
    ) -> None:
        """Initialize the stream."""
        self.stats = ConnectionStats()
        self.maybe_delayed = False
        """Whether the event that is handled now may be late.

        A rejected token holds events back, and so does a standstill of this machine.
        """
        self._client = client
        self._on_event = on_event
        self._on_status = on_status
        self._pending = PendingCommands()
        self._backoff = Backoff()
        self._renewer = TokenRenewer(client, self._backoff)
        self._socket: Socket | None = None
        self._failed_opens = 0
        self._recent_ids: set[str] = set()
        self._recent_ids_order: deque[str] = deque()
        self._malformed_topics: set[str] = set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            if (error := await self._attempt()) is None:
                self._backoff.reset_if_stable()
            else:
                self.stats.errors.append(LogEntry(f"{type(error).__name__}: {error}"))
                self._notify_status(StreamStatus.DOWN, error)
            self.stats.backoff = self._backoff.next_delay(error)
            await asyncio.sleep(self.stats.backoff)

    async def send(self, command: Command) -> None:
        """Send one command, once, and return when the panel has executed it.

        The caller must not be cancelled meanwhile, see `run_to_completion`. Raises
        NotConnectedError at once, CommandRejectedError with the panel's message, and
        CommandUnansweredError after 10 seconds or when the connection ends.
        """
        if (socket := self._socket) is None:
            raise NotConnectedError
        command_id = str(uuid4())
        result = self._pending.add(command_id)
        try:
            await socket.send_event("command", command.as_dict(command_id))
            await self._wait_for_result(result, socket)
        finally:
            self._pending.discard(command_id)
        if not result.done():
            raise CommandUnansweredError
        result.result()

    async def _wait_for_result(
        self, result: asyncio.Future[None], socket: Socket
    ) -> None:
        """Wait for a result, and abort if the command may still arrive later.

        Nothing is cancelled at the timeout: a result that is received but unread counts.
        """
        await asyncio.wait({result}, timeout=commands.ANSWER_TIMEOUT / 2)
        if result.done():
            return
        # its pong proves that the command, which was sent before, has arrived
        pong = await socket.ping()
        await asyncio.wait({result}, timeout=commands.ANSWER_TIMEOUT / 2)
        if not result.done() and not pong.done():
            # the network may be down: the command must not arrive once it is up again
            socket.abort()

    async def _attempt(self) -> PdkError | None:
        """Connect until the connection ends; return the error if that failed."""
        try:
            await self._connect()
        except PdkError as err:
            return err
        except Exception as err:  # noqa: BLE001 - logged, without its message
            # a bug: without further attempts the doors would look connected
            _log_exception(err)
            return CannotConnectError(type(err).__name__)
        return None

    async def _connect(self) -> None:
        """Connect, and return when that connection has ended."""
        if self._failed_opens >= UPDATE_INFO_AFTER:
            # the panel may have moved
            self._failed_opens = 0
            await self._client.update_info()
        token = await self._client.get_token()
        socket = Socket(self._client.session, self._handle_connected, self._dispatch)
        try:
            self._failed_opens += 1
            await _open(self._client, socket, token)
            self._failed_opens = 0
            await self._stay_connected(socket, token)
        finally:
            self._handle_disconnected()
            await socket.close()

    async def _stay_connected(self, socket: Socket, token: Token) -> None:
        """Renew the token until the connection ends."""

        async def send_token(value: str) -> asyncio.Future[None]:
            self.stats.renewals += 1
            await socket.send_event("renewedToken", {"token": value})
            return await socket.ping()

        renewing = asyncio.create_task(self._renewer.run(send_token, token))
        try:
            await asyncio.wait(
                (socket.ended, renewing), return_when=asyncio.FIRST_COMPLETED
            )
            if not socket.ended.done():
                await renewing
            reason = self._client.scrub(await socket.ended)[:MAX_REASON_LENGTH]
            if self._backoff.connected_for < EARLY_DISCONNECT:
                # maybe because of the token: the panel need not say so
                self._client.discard_token()
            self.stats.ends.append(LogEntry(reason))
            _LOGGER.debug("Stream ended: %s", reason)
        finally:
            renewing.cancel()

    def _handle_connected(self, socket: Socket) -> None:
        """Handle a new connection."""
        self._renewer.rejected.clear()
        self.stats.connects += 1
        self._backoff.handle_connected()
        self._socket = socket
        self._notify_status(StreamStatus.CONNECTED)

    def _handle_disconnected(self) -> None:
        """Handle the end of the connection."""
        if self._socket is not None:
            if self._pending:
                # they fail now: none may arrive once the network is up again
                self._socket.abort()
            self._socket = None
            self._pending.fail_all(CommandUnansweredError())
            self._notify_status(StreamStatus.DROPPED)

    def _notify_status(self, status: StreamStatus, err: PdkError | None = None) -> None:
        """Notify of the status; a failing callback must not end the stream."""
        try:
            self._on_status(status, err)
        except Exception:
            _LOGGER.exception("Could not handle the status %s", status.name)

    def _dispatch(self, topic: str, payload: object) -> None:
        """Handle one event of the socket; never raises."""
        if (socket := self._socket) is None:
            # received before the end of the connection was noticed
            return
        try:
            event = parse_event(topic, payload)
        except MalformedEventError as err:
            self._log_malformed(topic, err)
            return
        if event is None:
            return
        self.stats.topics[topic] += 1
        if isinstance(event, (DoorEvent, AccessEvent)):
            self._renewer.events += 1
            if event.event_id is not None and self._is_repeated(event.event_id):
                return
        else:
            self._handle_control_event(event)
        self.maybe_delayed = self._renewer.rejected.is_set() or socket.eio.delayed
        try:
            self._on_event(event)
        except Exception:
            # a bug in handling one door must not end the stream for all of them
            _LOGGER.exception("Could not handle %s", topic)

    def _is_repeated(self, event_id: str) -> bool:
        """Return whether an event has come before."""
        if event_id in self._recent_ids:
            return True
        if len(self._recent_ids) == MAX_RECENT_IDS:
            self._recent_ids.discard(self._recent_ids_order.popleft())
        self._recent_ids.add(event_id)
        self._recent_ids_order.append(event_id)
        return False

    def _handle_control_event(self, event: PdkEvent) -> None:
        """Handle what is about a command or the token."""
        match event:
            case InvalidToken():
                self._renewer.handle_rejection()
            case ServerError(message=message):
                self.stats.rejections += 1
                self._pending.reject(self._client.scrub(message))
            case CommandSucceeded(command_id=command_id):
                self._renewer.events += 1
                self._pending.succeed(command_id)
            case _:
                self._renewer.events += 1

    def _log_malformed(self, topic: str, err: MalformedEventError) -> None:
        """Warn once for each topic; the content may be secret."""
        if topic not in self._malformed_topics:
            self._malformed_topics.add(topic)
            _LOGGER.warning("Ignored a malformed %s: %s", topic, err)


def _log_exception(err: Exception) -> None:
    """Log where an error was raised, without its message, which may contain a token."""
    trace = "".join(format_tb(err.__traceback__))
    _LOGGER.error("Unexpected error: %s\n%s", type(err).__name__, trace)


async def validate_connection(client: PanelClient) -> None:
    """Connect to a panel once, and disconnect.

    Raises CannotConnectError, StreamRefusedError and what AccountClient.get_panel_token
    raises.
    """
    socket = Socket(client.session, lambda _: None, lambda *_: None)
    try:
        await _open(client, socket, await client.get_token())
    finally:
        await socket.close()


async def _open(client: PanelClient, socket: Socket, token: Token) -> None:
    """Connect; a token that failed is not used again."""
    address = urlsplit(client.info.uri)
    scheme = "wss" if address.scheme == "https" else "ws"
    query = f"token={quote(token.value, safe='')}"
    try:
        await socket.open(urlunsplit((scheme, address.netloc, "/", query, "")))
    except PdkError as err:
        client.discard_token()
        raise type(err)(client.scrub(str(err))[:MAX_REASON_LENGTH]) from None
