"""The stream of a panel: events out, commands in."""

import asyncio
from collections.abc import Callable
from functools import partial
import logging
from typing import override
from uuid import uuid4

from .. import commands
from ..commands import Command
from ..connection import BaseSocket
from ..errors import NotConnectedError, PdkError
from ..events import CommandSucceeded, InvalidToken, PdkEvent, ServerError
from ..reconnect import RENEWAL_GRACE
from ..stream import BaseStream, StreamStatus, open_connection
from ..tasks import create_task
from .client import PanelClient
from .parser import parse_event
from .pending import PendingCommands
from .socketio2 import Socket

_LOGGER = logging.getLogger(__name__)

# The panel's address is asked for again after this many failed attempts in a row.
UPDATE_INFO_AFTER = 3


class PanelStream(BaseStream):
    """The stream of one panel: its own Socket.IO 2.x server."""

    shared_by = 1
    """How many panels have this connection, with its counts, in common."""
    _client: PanelClient

    def __init__(
        self,
        client: PanelClient,
        *,
        on_event: Callable[[PdkEvent], None],
        on_status: Callable[[StreamStatus, PdkError | None], None],
    ) -> None:
        """Initialize the stream."""
        super().__init__(
            client, parse=parse_event, on_event=on_event, on_status=on_status
        )
        self._pending = PendingCommands()
        self._socket: Socket | None = None
        self._failed_opens = 0

    async def send(self, command: Command) -> None:
        """Send one command, once, and return when the panel has executed it.

        Raises NotConnectedError at once, CommandRejectedError with the panel's message,
        and CommandUnansweredError after 10 seconds or when the connection ends; this is
        a MaybeRejectedError if the panel rejected one of several commands meanwhile.
        """
        if (socket := self._socket) is None or self.silent:
            raise NotConnectedError
        command_id = str(uuid4())
        result = self._pending.add(command_id)
        try:
            await socket.send_event("command", command.as_dict(command_id))
            await self._wait_for_result(result, socket)
        except NotConnectedError, TypeError:
            # not sent; TypeError: a value that JSON cannot hold
            self._pending.discard(command_id)
            raise
        except asyncio.CancelledError:
            # the event loop ends: the command must not arrive later
            result.cancel()
            socket.abort()
            raise
        if not result.done():
            raise self._pending.give_up(command_id)
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

    @override
    async def _connect(self) -> None:
        """Connect, and return when that connection has ended."""
        if self._failed_opens >= UPDATE_INFO_AFTER or self._client.info_is_stored:
            # the panel may have moved
            self._failed_opens = 0
            await self._client.update_info()
        token = await self._client.get_token()
        socket = Socket(self._client.session, self._handle_connected)
        socket.on_event = partial(self._dispatch, socket)
        self._renewer.start(token)
        try:
            self._failed_opens += 1
            await open_connection(
                self._client, self._client.info.uri, socket.open, token=token.value
            )
            self._failed_opens = 0
            await self._stay_connected(socket)
        finally:
            self._handle_disconnected()
            await socket.close()

    async def _stay_connected(self, socket: Socket) -> None:
        """Renew the token until the connection ends."""

        async def wait_for_pong() -> None:
            # it shows that all that either side sent before has arrived
            await asyncio.wait({await socket.ping()}, timeout=RENEWAL_GRACE)

        async def send_token(value: str) -> None:
            self.stats.renewals += 1
            await socket.send_event("renewedToken", {"token": value})
            await wait_for_pong()
            self._renewer.handle_accepted()

        renewing = create_task(self._renewer.run(send_token, wait_for_pong))
        try:
            await asyncio.wait(
                (socket.ended, renewing), return_when=asyncio.FIRST_COMPLETED
            )
            if not socket.ended.done():
                await renewing
            self._handle_end(await socket.ended)
        finally:
            renewing.cancel()

    def _handle_connected(self, socket: Socket) -> None:
        """Handle a new connection."""
        self.stats.connects += 1
        self._backoff.handle_connected()
        self._socket, self._sockets = socket, (socket,)
        self._notify_status(StreamStatus.CONNECTED)

    def _handle_disconnected(self) -> None:
        """Handle the end of the connection."""
        if self._socket is not None:
            if self._pending:
                # they fail now: none may arrive once the network is up again
                self._socket.abort()
            self._socket, self._sockets = None, ()
            self._pending.fail_all()
            self._handle_dropped()

    @override
    def _handle_control_event(self, socket: BaseSocket, event: PdkEvent) -> PdkEvent:
        """Handle what is about a command or the token; return the event."""
        match event:
            case InvalidToken():
                self._renewer.handle_rejection()
            case ServerError(message=message):
                self.stats.rejections += 1
                if not self._pending.unanswered:
                    self.stats.unexpected_rejections += 1
                    _LOGGER.debug("Received a serverError without a command")
                self._pending.reject(self._client.scrub(message))
            case CommandSucceeded(command_id=command_id, occurred=occurred):
                self._renewer.events += 1
                if (sent := self._pending.succeed(command_id)) is not None:
                    self._renewer.handle_answer(sent)
                    return CommandSucceeded(
                        command_id=command_id, occurred=occurred, sent=sent
                    )
            case _:
                self._renewer.events += 1
        return event


async def validate_connection(client: PanelClient) -> None:
    """Connect to a panel once, and disconnect.

    Raises CannotConnectError, StreamRefusedError and what RestClient.get_token
    raises.
    """
    socket = Socket(client.session)
    try:
        token = await client.get_token()
        await open_connection(client, client.info.uri, socket.open, token=token.value)
    finally:
        await socket.close()
