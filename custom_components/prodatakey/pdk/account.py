"""Client for the accounts service, and renewals that several callers share."""

import asyncio
import base64
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
import time
from urllib.parse import quote

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
)
from .parser import as_dict, non_empty_str
from .service import PDK_IO, Service

# PDK allows 10 writes and 35 requests a second: these at once, then so many a second.
WRITES_AT_ONCE = 2
WRITES_PER_SECOND = 8
REQUESTS_AT_ONCE = 7
REQUESTS_PER_SECOND = 27
# If pdk.io asks to wait longer than this, in seconds, a request fails instead.
MAX_WAIT = 15.0
# Credentials count as wrong if they are rejected again after this time, in seconds.
CONFIRM_REJECTION_AFTER = 4.0
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

        Raises PdkError to all callers that wait.
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
        service: Service = PDK_IO,
    ) -> None:
        """Initialize the client."""
        self.session = session
        credentials = f"{client_id}:{client_secret}".encode()
        self._basic = f"Basic {base64.b64encode(credentials).decode()}"
        self.service = service
        self._client_secret = client_secret
        self._id_tokens = deque[str](maxlen=MAX_SECRETS)
        self._writes = Pacer(WRITES_AT_ONCE, WRITES_PER_SECOND)
        self._requests = Pacer(REQUESTS_AT_ONCE, REQUESTS_PER_SECOND)
        self._shared: dict[tuple[type, str], object] = {}
        self._rejected_since: float | None = None
        self._id_token: Token | None = None
        self._renewal = SharedRenewal()
        self._blocked_until = 0.0

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return the client secret and the last ID tokens."""
        return (self._client_secret, *self._id_tokens)

    def share[T](self, kind: type[T], key: str, make: Callable[[], T]) -> T:
        """Return what everything that uses this account has in common, made once."""
        shared = self._shared.get((kind, key))
        if not isinstance(shared, kind):
            shared = self._shared[kind, key] = make()
        return shared

    def take_over(self, other: AccountClient, key: str) -> None:
        """Share what another account has shared so far."""
        for kind, each in tuple(other._shared):
            if each == key:
                self._shared[kind, each] = other._shared.pop((kind, each))

    async def get_token(self, path: str) -> Token:
        """Return a new token of a site; it is valid for both REST and stream.

        Raises PdkError.
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
                self.service.accounts_url + path,
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


def _required_text(body: object, key: str) -> str:
    """Return a string that the response must contain."""
    text = non_empty_str(as_dict(body).get(key))
    if text is None or len(text) > MAX_TOKEN_LENGTH:
        raise CannotConnectError(f"the answer has no {key}")
    return text


def quoted(part: str) -> str:
    """Return one part of a path, with all special characters quoted."""
    return quote(part, safe="")
