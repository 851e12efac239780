"""A connection to a panel that stays: events out, commands in."""

import asyncio
from collections.abc import Callable, Iterator
from enum import Enum, auto
import logging
import random
import time
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

from .answers import Answers
from .commands import Command
from .engineio3 import Socket
from .errors import (
    CommandUnansweredError,
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    RateLimitedError,
)
from .events import CommandSucceeded, DoorEvent, InvalidToken, PdkEvent, ServerError
from .history import StreamHistory
from .panel import PanelAccess
from .parse import MalformedEventError, parse
from .tokens import Token

_LOGGER = logging.getLogger(__name__)

ANSWER_TIMEOUT = 10.0
LASTING = 60.0
EARLY = 5.0
# A jump from 1 s to 4 s keeps an outage's first five minutes at eight attempts.
BACK_OFF = (1.0, 4.0, 8.0, 16.0, 32.0)
LONGEST_BACK_OFF = 60.0
# For so long after a renewal, complaints of the old token may still be on their way.
RENEWAL_ECHO = 5.0
SHORTEST_TOKEN_LIFE = 1.0


class StreamStatus(Enum):
    """Where the connection stands."""

    CONNECTING = auto()
    CONNECTED = auto()
    DROPPED = auto()
    """The connection ended; the first attempt to reconnect is still ahead."""
    DOWN = auto()
    """An attempt to connect has failed."""


def back_off() -> Iterator[float]:
    """Yield how long to wait before each attempt, in seconds."""
    yield BACK_OFF[0] * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
    for delay in BACK_OFF[1:]:
        yield delay * random.uniform(1.0, 1.25)  # noqa: S311
    while True:
        yield LONGEST_BACK_OFF


