"""A connection to a panel that stays: events out, commands in."""

import asyncio
from collections.abc import Callable
from enum import Enum, auto
import logging
from traceback import format_tb
from urllib.parse import quote, urlsplit, urlunsplit
from uuid import uuid4

from .answers import Answers
from .back_off import BackOff
from .carried_through import carried_through
from .commands import Command
from .errors import (
    CannotConnectError,
    CommandUnansweredError,
    NotConnectedError,
    PdkError,
)
from .events import CommandSucceeded, DoorEvent, InvalidToken, PdkEvent, ServerError
from .history import StreamHistory
from .panel import PanelAccess
from .parse import MalformedEventError, parse
from .renewal import Renewal
from .socketio2 import Socket
from .tokens import Token

_LOGGER = logging.getLogger(__name__)

ANSWER_TIMEOUT = 10.0
# A connection that ends before, in seconds, may have ended for its token.
EARLY = 5.0
# What a panel tells also while it takes no token.
WITHOUT_A_TOKEN = (InvalidToken, ServerError)


class StreamStatus(Enum):
    """Where the connection stands."""

    CONNECTING = auto()
    CONNECTED = auto()
    DROPPED = auto()
    """The connection ended; the first attempt to reconnect is still ahead."""
    DOWN = auto()
    """An attempt to connect has failed."""


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
        self._back_off = BackOff()
        self._renewal = Renewal(access, self._back_off, self.history)
        self._socket: Socket | None = None
        self._malformed: set[str] = set()

    @property
    def holds_back(self) -> bool:
        """Return whether events may arrive that were held back by a dead token."""
        return self._renewal.refused.is_set()

    async def run(self) -> None:
        """Stay connected, whatever happens; ends only when cancelled."""
        while True:
            if (failure := await self._attempt()) is None:
                self._back_off.begin_anew()
            else:
                self.history.failed(failure)
                self._tell(StreamStatus.DOWN, failure)
            self.history.back_off = self._back_off.after(failure)
            await asyncio.sleep(self.history.back_off)

    @carried_through
    async def send(self, command: Command) -> None:
        """Send one command, once, and return when the panel has carried it out.

        Raises NotConnectedError at once, CommandRefusedError with the panel's words,
        and CommandUnansweredError after 10 s or when the connection ends.
        """
        if (socket := self._socket) is None:
            raise NotConnectedError
        command_id = str(uuid4())
        answer = self._answers.expect(command_id)
        try:
            await socket.send_event("command", command.frame(command_id))
            await self._wait_for(answer, socket)
        finally:
            self._answers.forget(command_id)
        if not answer.done():
            raise CommandUnansweredError
        return answer.result()

    async def _wait_for(self, answer: asyncio.Future[None], socket: Socket) -> None:
        """Wait for an answer, and cut the connection if the command may be stuck in it.

        Nothing is cancelled when time is up: an answer that lies unread here counts.
        """
        await asyncio.wait({answer}, timeout=ANSWER_TIMEOUT / 2)
        if answer.done():
            return
        # its pong proves that the command, which was sent before, has arrived
        pong = await socket.ping()
        await asyncio.wait({answer}, timeout=ANSWER_TIMEOUT / 2)
        if not answer.done() and not pong.done():
            # the network may be dead: the command must not arrive when it is back
            socket.abort()

    async def _attempt(self) -> PdkError | None:
        """Connect and stay, and return why that failed, if it did."""
        try:
            await self._connect_and_stay()
        except PdkError as err:
            return err
        except Exception as err:  # noqa: BLE001 - logged, without its words
            # a fault of ours: if the attempts ended, the doors would look connected
            _log_fault(err)
            return CannotConnectError(type(err).__name__)
        return None

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
        keeping = asyncio.create_task(self._renewal.keep(socket, token))
        try:
            await asyncio.wait(
                (socket.ended, keeping), return_when=asyncio.FIRST_COMPLETED
            )
            if not socket.ended.done():
                await keeping
            reason = await socket.ended
            if self._back_off.connected_for < EARLY:
                # perhaps that was about the token, which the panel need not say
                self._access.forget_token()
            self.history.ended(reason)
            _LOGGER.debug("Stream ended: %s", reason)
        finally:
            keeping.cancel()

    def _connected(self, socket: Socket) -> None:
        """Open the way for commands."""
        self._renewal.refused.clear()
        self.history.connects += 1
        self._back_off.connected()
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

    def _tell(self, status: StreamStatus, err: PdkError | None = None) -> None:
        """Tell where the connection stands; the stream outlives who cannot take it."""
        try:
            self._on_status(status, err)
        except Exception:
            _LOGGER.exception("Could not handle that the stream is %s", status.name)

    def _deliver(self, topic: str, payload: object) -> None:
        """Hand on one event; nothing that is wrong with it reaches the socket."""
        if self._socket is None:
            # read before the end of the connection was told, and not certain any more
            return
        try:
            event = parse(topic, payload)
        except MalformedEventError as err:
            self._log_malformed(topic, err)
            return
        if event is None:
            return
        self.history.topics[topic] += 1
        if not isinstance(event, WITHOUT_A_TOKEN):
            self._renewal.in_vain = 0
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
                self._renewal.refused.set()

    def _log_malformed(self, topic: str, err: MalformedEventError) -> None:
        """Say once per topic what is wrong with it; its content may be secret."""
        if topic not in self._malformed:
            self._malformed.add(topic)
            _LOGGER.warning("Ignored a malformed %s: %s", topic, err)


def _log_fault(err: Exception) -> None:
    """Say where an error came from; its words may hold a token."""
    trace = "".join(format_tb(err.__traceback__))
    _LOGGER.error("Fault in the stream: %s\n%s", type(err).__name__, trace)


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
