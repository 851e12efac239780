"""What both generations share of a connection made by python-socketio."""

import asyncio
from collections.abc import Callable
import logging
from typing import Any

import aiohttp
import orjson
import socketio
from socketio import packet as socketio_packet

from .errors import CannotConnectError, NotConnectedError, StreamRefusedError
from .http import describe_error
from .parser import LARGE_JSON, loads
from .transport import BaseTransport

# How long a connection may take to open, in seconds.
CONNECT_TIMEOUT = 10.0
# Both libraries log what they send and receive: tokens, PINs and names of people.
SILENCED = logging.getLogger(f"{__name__}.silenced")
SILENCED.disabled = True

_EVENT = str(socketio_packet.EVENT)


class _Orjson:
    """The two functions of `json` that a packet needs."""

    loads = staticmethod(loads)

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        """Return compact JSON."""
        return orjson.dumps(value).decode()


class _Packet(socketio_packet.Packet):
    """A packet with its own JSON; `json=` would replace that of the whole process."""

    json = _Orjson  # type: ignore[assignment] # stubs: a module


def ignore(*_: object) -> None:
    """Handle nothing."""


class BaseSocket(socketio.AsyncClient):
    """One connection, from `open` until `ended`; each generation has its transport.

    `on_event` is called with the name and the first argument of each event; it may be
    set until the connection is opened.
    """

    eio: BaseTransport

    def __init__(
        self,
        session: aiohttp.ClientSession,
        on_event: Callable[[str, object], None] = ignore,
    ) -> None:
        """Initialize a connection that is used once."""
        super().__init__(
            reconnection=False,
            handle_sigint=False,
            logger=SILENCED,
            engineio_logger=SILENCED,
            http_session=session,  # type: ignore[arg-type] # stubs: requests
            serializer=_Packet,
        )
        self.eio.on_plain_event = self._handle_plain_event
        self.on_event = on_event
        self._accepted = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def open(self, url: str) -> None:
        """Connect and wait until the server has accepted.

        Raises CannotConnectError and StreamRefusedError.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await self.connect(
                    url, transports=["websocket"], namespaces=["/"], wait=False
                )
                await asyncio.wait(
                    {self._accepted, self.ended}, return_when=asyncio.FIRST_COMPLETED
                )
        except aiohttp.WSServerHandshakeError as err:
            refused = err.status in range(400, 500) and err.status != 429
            error = StreamRefusedError if refused else CannotConnectError
            raise error(describe_error(err)) from None
        except (aiohttp.ClientError, OSError) as err:
            # from None: aiohttp's errors contain the URL, and the URL the token
            raise CannotConnectError(describe_error(err)) from None
        if not self._accepted.done():
            raise StreamRefusedError(self.ended.result())

    async def send_event(self, name: str, argument: dict[str, Any]) -> None:
        """Send one event. Raises NotConnectedError."""
        if self.eio.state != "connected" or not self._accepted.done():
            raise NotConnectedError
        # as `emit` does, without looking for bytes in the argument
        await self.eio.send(f"{_EVENT}{_Orjson.dumps([name, argument])}")

    async def close(self) -> None:
        """Close the connection and wait for its tasks."""
        await self.eio.disconnect(abort=True)
        if self.eio.read_loop_task is not None:
            await asyncio.wait({self.eio.read_loop_task})

    async def _handle_eio_message(self, data: Any) -> None:
        """Handle one Socket.IO packet; anything else is ignored."""
        try:
            pkt = self.packet_class(encoded_packet=data)
        except LookupError, TypeError, ValueError:
            return
        if pkt.namespace not in (None, "/"):
            return
        match pkt.packet_type:
            case socketio_packet.EVENT:
                match pkt.data:
                    case [str(name), *arguments]:
                        self.on_event(name, arguments[0] if arguments else None)
            case socketio_packet.CONNECT:
                self._handle_accepted()
            case socketio_packet.DISCONNECT:
                self._end("disconnected by the server")
            case socketio_packet.CONNECT_ERROR:
                self._end(_refusal(pkt.data))

    async def _handle_eio_disconnect(self, reason: str) -> None:
        """Handle the end of the transport."""
        self._end(reason)

    def _handle_plain_event(self, text: str) -> None:
        """Handle an event without the cost of a packet object."""
        try:
            # small ones without the call of `loads` for each event
            data: Any = orjson.loads(text) if len(text) <= LARGE_JSON else loads(text)
        except ValueError:
            data = None if len(text) > LARGE_JSON else _loads(text)
        if data and isinstance(data[0], str):
            self.on_event(data[0], data[1] if len(data) > 1 else None)

    def _handle_accepted(self) -> None:
        """Handle the server's acceptance, which may come twice."""
        if not self._accepted.done():
            # where the library looks before it sends
            self.namespaces["/"] = self.eio.sid
            self._accepted.set_result(None)

    def _end(self, reason: str) -> None:
        """Set why the connection ended; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(reason)


def _loads(text: str) -> Any:
    """Return parsed JSON that may have lone surrogates, or None."""
    try:
        return loads(text)
    except ValueError:
        return None


def _refusal(data: object) -> str:
    """Return the text of a refusal: a string, or an object with a message."""
    text = data.get("message") if isinstance(data, dict) else data
    return text if isinstance(text, str) and text else "refused by the server"
