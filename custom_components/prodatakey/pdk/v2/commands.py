"""Commands of PDK 2.0: one request each, whose HTTP status is the only answer."""

import asyncio
from collections.abc import Awaitable

import aiohttp

from .. import commands
from ..client import SiteClient
from ..errors import (
    CommandRejectedError,
    CommandUnansweredError,
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RoleTooSmallError,
)
from ..http import Token, abort
from ..parser import Json


async def send_command(client: SiteClient, url: str, body: Json | None) -> None:
    """Send one command, once; a 2xx is the answer. Raises CommandError."""
    token = await _get_token(client.get_shared_token())
    status = await _post(client.session, url, token, body)
    if status == 401:
        # rejected before it was executed, so it may be sent again
        token = await _get_token(client.get_shared_token(rejected=token))
        status = await _post(client.session, url, token, body)
    if status == 403:
        raise RoleTooSmallError("HTTP 403")
    if status >= 500:
        # a gateway may have passed it on
        raise CommandUnansweredError
    if not 200 <= status < 300:
        raise CommandRejectedError(f"HTTP {status}")


async def _get_token(getting: Awaitable[Token]) -> Token:
    """Return the token of a command: without one, nothing was sent.

    Raises CommandRejectedError and NotConnectedError.
    """
    try:
        async with asyncio.timeout(commands.ANSWER_TIMEOUT):
            return await getting
    except PermissionMissingError as err:
        raise RoleTooSmallError(str(err)) from err
    except InvalidAuthError as err:
        raise CommandRejectedError(str(err)) from err
    except (PdkError, TimeoutError) as err:
        raise NotConnectedError from err


async def _post(
    session: aiohttp.ClientSession, url: str, token: Token, body: Json | None
) -> int:
    """Send a command and return the HTTP status of the answer.

    Raises NotConnectedError if it cannot have been sent, else CommandUnansweredError.
    """
    used: list[asyncio.WriteTransport] = []

    class Request(aiohttp.ClientRequest):
        """A request whose connection can be reset."""

        async def send(
            self, conn: aiohttp.connector.Connection
        ) -> aiohttp.ClientResponse:
            if conn.transport is not None:
                used.append(conn.transport)
            return await super().send(conn)

    async def post() -> int:
        async with http.post(
            url,
            headers={"Authorization": token.bearer},
            json=body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(),
        ) as response:
            return response.status

    async with aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        request_class=Request,
    ) as http:
        posting = asyncio.create_task(post())
        try:
            await asyncio.wait({posting}, timeout=commands.ANSWER_TIMEOUT)
            if not posting.done():
                # before aiohttp closes it in good order: the network may be down, and
                # the command must not arrive once it is up again
                for transport in used:
                    abort(transport)
                raise CommandUnansweredError if used else NotConnectedError
            return posting.result()
        except aiohttp.ClientError, OSError:
            # from None: aiohttp's errors contain the request, and the request the token
            raise (CommandUnansweredError if used else NotConnectedError) from None
        finally:
            posting.cancel()
            await asyncio.wait({posting})
