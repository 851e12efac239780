"""The stream of a site: stay connected, and report events and the connection."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable, Callable, Collection
from enum import Enum, auto
import logging
import re
from typing import ClassVar
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from .client import RestClient
from .clock import HELD_FOR_UNKNOWN_TIME, NOT_HELD
from .connection import BaseSocket
from .errors import CannotConnectError, PdkError
from .events import AccessEvent, DoorEvent, PdkEvent
from .parser import MalformedEventError
from .recent import RecentIds
from .reconnect import Backoff, TokenRenewer, wait_for_retry
from .stats import ConnectionStats, LogEntry
from .tasks import log_exception

_LOGGER = logging.getLogger(__name__)

# A connection that ends earlier, in seconds, may have ended because of its token.
EARLY_DISCONNECT = 5.0
# So many unknown topics are counted by their names, which have letters only.
MAX_UNKNOWN_TOPICS = 50
OTHER_TOPICS = "others"
_TOPIC = re.compile(r"[a-z][a-zA-Z]{0,31}(\.[a-z][a-zA-Z]{0,31}){0,7}")
MAX_REASON_LENGTH = 100


class StreamStatus(Enum):
    """Status of the connection."""

    CONNECTING = auto()
    CONNECTED = auto()
    DROPPED = auto()
    """The connection has ended; the first attempt to reconnect is pending."""
    DOWN = auto()
    """An attempt to connect has failed."""
    SILENT = auto()
    """Connected without a valid token: events and results do not arrive."""


class BaseStream(ABC):
    """A connection that reports events. `run` keeps it until cancelled."""

    subscribed_topics: ClassVar[frozenset[str]] = frozenset()
    """Empty where all events come without a subscription."""

    def __init__(
        self,
        client: RestClient,
        *,
        parse: Callable[[str, object], PdkEvent | None],
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
    ) -> None:
        """Initialize the stream.

        `parse` returns an event, or None for one that changes nothing, and raises
        MalformedEventError.
        """
        self.stats = ConnectionStats()
        self.recent_ids = RecentIds()
        self.held_since = NOT_HELD
        """Since when the event that is handled now may have been held back, as `clock.now`.

        A rejected token holds events back, and so does a stall of this machine, for
        a time that is unknown.
        """
        self.silent = False
        """Whether the panel has had no valid token for too long."""
        self._client = client
        self._parse = parse
        self._on_event = on_event
        self._on_status = on_status
        self._sockets: Collection[BaseSocket] = ()
        """The connections whose events count."""
        self._backoff = Backoff()
        self._renewer = TokenRenewer(client, self._backoff, self._handle_silence)
        self._malformed_topics: set[str] = set()
        self._retry = asyncio.Event()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            if (error := await attempt(self._connect)) is None:
                self._backoff.reset_if_stable()
            else:
                self._add_error(error)
                self._notify_status(StreamStatus.DOWN, error)
            self.stats.backoff = self._backoff.next_delay(error)
            await wait_for_retry(self._retry, self.stats.backoff)

    def retry(self) -> None:
        """Make the next attempt to connect, or to renew the token, now if it is due later."""
        self._retry.set()
        self._renewer.retry.set()

    @abstractmethod
    async def _connect(self) -> None:
        """Connect, and return when that connection has ended. Raises PdkError."""

    @abstractmethod
    def _handle_control_event(
        self, socket: BaseSocket, event: PdkEvent
    ) -> PdkEvent | None:
        """Handle what is not about a door; return what is left to report."""

    def _dispatch(self, socket: BaseSocket, topic: str, payload: object) -> None:
        """Handle one event of a connection; never raises."""
        if socket not in self._sockets:
            # received before the end of the connection was noticed
            return
        try:
            event = self._parse(topic, payload)
        except MalformedEventError as err:
            self._handle_malformed(topic, err)
            return
        if event is None:
            self._handle_ignored(topic)
            return
        self.stats.topics[topic] += 1
        if isinstance(event, (DoorEvent, AccessEvent)):
            self._renewer.events += 1
            if event.event_id is None:
                if self._is_doubtful(socket, event):
                    return
            elif self.recent_ids.is_repeated(event.event_id):
                return
        elif (event := self._handle_control_event(socket, event)) is None:
            return
        self.held_since = self._renewer.held_since
        if self.held_since != NOT_HELD:
            self._handle_held(socket)
        if socket.eio.delayed:
            self.held_since = HELD_FOR_UNKNOWN_TIME
        try:
            self._on_event(event)
        except Exception:
            # a bug in handling one door must not end the stream for all of them
            _LOGGER.exception("Could not handle %s", topic)

    def _is_doubtful(self, socket: BaseSocket, event: DoorEvent | AccessEvent) -> bool:
        """Return whether an event that nothing identifies may have come before."""
        return False

    def _handle_held(self, socket: BaseSocket) -> None:
        """Handle an event that comes while the token is rejected."""
        self._renewer.handle_held_event()

    def _handle_ignored(self, topic: str) -> None:
        """Handle an event that changes nothing."""
        self._count_unknown(topic)

    def _handle_silence(self, err: PdkError | None) -> None:
        """Handle that the panel has no valid token, or has one again."""
        self.silent = err is not None
        if err is None:
            self._notify_status(StreamStatus.CONNECTED)
        else:
            self._add_error(err)
            self._notify_status(StreamStatus.SILENT, err)

    def _handle_dropped(self) -> None:
        """Handle the end of a connection that was established."""
        self._renewer.stop()
        dropped = StreamStatus.DOWN if self.silent else StreamStatus.DROPPED
        self.silent = False
        self._notify_status(dropped)

    def _add_error(self, err: PdkError) -> None:
        """Add an error to the statistics."""
        self.stats.errors.append(LogEntry(f"{type(err).__name__}: {err}"))

    def _handle_end(self, reason: str) -> None:
        """Handle the end of a connection; an early one may be because of its token."""
        reason = self._client.scrub(reason)[:MAX_REASON_LENGTH]
        if self._backoff.connected_for < EARLY_DISCONNECT:
            # the server need not say so
            self._client.discard_token()
        self.stats.ends.append(LogEntry(reason))
        _LOGGER.debug("Stream ended: %s", reason)

    def _notify_status(self, status: StreamStatus, err: PdkError | None = None) -> None:
        """Notify of the status; a failing callback must not end the stream."""
        try:
            self._on_status(status, err)
        except Exception:
            _LOGGER.exception("Could not handle the status %s", status.name)

    def _count_unknown(self, topic: str) -> None:
        """Count a topic that nobody reads; what does not look like one may be a secret."""
        counts = self.stats.unknown_topics
        name = topic if _TOPIC.fullmatch(topic) else OTHER_TOPICS
        if name not in counts:
            if len(counts) >= MAX_UNKNOWN_TOPICS or self._client.scrub(name) != name:
                name = OTHER_TOPICS
            _LOGGER.debug("Ignored the unknown topic %r", name)
        counts[name] += 1

    def _handle_malformed(self, topic: str, err: MalformedEventError) -> None:
        """Warn once for each topic; the content may be secret."""
        if topic not in self._malformed_topics:
            self._malformed_topics.add(topic)
            _LOGGER.warning("Ignored a malformed %s: %s", topic, err)


async def attempt(work: Callable[[], Awaitable[None]]) -> PdkError | None:
    """Return None once the work is done, or the error if that failed."""
    try:
        await work()
    except PdkError as err:
        return err
    except Exception as err:  # noqa: BLE001 - logged, without its message
        # a bug: without further attempts doors would look connected, or offline
        log_exception(err)
        return CannotConnectError(type(err).__name__)
    return None


async def open_connection(
    client: RestClient,
    uri: str,
    open_url: Callable[[str], Awaitable[None]],
    **query: str,
) -> None:
    """Open a connection at the address of a site; a token that failed is not used again.

    Raises PdkError without secrets.
    """
    address = urlsplit(uri)
    scheme = "wss" if address.scheme == "https" else "ws"
    parameters = urlencode(query, safe="", quote_via=quote)
    try:
        await open_url(urlunsplit((scheme, address.netloc, "/", parameters, "")))
    except PdkError as err:
        client.discard_token()
        raise type(err)(client.scrub(str(err))[:MAX_REASON_LENGTH]) from None
