"""How a websocket is opened: once, without redirects, with limits."""

import asyncio
from contextlib import suppress
from typing import override

import aiohttp

from .errors import CannotConnectError
from .http import describe_error

CLOSE_TIMEOUT = 1.0
# The most bytes of one frame: an event has hundreds, and a list of an endpoint's doors or
# a small photo fits as well. The connection ends with a larger one. Frames are not
# compressed: that is not offered.
MAX_FRAME_SIZE = 512 * 1024


async def open_websocket(
    session: aiohttp.ClientSession, url: str
) -> aiohttp.ClientWebSocketResponse:
    """Open a websocket over a session's connector.

    Raises CannotConnectError and aiohttp's errors.
    """
    async with _no_retry_session(session) as http:
        return await http.ws_connect(
            url,
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT),
            max_msg_size=MAX_FRAME_SIZE,
            # its own answers to many pings would not let the event loop go on
            autoping=False,
        )


class _WebSocket(aiohttp.ClientWebSocketResponse):
    """A websocket that is closed in time: aiohttp limits the wait for each frame only."""

    @override
    async def close(
        self, *, code: int = aiohttp.WSCloseCode.OK, message: bytes = b""
    ) -> bool:
        """Close the websocket, also if the server goes on sending."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                return await super().close(code=code, message=message)
        return True


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


def _no_retry_session(session: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Return a session that shares the connector, without aiohttp's retries."""
    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        middlewares=(_no_retry,),
        ws_response_class=_WebSocket,
    )
