"""Clients for the accounts service and for the REST API of a panel."""

import asyncio
import base64
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
import logging
import time
from typing import Protocol
from urllib.parse import quote, urlsplit

import aiohttp

from .errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from .http import (
    Pacer,
    Response,
    StatusErrors,
    Token,
    jwt_lifetime,
    parse_lifetime,
    request,
    scrub,
)
from .models import DoorInfo, PanelInfo
from .parser import (
    DEVICE_KEYS,
    Json,
    as_dict,
    as_list,
    as_name,
    non_empty_str,
    parse_door,
)

_LOGGER = logging.getLogger(__name__)

ACCOUNTS_URL = "https://accounts.pdk.io"
# More than any account has; a cycle among organizations must not block the set-up.
MAX_ORGANIZATIONS = 1000
# More than any panel has; a server that ignores `page` must not be asked for ever.
MAX_PAGES = 100
PER_PAGE = 100
# A token is fresh while this part of the time until its renewal is left.
MIN_REMAINING = 0.8

# PDK allows 10 writes and 35 requests a second: in any second at most these at once,
# and as many more one after another.
WRITES_PER_SECOND = 5
REQUESTS_PER_SECOND = 17
# A shorter wait that the service asks for is waited for, in seconds.
MAX_WAIT = 15.0
# Credentials count as wrong if they are rejected again after this time, in seconds.
CONFIRM_REJECTION_AFTER = 4.0
# This many secrets that were in use are remembered, to remove them from texts.
MAX_SECRETS = 10

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
        self.url = url.rstrip("/")
        self.secrets = deque((client_secret,), maxlen=MAX_SECRETS)
        """The client secret and the last ID tokens."""
        self._writes = Pacer(WRITES_PER_SECOND)
        self._requests = Pacer(REQUESTS_PER_SECOND)
        self._rejected_since: float | None = None
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
            path = f"/api/ous/{quoted(organization_id)}"
            response = await self.request("GET", path, ACCOUNT_ERRORS)
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
        path = f"/api/panels/{quoted(panel_id)}"
        response = await self.request("GET", path, PANEL_ERRORS)
        if (panel := self._parse_panel(response.body)) is None:
            raise CannotConnectError("the panel's description is incomplete")
        return panel

    async def get_panel_token(self, panel_id: str) -> Token:
        """Return a new token for a panel; it is valid for both REST and stream.

        Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
        RateLimitedError.
        """
        path = f"/api/panels/{quoted(panel_id)}/token"
        response = await self.request("POST", path, PANEL_ERRORS)
        value = required_str(response.body, "token")
        return Token(
            value=value, received=time.monotonic(), lifetime=jwt_lifetime(value)
        )

    async def request(
        self, method: str, path: str, status_errors: StatusErrors
    ) -> Response:
        """Send a request with the ID token, and once more if that token was stale."""
        known = self._id_token
        token = await self._get_id_token()
        while True:
            try:
                response = await self._send(method, path, token.bearer, status_errors)
            except InvalidAuthError:
                if token is not known:
                    self._id_token = None
                    raise
            else:
                self._rejected_since = None
                return response
            token = await self._get_id_token(stale=token)

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
                value=required_str(response.body, "id_token"),
                received=time.monotonic(),
                lifetime=parse_lifetime(as_dict(response.body).get("expires_in")),
            )
        except PdkError as err:
            self._failures += 1
            self._failure = err
            raise
        self.secrets.append(self._id_token.value)
        return self._id_token

    async def _send(
        self,
        method: str,
        path: str,
        authorization: str,
        status_errors: StatusErrors,
        form: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request at the pace that the service allows."""
        if method != "GET":
            await self._writes.wait()
        await self._requests.wait()
        if (wait := self._blocked_until - time.monotonic()) > MAX_WAIT:
            raise RateLimitedError(wait)
        await asyncio.sleep(max(wait, 0))
        try:
            return await request(
                self._session,
                method,
                self.url + path,
                authorization=authorization,
                status_errors=status_errors,
                form=form,
            )
        except RateLimitedError as err:
            self._blocked_until = time.monotonic() + err.retry_after
            raise
        except InvalidAuthError as err:
            err.confirmed = self._is_rejection_confirmed()
            raise

    def _is_rejection_confirmed(self) -> bool:
        """Return whether the credentials were rejected before, and not just now."""
        if self._rejected_since is None:
            self._rejected_since = time.monotonic()
        return time.monotonic() - self._rejected_since >= CONFIRM_REJECTION_AFTER

    def _parse_panel(self, raw: object) -> PanelInfo | None:
        """Return a panel, or None without an id and a trusted address."""
        match raw:
            case {"id": str(panel_id), "uri": str(uri), **rest} if self._trusts(uri):
                return PanelInfo(
                    id=panel_id,
                    name=as_name(rest.get("name")) or panel_id,
                    uri=uri.rstrip("/") + "/",
                )
        return None

    def _trusts(self, uri: str) -> bool:
        """Return whether a panel token may be sent to this address."""
        try:
            address = urlsplit(uri)
        except ValueError:
            return False
        if self.url != ACCOUNTS_URL:
            return address.scheme in ("http", "https")
        host = address.hostname or ""
        return address.scheme == "https" and host.endswith(".pdk.io")


class SiteClient(Protocol):
    """What a stream needs of the REST client of its site, in both generations of PDK."""

    session: aiohttp.ClientSession
    info: PanelInfo
    unknown_keys: set[str]
    on_token: Callable[[], None] | None

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible."""

    async def renew_token(self) -> Token:
        """Return a new token."""

    def discard_token(self) -> None:
        """Do not use the present token again."""

    async def update_info(self) -> None:
        """Update the site's name and address."""

    def scrub(self, text: str) -> str:
        """Return a text of the network without secrets."""

    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the site."""


class PanelClient:
    """REST client for one panel; also provides the tokens for its stream."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: PanelInfo,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        self.session = session
        self.info = info
        self.unknown_keys: set[str] = set()
        """Names of fields of the devices that nobody reads yet."""
        self.on_token: Callable[[], None] | None = None
        """Called with each new token: the credentials have permission for the panel."""
        self._account = account
        self._token: Token | None = None
        self._more_secrets = tuple(secrets)
        self._tokens = deque[str](maxlen=MAX_SECRETS)

    @property
    def token(self) -> Token | None:
        """Return the present token, None before the first and after a rejection."""
        return self._token

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
        self._tokens.append(self._token.value)
        if self.on_token is not None:
            self.on_token()
        return self._token

    async def update_info(self) -> None:
        """Update the panel's name and address from the accounts service.

        Raises what AccountClient.get_panel raises.
        """
        self.info = await self._account.get_panel(self.info.id)

    def scrub(self, text: str) -> str:
        """Return a text of the network without secrets."""
        return scrub(text, (*self._account.secrets, *self._tokens, *self._more_secrets))

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
            for raw in map(as_dict, response.body):
                self.unknown_keys |= raw.keys() - DEVICE_KEYS
            if len(found) < len(response.body):
                _LOGGER.debug("Ignored a device without a usable id")
            doors |= {door.id: door for door in found}
            if len(doors) == known or read >= total_count(response):
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


def total_count(response: Response) -> float:
    """Return the number of devices, or infinity if it is not reported."""
    try:
        return int(response.headers["X-Total-Count"])
    except KeyError, ValueError:
        return float("inf")


def required_str(body: object, key: str) -> str:
    """Return a string that the response must contain."""
    if (text := non_empty_str(as_dict(body).get(key))) is None:
        raise CannotConnectError(f"the answer has no {key}")
    return text


def quoted(part: str) -> str:
    """Return one part of a path, with all special characters quoted."""
    return quote(part, safe="")
