"""One connection to the Socket.IO 4 server of a system."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, override

import aiohttp
import engineio
from engineio import packet as engineio_packet
from engineio.base_client import connected_clients
import socketio
from socketio import packet as socketio_packet
from socketio.exceptions import ConnectionError as ConnectionFailedError, SocketIOError

from .. import connection
from ..connection import SILENCED, Packet, no_retry_session
from ..errors import CannotConnectError, PdkError, StreamRefusedError
from ..http import abort, describe_error
from ..parser import loads

# An event of "/" without acknowledgement: what a system sends.
_PLAIN_EVENT = f"{socketio_packet.EVENT}["
# How long the library may take to end its own tasks, in seconds.
CLOSE_TIMEOUT = 2


class _Transport(engineio.AsyncClient):  # type: ignore[misc] # has no type information
    """The library's own transport, without a task for each event."""

    on_plain_event: Callable[[str], None]

    def __del__(self) -> None:
        """Do nothing: the library would close the session from a destructor."""

    async def _receive_packet(self, pkt: engineio_packet.Packet) -> None:
        """Handle a packet; an event without acknowledgement at once, and in order."""
        if pkt.packet_type == engineio_packet.MESSAGE and str(pkt.data).startswith(
            _PLAIN_EVENT
        ):
            self.on_plain_event(pkt.data[1:])
        else:
            await super()._receive_packet(pkt)


class Socket(socketio.AsyncClient):
    """One connection, from `open` until `ended`.

    `on_event` is called with the socket, and the name and first argument of each event.
    """

    eio: _Transport

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_event: Callable[[Socket, str, object], None],
    ) -> None:
        """Initialize a connection that is used once."""
        self._session = no_retry_session(session, self._make_websocket)
        self._websocket: aiohttp.ClientWebSocketResponse | None = None
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            logger=SILENCED,
            engineio_logger=SILENCED,
            http_session=self._session,  # type: ignore[arg-type] # stubs: requests
            serializer=Packet,
            request_timeout=CLOSE_TIMEOUT,
        )
        self.eio.on_plain_event = self._handle_plain_event
        self._on_event = on_event
        self._accepted = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.on("connect", self._handle_accepted)
        self.on("connect_error", self._handle_refused)
        self.on("*", self._handle_any)

    async def open(self, url: str) -> None:
        """Connect and wait until the server has accepted.

        Raises CannotConnectError and StreamRefusedError.
        """
        try:
            async with asyncio.timeout(connection.CONNECT_TIMEOUT):
                await self.connect(
                    url, transports=["websocket"], namespaces=["/"], wait=False
                )
                await asyncio.wait(
                    {self._accepted, self.ended}, return_when=asyncio.FIRST_COMPLETED
                )
        except ConnectionFailedError as err:
            raise _error(err) from None
        except (aiohttp.ClientError, OSError) as err:
            # from None: aiohttp's errors contain the URL, and the URL the token
            raise CannotConnectError(describe_error(err)) from None
        except LookupError, TypeError, ValueError:
            raise CannotConnectError("no Engine.IO server") from None
        if not self._accepted.done():
            raise StreamRefusedError(self.ended.result())

    async def send_event(self, name: str, argument: dict[str, Any]) -> None:
        """Send one event; after the end of the connection nothing is sent."""
        with suppress(SocketIOError):
            await self.emit(name, argument)

    def abort(self, reason: str) -> None:
        """End the connection; `close` has to follow."""
        self._end(reason)

    async def close(self) -> None:
        """Close the connection and wait for its tasks."""
        self._end("closed")
        # not that of the library, which has it only after the server's first word
        ws: Any = self._websocket
        tasks = {self.eio.read_loop_task, self.eio.write_loop_task} - {None}
        self.eio.state = "disconnected"
        connection = ws and ws._response.connection  # noqa: SLF001
        if connection is not None and connection.transport is not None:
            # not the closing handshake, which would wait on a dead network
            abort(connection.transport)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT)
        if ws is not None:
            await ws.close()
        await self._session.close()
        with suppress(ValueError):
            # the library keeps what it has not closed itself
            connected_clients.remove(self.eio)

    def _make_websocket(
        self, *args: Any, **options: Any
    ) -> aiohttp.ClientWebSocketResponse:
        """Return the websocket of this connection, which `close` closes."""
        self._websocket = aiohttp.ClientWebSocketResponse(*args, **options)
        return self._websocket

    @override
    def _engineio_client_class(self) -> type[_Transport]:
        """Return the transport of this protocol."""
        return _Transport

    async def _handle_eio_message(self, data: Any) -> None:
        """Handle one Socket.IO packet; anything else is ignored."""
        with suppress(ValueError, TypeError, LookupError):
            await super()._handle_eio_message(data)  # type: ignore[misc]

    async def _handle_eio_disconnect(self, reason: str) -> None:
        """Handle the end of the transport, also before the server has accepted."""
        await super()._handle_eio_disconnect(reason)  # type: ignore[misc]
        self._end(str(reason))

    def _handle_accepted(self) -> None:
        """Handle the server's acceptance."""
        if not self._accepted.done():
            self._accepted.set_result(None)

    def _handle_refused(self, data: object = None) -> None:
        """Handle a refusal: a string, or an object with a message."""
        if self._accepted.done():
            # an event of the server that has the name
            return
        text = data.get("message") if isinstance(data, dict) else data
        self._end(text if isinstance(text, str) and text else "refused by the system")

    def _handle_plain_event(self, text: str) -> None:
        """Handle an event without the cost of a packet object."""
        with suppress(ValueError):
            match loads(text):
                case [str(name), *arguments]:
                    self._on_event(self, name, arguments[0] if arguments else None)

    def _handle_any(self, name: str, *args: object) -> None:
        """Handle an event."""
        if isinstance(name, str):
            self._on_event(self, name, args[0] if args else None)

    def _end(self, reason: str) -> None:
        """Set why the connection ended; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(reason)


def _error(err: BaseException) -> PdkError:
    """Return the error of a connection attempt, by what the library has hidden in it."""
    cause: BaseException | None = err
    while cause is not None:
        if isinstance(cause, PdkError):
            return cause
        if isinstance(cause, aiohttp.WSServerHandshakeError):
            refused = cause.status in range(400, 500) and cause.status != 429
            kind = StreamRefusedError if refused else CannotConnectError
            return kind(describe_error(cause))
        if isinstance(cause, aiohttp.ClientError | OSError):
            return CannotConnectError(describe_error(cause))
        cause = cause.__cause__ or cause.__context__
    return CannotConnectError("the connection was not opened")
