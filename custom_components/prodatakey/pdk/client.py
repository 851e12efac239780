"""Clients for the accounts service and for the REST API of a panel."""

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping
import logging
import time
from urllib.parse import quote, urlsplit

import aiohttp

from .errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from .http import Response, StatusErrors, Token, jwt_lifetime, parse_lifetime, request
from .models import DoorInfo, PanelInfo
from .parser import Json, as_dict, as_list, non_empty_str, parse_door

_LOGGER = logging.getLogger(__name__)

ACCOUNTS_URL = "https://accounts.pdk.io"
# More than any account has; a cycle among organizations must not block the set-up.
MAX_ORGANIZATIONS = 1000
# More than any panel has; a server that ignores `page` must not be asked for ever.
MAX_PAGES = 100
PER_PAGE = 100
# A token is fresh while this part of the time until its renewal is left.
MIN_REMAINING = 0.8

# Error bodies are not documented, so errors are distinguished by their status alone.
TOKEN_ERRORS: StatusErrors = {400: InvalidAuthError, 401: InvalidAuthError}
ACCOUNT_ERRORS: StatusErrors = {401: InvalidAuthError}
PANEL_ERRORS: StatusErrors = {
    401: InvalidAuthError,
    403: PermissionMissingError,
    404: PermissionMissingError,
}


class AccountClient:
    """Client for one account; its ID token is shared by all of its panels."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client_id: str,
        client_secret: str,
        url: str = ACCOUNTS_URL,
    ) -> None:
        """Initialize the client."""
        self._session = session
        credentials = f"{client_id}:{client_secret}".encode()
        self._basic = f"Basic {base64.b64encode(credentials).decode()}"
        self._url = url.rstrip("/")
        self._id_token: Token | None = None
        self._renewal_lock = asyncio.Lock()
        self._failures = 0
        self._failure: PdkError | None = None
        self._blocked_until = 0.0

    async def get_panels(self) -> list[PanelInfo]:
        """Return all panels of the account and of the organizations below it.

        Raises CannotConnectError, InvalidAuthError and RateLimitedError.
        """
        found: dict[str, PanelInfo] = {}
        visited: set[str] = set()
        pending = ["mine"]
        while pending and len(visited) < MAX_ORGANIZATIONS:
            if (organization_id := pending.pop(0)) in visited:
                continue
            visited.add(organization_id)
            path = f"/api/ous/{_quote(organization_id)}"
            response = await self._request("GET", path, ACCOUNT_ERRORS)
            organization = as_dict(response.body)
            for raw in as_list(organization.get("panels")):
                if (panel := self._parse_panel(raw)) is not None:
                    found[panel.id] = panel
            pending += _child_ids(organization)
        return list(found.values())

    async def get_panel(self, panel_id: str) -> PanelInfo:
        """Return one panel.

        Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
        RateLimitedError.
        """
        path = f"/api/panels/{_quote(panel_id)}"
        response = await self._request("GET", path, PANEL_ERRORS)
        if (panel := self._parse_panel(response.body)) is None:
            raise CannotConnectError("the panel's description is incomplete")
        return panel

    async def get_panel_token(self, panel_id: str) -> Token:
        """Return a new token for a panel; it is valid for both REST and stream.

        Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
        RateLimitedError.
        """
        path = f"/api/panels/{_quote(panel_id)}/token"
        response = await self._request("POST", path, PANEL_ERRORS)
        value = _required_str(response.body, "token")
        return Token(
            value=value, received=time.monotonic(), lifetime=jwt_lifetime(value)
        )

    async def _request(
        self, method: str, path: str, status_errors: StatusErrors
    ) -> Response:
        """Send a request with the ID token, and once more if that token was stale."""
        known = self._id_token
        token = await self._get_id_token()
        try:
            return await self._send(method, path, token.bearer, status_errors)
        except InvalidAuthError:
            if token is not known:
                # it is new: the next request gets another one, this one is over
                self._id_token = None
                raise
        token = await self._get_id_token(stale=token)
        try:
            return await self._send(method, path, token.bearer, status_errors)
        except InvalidAuthError:
            self._id_token = None
            raise

    async def _get_id_token(self, stale: Token | None = None) -> Token:
        """Return the shared ID token; the first of several callers renews it for all."""
        failures = self._failures
        async with self._renewal_lock:
            token = self._id_token
            if token is not None and token is not stale:
                if token.seconds_to_renewal > 0:
                    return token
            if self._failure is not None and self._failures > failures:
                # another caller failed while this one waited: one attempt is for all
                raise self._failure
            return await self._renew_id_token()

    async def _renew_id_token(self) -> Token:
        """Replace the shared ID token, or keep the error for the callers that wait."""
        try:
            response = await self._send(
                "POST",
                "/oauth2/token",
                self._basic,
                TOKEN_ERRORS,
                {"grant_type": "client_credentials"},
            )
            self._id_token = Token(
                value=_required_str(response.body, "id_token"),
                received=time.monotonic(),
                lifetime=parse_lifetime(as_dict(response.body).get("expires_in")),
            )
        except PdkError as err:
            self._failures += 1
            self._failure = err
            raise
        return self._id_token

    async def _send(
        self,
        method: str,
        path: str,
        authorization: str,
        status_errors: StatusErrors,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request, unless the service has asked to wait."""
        if (wait := self._blocked_until - time.monotonic()) > 0:
            raise RateLimitedError(wait)
        try:
            return await request(
                self._session,
                method,
                self._url + path,
                authorization=authorization,
                status_errors=status_errors,
                form=form,
            )
        except RateLimitedError as err:
            self._blocked_until = time.monotonic() + err.retry_after
            raise

    def _parse_panel(self, raw: object) -> PanelInfo | None:
        """Return a panel, or None without an id and a trusted address."""
        match raw:
            case {"id": str(panel_id), "uri": str(uri), **rest} if self._trusts(uri):
                return PanelInfo(
                    id=panel_id,
                    name=non_empty_str(rest.get("name")) or panel_id,
                    uri=uri.rstrip("/") + "/",
                )
        return None

    def _trusts(self, uri: str) -> bool:
        """Return whether a panel token may be sent to this address."""
        try:
            address = urlsplit(uri)
        except ValueError:
            return False
        if self._url != ACCOUNTS_URL:
            return address.scheme in ("http", "https")
        host = address.hostname or ""
        return address.scheme == "https" and host.endswith(".pdk.io")