class PanelStream:
    """The stream of one panel. `run` keeps it connected until it is cancelled."""

    def __init__(
        self,
        access: PanelAccess,
        *,
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
    ) -> None:
        """Know whom to tell; nothing is connected yet."""
        self.history = StreamHistory()
        self._access = access
        self._on_event = on_event
        self._on_status = on_status
        self._answers = Answers()
        self._delays = back_off()
        self._connected_at = 0.0
        self._socket: Socket | None = None
        self._token_refused = asyncio.Event()
        self._malformed: set[str] = set()

    @property
    def holds_back(self) -> bool:
        """Return whether events may arrive that were held back by a dead token."""
        return self._token_refused.is_set()

    async def run(self) -> None:
        """Stay connected, whatever happens; ends only when cancelled."""
        while True:
            at_least = 0.0
            try:
                await self._connect_and_stay()
            except PdkError as err:
                at_least = _wait_asked_for(err)
                self.history.failed(err)
                self._tell(StreamStatus.DOWN, err)
            else:
                self._begin_anew()
            self.history.back_off = max(next(self._delays), at_least)
            await asyncio.sleep(self.history.back_off)

    async def send(self, command: Command) -> None:
        """Send one command, once, and return when the panel has carried it out.

        Raises NotConnectedError at once, CommandRefusedError with the panel's words,
        and CommandUnansweredError after 10 s or when the connection ends.
        """
        if (socket := self._socket) is None:
            raise NotConnectedError
        command_id = str(uuid4())
        answer = self._answers.expect(command_id)
        sent = asyncio.get_running_loop().time()
        try:
            await socket.send_event("command", command.frame(command_id))
            async with asyncio.timeout(ANSWER_TIMEOUT):
                await answer
        except TimeoutError:
            if socket.heard < sent:
                # the network may be dead: the command must not arrive when it is back
                socket.abort()
            raise CommandUnansweredError from None
        finally:
            self._answers.forget(command_id)

    async def _connect_and_stay(self) -> None:
        """Connect and return when that connection has ended."""
        token = await self._access.token()
        socket = Socket(self._access.session, self._connected, self._deliver)
        try:
            await _open(self._access, socket, token)
            await self._stay(socket, token)
        finally:
            self._disconnected()
            await socket.close()

    async def _stay(self, socket: Socket, token: Token) -> None:
        """Keep the token alive until the connection ends."""
        keeping = asyncio.create_task(self._keep_token(socket, token))
        try:
            await asyncio.wait(
                (socket.ended, keeping), return_when=asyncio.FIRST_COMPLETED
            )
            if not socket.ended.done():
                await keeping
            reason = await socket.ended
            if time.monotonic() - self._connected_at < EARLY:
                # perhaps that was about the token, which the panel need not say
                self._access.forget_token()
            self.history.ended(reason)
            _LOGGER.debug("Stream ended: %s", reason)
        finally:
            keeping.cancel()

    def _begin_anew(self) -> None:
        """Forget the waits of former outages, if the connection has lasted."""
        if time.monotonic() - self._connected_at >= LASTING:
            self._delays = back_off()

    def _connected(self, socket: Socket) -> None:
        """Open the way for commands."""
        self._token_refused.clear()
        self.history.connects += 1
        self._connected_at = time.monotonic()
        self._socket = socket
        self._tell(StreamStatus.CONNECTED)

    def _disconnected(self) -> None:
        """Close the way for commands and end those under way."""
        if self._socket is not None:
            if self._answers.awaited:
                # they are given up: none may arrive when a dead network is back
                self._socket.abort()
            self._socket = None
            self._answers.end(CommandUnansweredError())
            self._tell(StreamStatus.DROPPED)

    async def _keep_token(self, socket: Socket, token: Token) -> None:
        """Renew the token ahead of time, or when the panel says that it is too late.

        Returns when the connection has ended. Raises what Accounts.panel_token raises
        once the old token is of no use: a stream that tells nothing is not connected.
        """
        while not socket.ended.done():
            refused = await self._refused_within(token.seconds_to_renewal)
            token = await self._renewed(token, refused)
            self.history.renewals += 1
            try:
                await socket.send_event("renewedToken", {"token": token.value})
            except NotConnectedError:
                return
            await asyncio.sleep(min(RENEWAL_ECHO, token.lifetime / 10))
            self._token_refused.clear()

    async def _refused_within(self, seconds: float) -> bool:
        """Wait for the time of renewal; return True if the panel was faster."""
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_TOKEN_LIFE)):
                return await self._token_refused.wait()
        except TimeoutError:
            return False

    async def _renewed(self, token: Token, refused: bool) -> Token:
        """Return a new token, trying again while the old one lives.

        The attempts to reconnect that may follow go on with the same back-off.
        """
        self._begin_anew()
        # this attempt is what the first short wait is for
        next(self._delays)
        while True:
            try:
                return await self._access.renewed_token()
            except PdkError as err:
                if refused or token.has_expired:
                    raise
                wait = max(next(self._delays), _wait_asked_for(err))
                await asyncio.sleep(min(wait, token.seconds_to_end))
                if token.has_expired:
                    raise

    def _tell(self, status: StreamStatus, err: PdkError | None = None) -> None:
        """Tell where the connection stands; the stream outlives who cannot take it."""
        try:
            self._on_status(status, err)
        except Exception:
            _LOGGER.exception("Could not handle that the stream is %s", status.name)

    def _deliver(self, topic: str, payload: object) -> None:
        """Hand on one event; nothing that is wrong with it reaches the socket."""
        try:
            event = parse(topic, payload)
        except MalformedEventError as err:
            self._log_malformed(topic, err)
            return
        if event is None:
            return
        self.history.topics[topic] += 1
        if not isinstance(event, DoorEvent):
            self._take_own(event)
        try:
            self._on_event(event)
        except Exception:
            # a fault in what an event sets off must not end the stream for all doors
            _LOGGER.exception("Could not handle %s", topic)

    def _take_own(self, event: PdkEvent) -> None:
        """Take what concerns the stream itself."""
        match event:
            case CommandSucceeded(command_id=command_id):
                self._answers.succeeded(command_id)
            case ServerError(message=message):
                self.history.refusals += 1
                self._answers.refused(message)
            case InvalidToken():
                self._token_refused.set()

    def _log_malformed(self, topic: str, err: MalformedEventError) -> None:
        """Say once per topic what is wrong with it; its content may be secret."""
        if topic not in self._malformed:
            self._malformed.add(topic)
            _LOGGER.warning("Ignored a malformed %s: %s", topic, err)


async def prove(access: PanelAccess) -> None:
    """Connect to a panel once, and leave again.

    Raises CannotConnectError, StreamRefusedError and what Accounts.panel_token
    raises.
    """
    socket = Socket(access.session, lambda _: None, lambda *_: None)
    try:
        await _open(access, socket, await access.token())
    finally:
        await socket.close()


async def _open(access: PanelAccess, socket: Socket, token: Token) -> None:
    """Connect; a token that did not open the door is not tried again."""
    address = urlsplit(access.panel.uri)
    scheme = "wss" if address.scheme == "https" else "ws"
    query = f"token={quote(token.value, safe='')}"
    try:
        await socket.open(urlunsplit((scheme, address.netloc, "/", query, "")))
    except PdkError:
        access.forget_token()
        raise


def _wait_asked_for(err: PdkError) -> float:
    """Return how long an error asks to wait, in seconds."""
    match err:
        case RateLimitedError():
            return err.retry_after
        case InvalidAuthError():
            return LONGEST_BACK_OFF
    return 0.0
