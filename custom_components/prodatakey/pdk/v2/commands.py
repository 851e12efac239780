"""Commands of PDK 2.0: one request each, whose HTTP status is the only answer."""

import asyncio
from collections.abc import Awaitable
from typing import Any, NamedTuple

import aiohttp

from .. import commands
from ..client import SiteClient
from ..errors import (
    CommandError,
    CommandRateLimitedError,
    CommandRejectedError,
    CommandUnansweredError,
    InvalidAuthError,
    NoPermissionError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    RoleTooSmallError,
    TokenRefusedError,
)
from ..http import Pacer, Token, abort, get_retry_after, set_reset_on_close
from ..parser import Json
from ..tasks import create_task

# PDK allows a system 20 writes a second: these at once, then so many a second. The rest
# is for commands that are on their way for different times.
COMMANDS_AT_ONCE = 5
COMMANDS_PER_SECOND = 12

type Lost = asyncio.Future[None]
"""Done when the connection to the site is lost."""


# If PDK asks to wait for longer than this, in seconds, commands fail instead: whoever
# sent one does not expect it any more.
MAX_RESET = 2.0


class Answer(NamedTuple):
    """The HTTP status of an answer, and the seconds to wait after 429."""

    status: int
    retry_after: float


class CommandSender:
    """Sends the commands for one cloud node, at the pace of its system."""

    def __init__(self, client: SiteClient, system_id: str) -> None:
        """Initialize without commands."""
        self._client = client
        self._pacer = client.account.share(
            Pacer, system_id, lambda: Pacer(COMMANDS_AT_ONCE, COMMANDS_PER_SECOND)
        )
        self._posting: set[asyncio.Task[Answer]] = set()

    async def send(self, url: str, body: Json | None, lost: Lost) -> None:
        """Send one command, once; a 2xx is the answer.

        It is not sent if the connection is lost before its turn. Raises CommandError.
        """
        token = await self._wait_to_send(lost)
        answer = await self._post(url, token, body)
        if answer.status == 401:
            # rejected before it was executed, so it may be sent again
            token = await self._wait_to_send(lost, rejected=token)
            answer = await self._post(url, token, body)
        if answer.status == 403:
            raise await self._find_reason(token)
        if answer.status == 429:
            self._pacer.block(answer.retry_after)
        _raise_for_status(answer.status)

    def abort(self) -> None:
        """Reset the connections of all commands that have no answer."""
        for posting in tuple(self._posting):
            posting.cancel()

    async def _wait_to_send(self, lost: Lost, rejected: Token | None = None) -> Token:
        """Return the token of a command when it is its turn: nothing is sent before.

        Raises CommandRejectedError and NotConnectedError.
        """

        async def wait() -> Token:
            # in this order: those that wait for a token must not be sent all at once
            token = await _get_token(self._client.get_shared_token(rejected))
            try:
                await self._pacer.wait(MAX_RESET)
            except RateLimitedError as err:
                raise CommandRateLimitedError("not sent: HTTP 429 before") from err
            return token

        waiting = create_task(wait())
        either: set[asyncio.Future[Any]] = {waiting, lost}
        try:
            with commands.waiting_to_send():
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if lost.done():
            raise NotConnectedError
        return waiting.result()

    async def _find_reason(self, token: Token) -> CommandRejectedError:
        """Return why a command got HTTP 403: the same token may read, or no token may.

        Only the status is certain, as the bodies of errors are not documented.
        """
        client = self._client
        url = f"{client.info.uri}cloud-nodes?page=0&per_page=1"
        try:
            async with asyncio.timeout(commands.ANSWER_TIMEOUT):
                if await client.accepts(url, token):
                    return RoleTooSmallError("HTTP 403")
                if await client.accepts(url, await client.get_shared_token(token)):
                    return TokenRefusedError("HTTP 403")
        except PermissionMissingError:
            pass
        except PdkError, TimeoutError:
            return CommandRejectedError("HTTP 403")
        return NoPermissionError("HTTP 403")

    async def _post(self, url: str, token: Token, body: Json | None) -> Answer:
        """Send a command and return its answer.

        Raises NotConnectedError if it cannot have been sent, else
        CommandUnansweredError.
        """
        used: list[asyncio.Transport] = []
        posting = create_task(_post(self._client.session, url, token, body, used))
        self._posting.add(posting)
        try:
            await asyncio.wait({posting}, timeout=commands.ANSWER_TIMEOUT)
            if posting.done() and not posting.cancelled():
                return posting.result()
        finally:
            self._posting.discard(posting)
            posting.cancel()
        raise _failure(used)


async def _get_token(getting: Awaitable[Token]) -> Token:
    """Return the token of a command: without one, nothing was sent.

    Raises CommandRejectedError and NotConnectedError.
    """
    try:
        async with asyncio.timeout(commands.ANSWER_TIMEOUT):
            return await getting
    except PermissionMissingError as err:
        raise NoPermissionError(str(err)) from err
    except InvalidAuthError as err:
        raise CommandRejectedError(str(err)) from err
    except (PdkError, TimeoutError) as err:
        raise NotConnectedError from err


async def _post(
    session: aiohttp.ClientSession,
    url: str,
    token: Token,
    body: Json | None,
    used: list[asyncio.Transport],
) -> Answer:
    """Send a command, add the connection that it uses, and return the answer.

    Without an answer the connection is reset: the network may be down, and the command
    must not arrive once it is up again. Raises NotConnectedError if it cannot have been
    sent, else CommandUnansweredError.
    """
    if session.closed:
        raise NotConnectedError
    headers = {"Authorization": token.bearer}
    try:
        async with (
            _create_session(session, used) as http,
            http.post(
                url,
                headers=headers,
                json=body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(),
            ) as response,
        ):
            for transport in used:
                set_reset_on_close(transport, enabled=False)
            return Answer(response.status, get_retry_after(response.headers))
    except BaseException as err:
        for transport in used:
            abort(transport)
        if isinstance(err, (aiohttp.ClientError, OSError)):
            # from None: aiohttp's errors contain the request, and the request the token
            raise _failure(used) from None
        raise


def _create_session(
    session: aiohttp.ClientSession, used: list[asyncio.Transport]
) -> aiohttp.ClientSession:
    """Return a session for one command, which adds the connection that it uses."""

    class Request(aiohttp.ClientRequest):
        """A request whose connection is reset by whatever closes it."""

        async def send(
            self, conn: aiohttp.connector.Connection
        ) -> aiohttp.ClientResponse:
            if isinstance(conn.transport, asyncio.Transport):
                set_reset_on_close(conn.transport, enabled=True)
                used.append(conn.transport)
            return await super().send(conn)

    return aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        request_class=Request,
    )


def _failure(used: list[asyncio.Transport]) -> CommandError:
    """Return the error for a command without an answer: without a connection, unsent."""
    return CommandUnansweredError() if used else NotConnectedError()


def _raise_for_status(status: int) -> None:
    """Raise the error for an HTTP status that is not a success."""
    if status == 429:
        raise CommandRateLimitedError("HTTP 429")
    if status >= 500:
        # a gateway may have passed it on
        raise CommandUnansweredError
    if not 200 <= status < 300:
        raise CommandRejectedError(f"HTTP {status}")