class PanelClient:
    """REST client for one panel; also provides the tokens for its stream."""

    def __init__(
        self, session: aiohttp.ClientSession, account: AccountClient, info: PanelInfo
    ) -> None:
        """Initialize the client."""
        self.session = session
        self.info = info
        self.on_token: Callable[[], None] | None = None
        """Called with each new token: the credentials have permission for the panel."""
        self._account = account
        self._token: Token | None = None

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible.

        Raises what AccountClient.get_panel_token raises.
        """
        token = self._token
        if token is None or token.seconds_to_renewal < MIN_REMAINING * token.lifetime:
            token = await self.renew_token()
        return token

    async def renew_token(self) -> Token:
        """Return a new token.

        Raises what AccountClient.get_panel_token raises.
        """
        self._token = await self._account.get_panel_token(self.info.id)
        if self.on_token is not None:
            self.on_token()
        return self._token

    def discard_token(self) -> None:
        """Do not use the present token again: the panel rejected it."""
        self._token = None

    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the panel.

        Raises CannotConnectError, PermissionMissingError, RateLimitedError and what
        AccountClient.get_panel_token raises.
        """
        doors: dict[object, DoorInfo] = {}
        read = 0
        for page in range(MAX_PAGES):
            response = await self._get_devices(page)
            if not isinstance(response.body, list):
                raise CannotConnectError("the list of devices is not a list")
            read += len(response.body)
            known = len(doors)
            found = [door for raw in response.body if (door := parse_door(raw))]
            if len(found) < len(response.body):
                _LOGGER.debug("Ignored a device without a usable id")
            doors |= {door.id: door for door in found}
            if len(doors) == known or read >= _total_count(response):
                break
        return list(doors.values())

    async def _get_devices(self, page: int) -> Response:
        """Return one page of the devices, with a new token if the present one is stale."""
        try:
            return await self._request_devices(page, await self.get_token())
        except _TokenRejectedError:
            return await self._request_devices(page, await self.renew_token())

    async def _request_devices(self, page: int, token: Token) -> Response:
        """Request one page of the devices."""
        return await request(
            self.session,
            "GET",
            f"{self.info.uri}api/devices?page={page}&per_page={PER_PAGE}",
            authorization=token.bearer,
            status_errors={401: _TokenRejectedError, 403: PermissionMissingError},
        )


class _TokenRejectedError(CannotConnectError):
    """The panel rejects the token."""


def _child_ids(organization: Json) -> Iterator[str]:
    """Yield the ids of the organizations below, except those on PDK 2.0."""
    for child in map(as_dict, as_list(organization.get("children"))):
        if not child.get("systemId") and "id" in child:
            yield str(child["id"])


def _total_count(response: Response) -> float:
    """Return the number of devices, or infinity if it is not reported."""
    try:
        return int(response.headers["X-Total-Count"])
    except KeyError, ValueError:
        return float("inf")


def _required_str(body: object, key: str) -> str:
    """Return a string that the response must contain."""
    if (text := non_empty_str(as_dict(body).get(key))) is None:
        raise CannotConnectError(f"the answer has no {key}")
    return text


def _quote(part: str) -> str:
    """Return one part of a path, with all special characters quoted."""
    return quote(part, safe="")
