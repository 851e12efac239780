"""What both generations share of a connection made by python-socketio."""

from collections.abc import Callable
import logging
from typing import Any

import aiohttp
import orjson
from socketio import packet as socketio_packet

from .errors import CannotConnectError
from .http import describe_error
from .parser import loads

# How long a connection may take to open, in seconds.
CONNECT_TIMEOUT = 10.0
# The event loop did not run for this many seconds: the machine was suspended or blocked.
STANDSTILL = 5.0
TICK = 1.0

# Both libraries log what they send and receive: tokens, PINs and names of people.
SILENCED = logging.getLogger(f"{__name__}.silenced")
SILENCED.disabled = True


class _Orjson:
    """The two functions of `json` that a packet needs."""

    loads = staticmethod(loads)

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        """Return compact JSON."""
        return orjson.dumps(value).decode()


class Packet(socketio_packet.Packet):
    """A packet with its own JSON; `json=` would replace that of the whole process."""

    json = _Orjson  # type: ignore[assignment] # stubs: a module


async def _no_retry(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Raise where aiohttp would retry by itself, or follow a redirect."""
    try:
        response = await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as err:
        raise CannotConnectError(describe_error(err)) from None
    if response.status in range(300, 400):
        # the URL contains the token, which must not be sent to another server
        response.close()
        raise CannotConnectError(f"HTTP {response.status}")
    return response


def no_retry_session(
    session: aiohttp.ClientSession,
    make_websocket: Callable[
        ..., aiohttp.ClientWebSocketResponse
    ] = aiohttp.ClientWebSocketResponse,
) -> aiohttp.ClientSession:
    """Return a session that shares the connector, without aiohttp's retries."""
    websocket_class: Any = make_websocket
    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        middlewares=(_no_retry,),
        ws_response_class=websocket_class,
    )
