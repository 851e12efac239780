"""Clients for the accounts service, and for the REST API of a site."""

from abc import ABC, abstractmethod
import asyncio
import base64
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice
import logging
import re
import time
from typing import ClassVar
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
from .models import DoorId, DoorInfo, Feature, PanelInfo
from .parser import Json, as_dict, non_empty_str, parse_door_id

_LOGGER = logging.getLogger(__name__)

ACCOUNTS_URL = "https://accounts.pdk.io"
# More than any panel has; a server that ignores `page` must not be asked for ever.
MAX_PAGES = 100
PER_PAGE = 100
# More doors than any panel has; the rest of a list is left out.
MAX_ITEMS = 5000
# All answers to one question have at most so many characters.
MAX_TOTAL_SIZE = 8 * 1024 * 1024
# A token is fresh while this part of the time until its renewal is left.
MIN_REMAINING = 0.8

# PDK allows 10 writes and 35 requests a second: these at once, then so many a second.
WRITES_AT_ONCE = 2
WRITES_PER_SECOND = 8
REQUESTS_AT_ONCE = 7
REQUESTS_PER_SECOND = 27
# A shorter wait that the service asks for is waited for, in seconds.
MAX_WAIT = 15.0
# Credentials count as wrong if they are rejected again after this time, in seconds.
CONFIRM_REJECTION_AFTER = 4.0
MAX_UNKNOWN_KEYS = 100
_FIELD_NAME = re.compile(r"([a-z_]\w{0,39}\.)?[a-z_]\w{0,39}", re.ASCII | re.IGNORECASE)
# More fits into no header, and no server takes a longer address.
MAX_TOKEN_LENGTH = 8192
# This many secrets that were in use are remembered, to remove them from texts.
MAX_SECRETS = 10

# Error bodies are not documented, so errors are distinguished by their status alone.
TOKEN_ERRORS: StatusErrors = {400: InvalidAuthError, 401: InvalidAuthError}
PERMISSION_ERRORS: StatusErrors = {
    401: InvalidAuthError,
    403: PermissionMissingError,
    404: PermissionMissingError,
}


