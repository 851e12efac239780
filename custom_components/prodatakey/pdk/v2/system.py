"""Requests to a system of PDK 2.0, with its token."""

# ruff: noqa: TID252 - a part of the package, beside what both generations share

from collections import deque
from collections.abc import Callable
import time

import aiohttp

from ..client import (
    ACCOUNTS_URL,
    MAX_PAGES,
    MAX_SECRETS,
    MIN_REMAINING,
    PANEL_ERRORS,
    PER_PAGE,
    AccountClient,
    quoted,
    required_str,
    total_count,
)
from ..errors import CannotConnectError, PermissionMissingError
from ..http import Response, Token, jwt_lifetime, request
from ..parser import as_dict, as_id

SYSTEMS_URL = "https://systems.pdk.io"


class SystemClient:
    """Requests to one system, with its token."""

    def __init__(
        self, session: aiohttp.ClientSession, account: AccountClient, system_id: str
    ) -> None:
        """Initialize the client; a simulated account has its systems beside it."""
        self.session = session
        self.account = account
        self.system_id = system_id
        url = SYSTEMS_URL if account.url == ACCOUNTS_URL else account.url
        self.uri = f"{url}/{quoted(system_id)}/"
        self.tokens = deque[str](maxlen=MAX_SECRETS)
        self.on_token: Callable[[], None] | None = None
        self._token: Token | None = None

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible."""
        token = self._token
        if token is None or token.seconds_to_renewal < MIN_REMAINING * token.lifetime:
            token = await self.renew_token()
        return token

    async def renew_token(self) -> Token:
        """Return a new token."""
        path = f"/api/systems/{quoted(self.system_id)}/token"
        response = await self.account.request("POST", path, PANEL_ERRORS)
        value = required_str(response.body, "token")
        self._token = Token(
            value=value, received=time.monotonic(), lifetime=jwt_lifetime(value)
        )
        self.tokens.append(value)
        if self.on_token is not None:
            self.on_token()
        return self._token

    def discard_token(self) -> None:
        """Do not use the present token again."""
        self._token = None

    async def get_all(self, path: str) -> list[object]:
        """Return a whole list, whether the server pages it or not."""
        items: dict[object, object] = {}
        for page in range(MAX_PAGES):
            response = await self._get(f"{path}?page={page}&per_page={PER_PAGE}")
            if not isinstance(response.body, list):
                raise CannotConnectError(f"the list of {path} is not a list")
            known = len(items)
            for position, item in enumerate(response.body):
                items.setdefault(as_id(as_dict(item).get("id")) or f"#{position}", item)
            new = len(items) - known
            if new < PER_PAGE or len(items) >= total_count(response):
                break
        return list(items.values())

    async def _get(self, path: str) -> Response:
        """Read from the system, with a new token if the present one is stale."""
        try:
            return await self._request(path, await self.get_token())
        except _TokenRejectedError:
            return await self._request(path, await self.renew_token())

    async def _request(self, path: str, token: Token) -> Response:
        """Send one request to the system."""
        return await request(
            self.session,
            "GET",
            self.uri + path,
            authorization=token.bearer,
            status_errors={401: _TokenRejectedError, 403: PermissionMissingError},
        )


class _TokenRejectedError(CannotConnectError):
    """The system rejects the token."""