class SharedRenewal:
    """Let the first of several callers renew a token for all of them."""

    def __init__(self) -> None:
        """Initialize without an error."""
        self._lock = asyncio.Lock()
        self._failures = 0
        self._failure: PdkError | None = None

    async def run(
        self,
        get_present: Callable[[], Token | None],
        renew: Callable[[], Awaitable[Token]],
        rejected: Token | None = None,
    ) -> Token:
        """Return the present token if it may be used, else a new one.

        Raises what `renew` raises, to all callers that wait.
        """
        failures = self._failures
        async with self._lock:
            token = get_present()
            if token is not None and token is not rejected:
                if token.seconds_to_renewal > 0:
                    return token
            if self._failure is not None and self._failures > failures:
                # another caller failed while this one waited: one attempt is for all
                raise self._failure
            try:
                return await renew()
            except PdkError as err:
                self._failures += 1
                self._failure = err
                raise


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
        self.session = session
        credentials = f"{client_id}:{client_secret}".encode()
        self._basic = f"Basic {base64.b64encode(credentials).decode()}"
        self.url = url.rstrip("/")
        self._client_secret = client_secret
        self._id_tokens = deque[str](maxlen=MAX_SECRETS)
        self._writes = Pacer(WRITES_AT_ONCE, WRITES_PER_SECOND)
        self._requests = Pacer(REQUESTS_AT_ONCE, REQUESTS_PER_SECOND)
        self.command_pacers: dict[str, Pacer] = {}
        """The pace of commands to each system of PDK 2.0, shared by its cloud nodes."""
        self._rejected_since: float | None = None
        self._id_token: Token | None = None
        self._renewal = SharedRenewal()
        self._blocked_until = 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the client secret and the last ID tokens."""
        return (self._client_secret, *self._id_tokens)

    async def get_token(self, path: str) -> Token:
        """Return a new token of a site; it is valid for both REST and stream.

        Raises what `request` raises.
        """
        response = await self.request("POST", path)
        value = _required_text(response.body, "token")
        return Token(
            value=value, received=time.monotonic(), lifetime=jwt_lifetime(value)
        )

    async def request(self, method: str, path: str) -> Response:
        """Send a request with the ID token, and once more if that token was stale.

        Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
        RateLimitedError.
        """
        try:
            response = await self._request(method, path)
        except InvalidAuthError as err:
            err.confirmed = self._is_rejection_confirmed()
            raise
        except PermissionMissingError:
            # the credentials themselves are accepted
            self._rejected_since = None
            raise
        self._rejected_since = None
        return response

    async def _request(self, method: str, path: str) -> Response:
        """Send a request with the ID token, and once more if that token was stale."""
        known = self._id_token
        token = await self._get_id_token()
        while True:
            try:
                return await self._send(method, path, token.bearer, PERMISSION_ERRORS)
            except InvalidAuthError:
                if token is not known:
                    self._id_token = None
                    raise
            token = await self._get_id_token(stale=token)

    async def _get_id_token(self, stale: Token | None = None) -> Token:
        """Return the shared ID token; the first of several callers renews it for all."""
        return await self._renewal.run(
            lambda: self._id_token, self._renew_id_token, stale
        )

    async def _renew_id_token(self) -> Token:
        """Replace the shared ID token."""
        response = await self._send(
            "POST",
            "/oauth2/token",
            self._basic,
            TOKEN_ERRORS,
            {"grant_type": "client_credentials"},
        )
        self._id_token = Token(
            value=_required_text(response.body, "id_token"),
            received=time.monotonic(),
            lifetime=parse_lifetime(as_dict(response.body).get("expires_in")),
        )
        self._id_tokens.append(self._id_token.value)
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
                self.session,
                method,
                self.url + path,
                authorization=authorization,
                status_errors=status_errors,
                form=form,
            )
        except RateLimitedError as err:
            self._blocked_until = time.monotonic() + err.retry_after
            raise

    def _is_rejection_confirmed(self) -> bool:
        """Return whether the credentials were rejected before, and not just now."""
        if self._rejected_since is None:
            self._rejected_since = time.monotonic()
        return time.monotonic() - self._rejected_since >= CONFIRM_REJECTION_AFTER

    def trusts(self, uri: str) -> bool:
        """Return whether a panel token may be sent to this address."""
        try:
            address = urlsplit(uri)
        except ValueError:
            return False
        if self.url != ACCOUNTS_URL:
            return address.scheme in ("http", "https")
        host = address.hostname or ""
        return address.scheme == "https" and host.endswith(".pdk.io")


class RestClient:
    """REST client with a token of its own, which the accounts service issues."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        token_path: str,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        self.session = session
        self.account = account
        self.on_token: Callable[[], None] | None = None
        """Called with each new token: the credentials have permission."""
        self._token_path = token_path
        self._token: Token | None = None
        self._renewal = SharedRenewal()
        self._more_secrets = tuple(secrets)
        self._old_secrets: tuple[str, ...] = ()
        self._tokens = deque[str](maxlen=MAX_SECRETS)

    @property
    def token(self) -> Token | None:
        """Return the present token, None before the first and after a rejection."""
        return self._token

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible.

        Raises what AccountClient.request raises.
        """
        token = self._token
        if token is None or token.seconds_to_renewal < MIN_REMAINING * token.lifetime:
            token = await self.renew_token()
        return token

    async def get_shared_token(self, rejected: Token | None = None) -> Token:
        """Return the present token, or a new one for all callers if it is due.

        A connection needs a fresh one, a single request does not. Raises what
        `get_token` raises.
        """
        if rejected is not None:
            self.discard_token(rejected)
        return await self._renewal.run(lambda: self._token, self.renew_token, rejected)

    async def renew_token(self) -> Token:
        """Return a new token. Raises what `get_token` raises."""
        self._token = await self.account.get_token(self._token_path)
        self._tokens.append(self._token.value)
        if self.on_token is not None:
            self.on_token()
        return self._token

    def set_account(self, account: AccountClient) -> None:
        """Get tokens from another account from now on."""
        if account is not self.account:
            # the server may still name them
            self._old_secrets = tuple(self.account.secrets)
            self.account = account

    def set_secrets(self, secrets: Iterable[str]) -> None:
        """Set what is removed from texts of the network, besides credentials and tokens."""
        self._more_secrets = tuple(secrets)

    def discard_token(self, token: Token | None = None) -> None:
        """Do not use a token again: it was rejected. By default that is the present one."""
        if token is None or token is self._token:
            self._token = None

    def scrub(self, text: str) -> str:
        """Return a text of the network without secrets."""
        secrets = (*self.account.secrets, *self._old_secrets, *self._more_secrets)
        return scrub(text, (*secrets, *self._tokens))

    async def get_list(self, url: str) -> list[Json]:
        """Return a whole list, whether the server divides it into pages or not.

        Items without a usable id, and those after the first MAX_ITEMS, are left out.
        Raises CannotConnectError, PermissionMissingError, RateLimitedError and what
        `get_token` raises.
        """
        items: dict[DoorId, Json] = {}
        read = size = ignored = 0
        for page in range(MAX_PAGES):
            response = await self._get(f"{url}?page={page}&per_page={PER_PAGE}")
            if not isinstance(response.body, list):
                raise CannotConnectError("the list is not a list")
            size = add_size(size, response)
            known = len(items)
            for item in map(as_dict, response.body[: MAX_ITEMS - known]):
                if (item_id := parse_door_id(item.get("id"))) is not None:
                    items[item_id] = item
                else:
                    ignored += 1
            read += len(response.body)
            if len(items) == known or read >= _total_count(response):
                break
        if ignored:
            _LOGGER.debug("Ignored %d items without a usable id", ignored)
        return list(items.values())

    async def accepts(self, url: str, token: Token) -> bool:
        """Return whether the server lets a token read.

        Raises CannotConnectError and RateLimitedError.
        """
        try:
            await self._request(url, token)
        except _TokenRejectedError, PermissionMissingError:
            return False
        return True

    async def _get(self, url: str) -> Response:
        """Read, with a new token if the present one is stale."""
        token = await self.get_shared_token()
        try:
            return await self._request(url, token)
        except _TokenRejectedError:
            return await self._request(url, await self.get_shared_token(rejected=token))

    async def _request(self, url: str, token: Token) -> Response:
        """Send one request."""
        return await request(
            self.session,
            "GET",
            url,
            authorization=token.bearer,
            status_errors={401: _TokenRejectedError, 403: PermissionMissingError},
        )


class SiteClient(RestClient, ABC):
    """REST client for one site; also provides the tokens for its stream."""

    features: ClassVar[frozenset[Feature]]

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: PanelInfo,
        token_path: str,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        super().__init__(session, account, token_path, secrets)
        self.info = info
        self.unknown_keys: set[str] = set()
        """Names of fields that nobody reads yet."""

    def add_unknown_keys(self, keys: Iterable[str]) -> None:
        """Add names of fields; what is no name may be a secret and is left out."""
        if (left := MAX_UNKNOWN_KEYS - len(self.unknown_keys)) > 0:
            new = set(islice(keys, MAX_UNKNOWN_KEYS)) - self.unknown_keys
            names = sorted(filter(_FIELD_NAME.fullmatch, new))
            self.unknown_keys.update(names[:left])

    @abstractmethod
    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the site. Raises what `get_list` raises."""


class _TokenRejectedError(CannotConnectError):
    """The server rejects the token."""


def add_size(size: int, response: Response) -> int:
    """Return the size of several answers. Raises CannotConnectError if it is too large."""
    if (total := size + response.size) > MAX_TOTAL_SIZE:
        raise CannotConnectError("the answers are too large")
    return total


def _total_count(response: Response) -> float:
    """Return the number of devices, or infinity if it is not reported."""
    try:
        return int(response.headers["X-Total-Count"])
    except KeyError, ValueError:
        return float("inf")


def _required_text(body: object, key: str) -> str:
    """Return a string that the response must contain."""
    text = non_empty_str(as_dict(body).get(key))
    if text is None or len(text) > MAX_TOKEN_LENGTH:
        raise CannotConnectError(f"the answer has no {key}")
    return text


def quoted(part: str) -> str:
    """Return one part of a path, with all special characters quoted."""
    return quote(part, safe="")
